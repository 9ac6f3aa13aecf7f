"""Code that comes and goes: interrupts in the midst of it, too little memory, who notices."""

import gc
import os
import sys
import unittest

from allthingstalk import BaseClient, Client, Device, NumberAsset, exceptions, net
from allthingstalk.overlay import Overlay
from contract import Board, ContractTest
from own_client import OwnClient, raised


class Full:
    """Stands for a module for which there is no memory."""

    def __init__(self):
        object()

    def __getattr__(self, name):
        raise MemoryError("full")


class OverlayTest(ContractTest):
    def setUp(self):
        super().setUp()
        self.refused = {}

    def tearDown(self):
        self.refuse()

    def refuse(self, *modules):
        """Have the use of modules end in MemoryError, until the next call."""
        for name in self.refused:
            if self.refused[name]:
                sys.modules[name] = self.refused[name]
            else:
                del sys.modules[name]
        self.refused = {}
        for module in modules:
            name = "allthingstalk." + module
            self.refused[name] = sys.modules.get(name)
            sys.modules[name] = Full()


class TestInterrupts(OverlayTest):
    def test_a_timer_polls_while_connect_makes_numbers(self):
        board = Board(client=self.client, id="D", connect=False)

        def assign(client):
            board.temp = 1.5

        self.client.on_connect = assign
        own, polled = self.client.number, []

        def number(*args):
            if not polled:
                polled.append(self.client.poll())
            return own(*args)

        self.client.number = number
        self.assertTrue(board.connect())
        self.run_for(1)
        self.assertEqual((self.values(), self.reports), ([1.5], []))
        self.assertEqual(len(polled), 1)

    def test_an_assignment_while_the_outbox_is_made(self):
        from allthingstalk import outbox

        own, client, came = outbox.Outbox, self.client, []

        class Interrupted(own):
            def __init__(self):
                if not came:
                    came.append(1)
                    client.publish_asset_state("D", "temp", 7)
                super().__init__()

        outbox.Outbox = Interrupted
        try:
            client.publish_asset_state("D", "led", True)
        finally:
            outbox.Outbox = own
        self.run_for(5)
        self.assertEqual((self.values("temp"), self.values("led")), ([7], [True]))
        self.assertEqual((client.pending, client.dropped, client.errors), (0, 0, 0))


class TestTooLittleMemory(OverlayTest):
    def comes_back(self, *modules):
        self.refuse(*modules)
        board = Board(client=self.client, id="D", connect=False)
        self.assertFalse(board.connect())
        self.assertEqual(self.client.status, "offline")
        self.assertTrue("too little memory" in self.client.last_error, self.client.last_error)
        self.refuse()
        self.run_for(10)
        board.temp = 3
        self.run_for(1)
        self.assertEqual((self.client.connected, self.client.pending), (True, 0))

    def test_for_the_session_at_connect(self):
        self.comes_back("core.session")
        self.assertEqual(self.values("temp"), [3])

    def test_for_the_outbox_at_connect(self):
        self.comes_back("outbox")
        self.assertEqual(self.values("temp"), [3])

    def test_for_the_way_through_a_loss(self):
        board, reasons = Board(client=self.client, id="D"), []
        self.client.on_disconnect = lambda client, reason: reasons.append(reason)
        self.run_for(1)
        self.net.broker.acknowledges = False
        board.temp = 3
        lost = self.net.socket
        lost.ended = True
        self.refuse("connect.recover")
        self.client.poll()
        self.refuse()
        self.assertTrue(lost.closed)
        self.assertTrue(len(reasons) == 1 and "too little memory" in reasons[0], reasons)
        self.assertEqual((self.client.status, self.client.pending), ("offline", 1))
        self.net.broker.acknowledges = True
        self.run_for(6)
        self.assertEqual((self.client.connected, self.client.pending), (True, 0))
        self.assertEqual((self.values("temp")[-1], len(reasons)), (3, 1))  # over one new link

    def test_for_the_session_without_mqtt(self):
        self.client = self.make(mqtt=False)
        self.comes_back("core.session")
        self.assertEqual(self.rest.states, [("D", "temp", 3)])

    def test_for_the_session_and_what_handles_a_failure(self):
        self.comes_back("core.session", "connect.recover")

    def test_for_a_report_is_told_all_the_same(self):
        self.board()
        self.refuse("connect.calls", "connect.recover")
        self.drop()
        self.run_for(1)
        self.assertTrue("too little memory" in self.reports[0], self.reports)

    def test_for_a_report_to_a_log_that_is_full_as_well(self):
        def log(text):
            raise OSError(28)

        self.board()
        self.client.log = log
        self.refuse("connect.calls", "connect.recover")
        self.drop()
        self.run_for(1)
        self.assertTrue("too little memory" in self.client.last_error, self.client.last_error)

    def test_to_look_at_the_assets_again_is_no_reason_to_stay_off_line(self):
        self.board().temp = 1
        self.run_for(1)
        self.refuse("rest.assets")
        self.drop()
        self.run_for(5)
        self.assertEqual((self.client.connected, self.client.errors), (True, 2))
        self.assertTrue("too little memory" in self.reports[1], self.reports)
        self.client.publish_asset_state("D", "temp", 2)
        self.run_for(1)
        self.assertEqual(self.values("temp"), [1, 2])

    def test_to_look_at_the_assets_for_the_first_time_is_one(self):
        board = Board(client=self.client, id="D", connect=False)
        self.refuse("rest.assets")
        self.assertFalse(board.connect())
        self.run_for(5)
        self.assertFalse(self.client.connected)

    def test_to_look_at_a_second_device_for_the_first_time_is_one_too(self):
        self.board().temp = 1
        self.client.poll()
        self.refuse("rest.assets")

        class Meter(Device):
            level = NumberAsset()

        meter = Meter(client=self.client, id="E", connect=False)
        self.assertFalse(meter.connect())
        self.run_for(5)
        self.refuse()
        self.run_for(30)
        meter.level = 5
        self.run_for(1)
        self.assertTrue("level" in self.rest.assets, self.rest.log)
        self.assertEqual(self.values(), [1, 5])

    def test_a_device_that_is_left_out_stays_so(self):
        self.board()
        other = self.board("E")
        other.command.led(lambda device, value, at: None)
        self.run_for(6)
        self.rest.statuses = {"/device/E": 404}
        self.client.publish_asset_state("D", "temp", 1)
        self.drop()
        self.run_for(10)
        self.net.broker.log.clear()

        own = self.client.session.receive

        def receive():
            self.client.session.receive = own
            raise MemoryError("full")

        self.client.session.receive = receive
        self.client.poll()
        self.run_for(20)
        self.assertTrue(self.client.connected)
        subscribed = [p for p in self.net.broker.log if p[0] == 0x82]
        self.assertFalse([p for p in subscribed if b"/E/" in p], subscribed)

    def test_what_failed_to_load_does_not_pile_up(self):
        """MicroPython takes it out of sys.modules, but its place there goes on holding it."""
        path = "half_loaded.py"
        with open(path, "w") as f:
            f.write("big = bytearray(100000)\nraise MemoryError\n")
        own_path = list(sys.path)
        sys.path.insert(0, "")
        try:
            before = self.in_use()
            for _ in range(5):
                self.assertRaises(MemoryError, __import__, "half_loaded")
            self.assertFalse("half_loaded" in sys.modules)
            self.assertTrue(self.in_use() - before < 150000)
        finally:
            sys.path[:] = own_path
            os.remove(path)

    @staticmethod
    def in_use():
        gc.collect()
        return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0

    def test_a_program_that_is_stopped_in_connect_has_no_started_device(self):
        def stop(line):
            raise KeyboardInterrupt

        board = Board(client=self.client, id="D", connect=False)
        self.rest.on_request = stop
        try:  # MicroPython's assertRaises takes no KeyboardInterrupt
            board.connect()
            self.fail("it was not stopped")
        except KeyboardInterrupt:
            pass
        self.assertFalse(board.__started__)

    def test_at_exit_is_no_crash_and_calls_who_had_the_hook_before(self):
        self.board()
        before = []
        self.client.before_exit = lambda: before.append(1)
        self.refuse("calls")
        self.client.at_exit()
        self.assertEqual((before, self.client.errors), ([1], 1))


class TestWhatIsUnloaded(OverlayTest):
    def loaded(self):
        """Return the modules of the library that are loaded and come and go."""
        found = []
        for name in sys.modules:
            parts = name.split(".")
            if len(parts) > 1 and parts[0] == "allthingstalk" and sys.modules[name]:
                if parts[1] in ("calls", "connect", "declare", "rest", "topics"):
                    found.append(name)
        return found

    def test_what_ctrl_c_left_of_a_folder_works(self):
        Overlay("connect")
        from allthingstalk.connect.mqtt_connect import dial

        for name in ("connect", "connect.dial"):
            sys.modules.pop("allthingstalk." + name)
        left = self.loaded()
        # That nobody listens is found out by a socket.
        e = raised(OSError, next, dial(net, "mqtt://127.0.0.1:1", 5, None, lambda: None))
        self.assertEqual(e.args[0], 111)
        with Overlay("connect"):
            from allthingstalk.connect import tls

            del tls
        self.assertEqual(self.loaded(), left)
        for name in left:
            sys.modules.pop(name)

    def test_everything_after_connect_and_after_a_reconnect(self):
        device = self.board()
        self.assertEqual(self.loaded(), [])
        device.temp = 1
        self.run_for(1)
        self.drop()
        self.run_for(5)
        self.assertEqual((self.client.status, self.loaded()), ("online", []))

    def test_everything_after_a_refusal(self):
        self.rest.status = 403
        board = Board(client=self.client, id="D", connect=False)
        self.assertRaises(exceptions.AccessForbiddenException, board.connect)
        self.assertEqual(self.loaded(), [])

    def test_everything_after_a_call(self):
        board = self.board()
        self.rest.answers["/asset/temp/state"] = b'{"state":{"value":3}}'
        self.assertEqual(board.temp.value, 3)
        self.client.get_assets("D")
        self.client.flush(1)
        self.client.close()
        self.assertEqual(self.loaded(), [])

    def test_not_what_was_there_before(self):
        with Overlay("rest"):
            import allthingstalk.rest.http  # noqa: F401

            with Overlay("rest"):
                import allthingstalk.rest.digest  # noqa: F401
            self.assertTrue("allthingstalk.rest.http" in sys.modules)
        self.assertEqual(self.loaded(), [])

    def test_the_class_of_an_exception_that_goes_to_the_program_stays(self):
        self.rest.status = 403
        try:
            self.board()
        except Exception as e:
            from allthingstalk import AccessForbiddenException

            self.assertTrue(isinstance(e, AccessForbiddenException))
        else:
            self.fail("connected")

    def test_nothing_that_an_interrupt_finds_as_none(self):
        Board(client=self.client, id="D", connect=False)
        self.assertFalse(None in list(sys.modules.values()))

    def test_no_message_that_waits_for_its_handler(self):
        heard = []
        board = self.board()
        board.command.led(lambda device, value, at: heard.append(value))
        self.run_for(1)
        board.temp = 1
        self.client.in_handler = True  # as in the midst of one: the next message waits
        self.arrive("led", b'{"value":true}')
        self.client.poll()
        self.drop()
        self.client.poll()
        self.client.in_handler = False
        self.run_for(5)
        self.assertEqual((heard, self.client.connected), ([True], True))


class Loops(OwnClient):
    """A client of a program's own with an attribute that ours has as well."""

    def __init__(self):
        super().__init__()
        self._loop = object()


class Gone(exceptions.PlatformUnavailableException):
    """A passing failure of a program's own."""


class Away(BaseClient):
    def get_assets(self, device_id):
        raise Gone("away")


class Flushes(Client):
    flushed = 0

    def flush(self, timeout=10):
        self.flushed += 1
        return super().flush(timeout)


class TestWhoNotices(OverlayTest):
    def test_not_a_client_of_ones_own_that_has_a_loop(self):
        client = Loops()
        board = Board(client=client, id="D")
        board.update(temp=1, led=True)
        self.assertEqual(sorted(name for _, name, _ in client.published), ["led", "temp"])

    def test_not_a_failure_of_ones_own_that_passes(self):
        board = Board(client=Away(), id="D", connect=False)
        self.assertFalse(board.connect())
        self.assertTrue(board.__started__)

    def test_not_a_device_that_is_given_another_client(self):
        board = self.board()
        self.rest.answers["/asset/temp/state"] = b'{"state":{"value":3}}'
        board.client = self.make()
        self.assertEqual(board.temp.value, 3)
        board.client = other = self.make()
        board.update(temp=1, led=True)
        self.assertTrue(other.flush(5))

    def test_not_a_client_that_flushes_in_its_own_way(self):
        cls = type("VirtualFlushes", (Flushes,), {"net": self.net})
        client = cls("maker:secret", api="http://h", log=self.reports.append)

        class Meter(Device):
            level = NumberAsset()

        meter = Meter(client=client, id="D")
        meter.level = 1
        client.close()
        self.assertEqual(client.flushed, 1)


if __name__ == "__main__":
    unittest.main()
