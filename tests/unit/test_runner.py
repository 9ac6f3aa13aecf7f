"""`board.run`: what it does when a program returns, raises or is refused; and safe mode."""

import asyncio
import sys
import unittest

from allthingstalk import board, exceptions
from allthingstalk.board import clock, rp2_limits, runner, safe_mode, setup_portal
from board_clock import BoardClock
from fake_net import FakeNet


class Reset(BaseException):
    """The board was reset."""


class Machine:
    WDT_RESET = 3
    cause = 1

    @classmethod
    def reset_cause(cls):
        return cls.cause

    @staticmethod
    def reset():
        raise Reset


class Time:
    slept = []

    @classmethod
    def sleep(cls, seconds):
        cls.slept.append(seconds)


class Client:
    """What the runner needs of a Client."""

    token = "maker:s3cret"
    log = None
    http, mqtt = "http://h:80", "mqtt://h:1883"
    connected = False
    status = "offline"
    link_up = None

    def __init__(self):
        self.calls = []
        self.devices = {}
        self.net = FakeNet()
        self.now_s = 0

    def tick(self):
        self.second = self.now_s

    def start(self, watchdog):
        self.calls.append(("start", watchdog))

    def close(self):
        self.calls.append("close")

    def report(self, text):
        self.calls.append(text)


class Settings:
    time_servers = None

    def __init__(self):
        self.made = Client()

    def wifi(self):
        return None

    def client(self, **options):
        self.options = options
        return self.made


class BoardTest(unittest.TestCase, BoardClock):
    def setUp(self):
        self.kept = sys.modules.get("machine"), runner.load, runner.time, safe_mode.PATH
        sys.modules["machine"] = Machine
        Machine.cause = 1
        self.settings = Settings()
        self.client = self.settings.made
        self.loaded = []
        runner.load = self.load
        runner.time = Time
        Time.slept = []
        safe_mode.PATH = "crashes_of_test_runner"
        safe_mode.forget()
        self.net = self.client.net
        self.start_clock()
        sys.modules["machine"] = Machine

    def tearDown(self):
        self.stop_clock()
        safe_mode.forget()
        machine, runner.load, runner.time, safe_mode.PATH = self.kept
        del sys.modules["machine"]
        if machine:
            sys.modules["machine"] = machine

    def load(self, path):
        self.loaded.append(path)
        return self.settings

    def reset(self, program, **options):
        """Run a program; return whether it ended in a reset of the board."""
        try:  # MicroPython's assertRaises takes no BaseException
            board.run(program, **options)
        except Reset:
            return True
        return False


class TestRun(BoardTest):
    def test_what_the_program_returns_comes_back(self):
        given = []

        def program(*args):
            given.append(args)
            return "done"

        self.assertEqual(board.run(program, watchdog=5), "done")
        self.assertEqual(given, [(self.client, self.settings)])
        self.assertEqual(self.client.calls, [("start", 5)])
        self.assertEqual(self.loaded, ["settings.json"])

    def test_a_program_that_is_async_def_is_run_in_a_loop(self):
        async def program(client, settings):
            await asyncio.sleep(0)
            return "done"

        self.assertEqual(board.run(program), "done")

    def test_its_tasks_end_with_it_and_what_it_raises_counts(self):
        ran = []

        async def task():
            while True:
                ran.append(1)
                await asyncio.sleep(0)

        async def program(client, settings):
            other = asyncio.create_task(task())
            await asyncio.sleep(0)
            if len(ran) < 5:
                del ran[:]
                ran.extend([1] * 5)
                raise exceptions.AccessForbiddenException("refused")
            del ran[:]
            other.cancel()
            raise KeyError("oops")

        self.assertTrue(self.reset(program))
        self.assertEqual((Time.slept[0], safe_mode.crashes()), (60, 1))
        self.assertEqual(ran, [])

    def test_the_clock_is_looked_after_with_tls_or_where_time_servers_are_named(self):
        for http, mqtt, servers, kept, needed in (
            ("http://h:80", "mqtt://h:1883", None, False, None),
            ("http://h:80", None, None, False, None),
            ("http://h:80", "mqtt://h:1883", ["a"], True, False),
            ("https://h:443", "mqtt://h:1883", None, True, True),
            ("http://h:80", "mqtts://h:8883", ["a"], True, True),
        ):
            self.client.http, self.client.mqtt, self.client.link_up = http, mqtt, None
            self.settings.time_servers = servers
            board.run(lambda client, settings: None)
            keeper = self.client.link_up
            self.assertEqual(keeper is not None, kept)
            if kept:
                self.asked = []
                self.assertEqual(keeper(), not needed)  # there is no time server
                names = [server for server, _ in self.asked]
                self.assertEqual(names[0], servers[0] if servers else clock.SERVERS[0])

    def test_keywords_for_the_client(self):
        board.run(lambda client, settings: None, payload="cbor", qos=0)
        self.assertEqual(self.settings.options, {"payload": "cbor", "qos": 0})

    def test_a_crash_is_told_where_the_client_logs(self):
        said = []
        self.client.log = said.append

        def program(client, settings):
            raise KeyError("oops")

        self.assertTrue(self.reset(program))
        self.assertIn("KeyError", said[0])

    def test_another_file_of_settings(self):
        board.run(lambda client, settings: None, path="/other.json")
        self.assertEqual(self.loaded, ["/other.json"])

    def test_refusals_are_waited_out_ever_longer_with_new_devices(self):
        refusals = [exceptions.AccessForbiddenException("refused") for _ in range(6)]

        def program(client, settings):
            self.assertEqual(client.devices, {})
            client.devices["window"] = None
            if refusals:
                raise refusals.pop()
            return "at last"

        self.assertEqual(board.run(program), "at last")
        self.assertEqual(Time.slept, [60, 120, 240, 480, 900, 900])
        self.assertEqual(self.client.calls, ["close"] * 6)
        self.assertEqual(safe_mode.crashes(), 0)

    def test_any_other_exception_is_counted_and_resets_the_board(self):
        for e in (KeyError("oops"), exceptions.PlatformUnavailableException("away")):

            def program(client, settings, e=e):
                raise e

            self.assertTrue(self.reset(program))
        self.assertEqual(safe_mode.crashes(), 2)
        self.assertEqual(self.client.calls, ["close", "close"])

    def test_a_crash_after_more_than_a_minute_begins_the_count_again(self):
        safe_mode.count(0)

        def program(client, settings):
            client.now_s += 61
            raise KeyError("oops")

        self.assertTrue(self.reset(program))
        self.assertEqual(safe_mode.crashes(), 1)

    def test_a_program_for_whose_traceback_there_is_no_memory_is_reset_too(self):
        def close():
            raise MemoryError

        self.client.close = close

        def program(client, settings):
            raise KeyError("oops")

        self.assertTrue(self.reset(program))


class Held:
    BUTTON = lambda: True  # noqa: E731


class TestSetUp(BoardTest):
    """When the portal opens; what it does is tested on the virtual board."""

    def setUp(self):
        BoardTest.setUp(self)
        self.real, setup_portal.open_portal = setup_portal.open_portal, self.open
        self.opened = []
        self.failure = None

    def tearDown(self):
        setup_portal.open_portal = self.real
        BoardTest.tearDown(self)

    def open(self, path):
        self.opened.append(path)
        if self.failure:
            raise self.failure

    def test_with_the_button_held_and_then_the_board_starts_anew(self):
        self.assertTrue(self.reset(None, pins=Held, setup_portal=True, path="x.json"))
        self.assertEqual((self.opened, self.loaded), (["x.json"], []))

    def test_without_an_access_point_there_is_safe_mode(self):
        stayed = []
        real, safe_mode.stay = safe_mode.stay, lambda reason, step: stayed.append(reason)
        try:
            self.failure = OSError("none here")
            board.run(lambda client, settings: None, Held, setup_portal=True)
        finally:
            safe_mode.stay = real
        self.assertEqual((len(self.opened), stayed), (1, [safe_mode.HELD]))

    def test_not_unless_it_is_asked_for(self):
        stayed = []
        real, safe_mode.stay = safe_mode.stay, lambda reason, step: stayed.append(reason)
        try:
            board.run(lambda client, settings: None, Held)
        finally:
            safe_mode.stay = real
        board.run(lambda client, settings: None, setup_portal=True)
        self.assertEqual((self.opened, stayed), ([], [safe_mode.HELD]))


class TestSafeMode(BoardTest):
    def test_three_crashes_or_a_held_button(self):
        self.assertIsNone(safe_mode.why())
        self.assertTrue("button" in safe_mode.why(lambda: True))
        for _ in range(3):
            self.assertFalse(safe_mode.why())
            safe_mode.count(1)
        self.assertTrue("3 times" in safe_mode.why())

    def test_a_reset_by_the_watchdog_counts_where_it_can_be_told_from_others(self):
        Machine.cause = Machine.WDT_RESET
        kept = rp2_limits.WATCHDOG_RESET_IS_KNOWN
        try:
            rp2_limits.WATCHDOG_RESET_IS_KNOWN = False
            safe_mode.why()
            self.assertEqual(safe_mode.crashes(), 0)
            rp2_limits.WATCHDOG_RESET_IS_KNOWN = True
            safe_mode.why()
            self.assertEqual(safe_mode.crashes(), 1)
        finally:
            rp2_limits.WATCHDOG_RESET_IS_KNOWN = kept


if __name__ == "__main__":
    unittest.main()
