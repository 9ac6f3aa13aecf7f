"""What is loaded late: interrupts in the midst of it, too little memory for it, and who notices."""

import builtins
import gc
import os
import sys
import unittest

from allthingstalk import BaseClient, Client, Device, NumberAsset, exceptions, loading
from contract import Board, ContractTest
from own_client import OwnClient

# MicroPython 1.25 does not look at `__all__`: the kinds loaded late have to be named there.
HAS_ALL = sys.implementation.name == "cpython" or sys.implementation.version >= (1, 26)


class LoadingTest(ContractTest):
    def setUp(self):
        super().setUp()
        # As after a reset.
        loading.unload(" .loop .publishing .outbox .reports .recovery .failures ")
        self.own_import = builtins.__import__
        self.full = ()  # modules for which there is no memory

    def tearDown(self):
        builtins.__import__ = self.own_import

    def refuse(self, *modules):
        """Have the import of modules end in MemoryError, as long as they are not loaded."""
        self.full = modules
        own_import = self.own_import

        def guarded(name, context=None, local=None, names=(), level=0):
            wanted = [name.split(".")[-1]] if name else names or ()
            for module in wanted:
                if module in self.full and "allthingstalk." + module not in sys.modules:
                    raise MemoryError("full")
            if level:  # MicroPython 1.25 would take it as relative to this file
                name = "allthingstalk." + name if name else "allthingstalk"
                for module in wanted if name == "allthingstalk" else ():
                    if module != "__version__":
                        own_import("allthingstalk." + module, None, None, ("*",))
            return own_import(name, None, None, names, 0)

        builtins.__import__ = guarded


class TestInterrupts(LoadingTest):
    def test_a_timer_polls_while_connect_makes_numbers(self):
        from allthingstalk import publishing

        board = Board(client=self.client, id="D", connect=False)

        def assign(client):
            board.temp = 1.5

        self.client.on_connect = assign
        own, polled = publishing.number, []

        def number(*args):
            if not polled:
                polled.append(self.client.poll())
            return own(*args)

        publishing.number = number
        try:
            self.assertTrue(board.connect())
        finally:
            publishing.number = own
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


class TestTooLittleMemory(LoadingTest):
    def comes_back(self, *modules):
        self.refuse(*modules)
        board = Board(client=self.client, id="D", connect=False)
        self.assertFalse(board.connect())
        self.assertEqual(self.client.status, "offline")
        self.assertTrue("too little memory" in self.client.last_error, self.client.last_error)
        self.full = ()
        self.run_for(10)
        board.temp = 3
        self.run_for(1)
        self.assertEqual((self.client.connected, self.client.pending), (True, 0))

    def test_for_the_loop_at_connect(self):
        self.comes_back("loop")
        self.assertEqual(self.values("temp"), [3])

    def test_for_what_publishes_at_connect(self):
        self.comes_back("publishing")
        self.assertEqual(self.values("temp"), [3])

    def test_for_the_loop_without_mqtt(self):
        self.client = self.make(mqtt=False)
        self.comes_back("loop")
        self.assertEqual(self.rest.states, [("D", "temp", 3)])

    def test_for_a_poll_before_any_connect(self):
        self.refuse("loop")
        self.assertFalse(self.client.poll())
        self.assertTrue("too little memory" in self.client.last_error)

    def test_for_a_report_is_told_all_the_same(self):
        self.board()
        self.refuse("reports", "recovery")
        self.drop()
        self.run_for(1)
        self.assertTrue("too little memory" in self.reports[0], self.reports)

    def test_for_a_report_to_a_log_that_is_full_as_well(self):
        def log(text):
            raise OSError(28)

        self.board()
        self.client._log = log
        self.refuse("reports", "recovery")
        self.drop()
        self.run_for(1)
        self.assertTrue("too little memory" in self.client.last_error, self.client.last_error)

    def test_to_look_at_the_assets_again_is_no_reason_to_stay_off_line(self):
        self.board().temp = 1
        self.run_for(1)
        self.refuse("definition")
        self.drop()
        self.run_for(5)
        self.assertEqual((self.client.connected, self.client.errors), (True, 2))
        self.assertTrue("too little memory" in self.reports[1], self.reports)
        self.client.publish_asset_state("D", "temp", 2)
        self.run_for(1)
        self.assertEqual(self.values("temp"), [1, 2])

    def test_to_look_at_the_assets_for_the_first_time_is_one(self):
        board = Board(client=self.client, id="D", connect=False)
        self.refuse("definition")
        self.assertFalse(board.connect())
        self.run_for(5)
        self.assertFalse(self.client.connected)

    def test_to_look_at_a_second_device_for_the_first_time_is_one_too(self):
        self.board().temp = 1
        self.client.poll()
        self.refuse("definition")

        class Meter(Device):
            level = NumberAsset()

        meter = Meter(client=self.client, id="E", connect=False)
        self.assertFalse(meter.connect())
        self.run_for(5)
        self.full = ()
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

        own = self.client._session.receive

        def receive():
            self.client._session.receive = own
            raise MemoryError("full")

        self.client._session.receive = receive
        self.client.poll()
        self.run_for(20)
        self.assertTrue(self.client.connected)
        subscribed = [p for p in self.net.broker.log if p[0] == 0x82]
        self.assertFalse([p for p in subscribed if b"/E/" in p], subscribed)

    def test_what_failed_to_load_leaves_the_memory_all_the_same(self):
        """MicroPython takes it out of sys.modules, but its place there goes on holding it."""
        path = "half_loaded.py"
        with open(path, "w") as f:
            f.write("big = bytearray(100000)\nraise MemoryError\n")
        own_path = list(sys.path)
        sys.path.insert(0, "")
        try:
            before = self.in_use()
            self.assertRaises(MemoryError, __import__, "half_loaded")
            loading.unload(" half_loaded ")
            self.assertFalse("half_loaded" in sys.modules)
            self.assertTrue(self.in_use() - before < 50000)
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
        self.assertFalse(board._started)

    def test_at_exit_is_no_crash_and_calls_who_had_the_hook_before(self):
        self.board()
        before = []
        self.client._before_exit = lambda: before.append(1)
        self.refuse("leaving")
        self.client._at_exit()
        self.assertEqual((before, self.client.errors), ([1], 1))


class TestWhatIsLetGo(LoadingTest):
    def loaded(self):
        """Return which of the modules are loaded that nothing needs in good times."""
        seldom = "session reader recovery failures reports connecting oversize".split()
        return [name for name in seldom if "allthingstalk." + name in sys.modules]

    def test_the_session_while_rest_looks_at_the_assets_again(self):
        self.board().temp = 1
        self.run_for(1)
        seen = []
        self.rest.on_request = lambda line: seen.append(self.loaded())
        self.drop()
        self.run_for(5)
        self.assertEqual(seen, [["connecting"]])
        self.assertEqual(self.loaded(), ["session", "reader"])

    def test_the_session_while_rest_looks_at_the_assets_of_a_later_device(self):
        self.board()
        other = Board(client=self.client, id="E", connect=False)
        self.rest.statuses = {"/device/E/": 503}
        self.assertFalse(other.connect())
        self.rest.statuses = {}
        seen = []
        self.rest.on_request = lambda line: seen.append(self.loaded())
        self.run_for(5)
        self.assertEqual((seen, self.client.status), ([["connecting"]], "online"))

    def test_not_the_session_where_rest_has_nothing_to_look_at(self):
        self.board().temp = 1
        self.run_for(1)
        self.refuse("definition")
        self.drop()
        self.run_for(5)  # on line without the look, for which there is no memory
        session = self.client._session
        self.drop()
        self.run_for(5)
        self.assertTrue(self.client.connected)
        self.assertTrue(self.client._session is session)

    def test_a_session_that_a_timer_loses_in_the_midst_of_reading_it(self):
        """As by a timer between two reads of `client._session`: at the first its truth is asked."""
        client = self.client

        def idle_poll():  # a step that does not look at the session itself
            client.status = "offline"
            client._retry_at = self.net.ticks_add(self.net.ticks_ms(), 60000)
            client.poll()

        for call in (lambda: client.pending, idle_poll):
            self.board().temp = 1
            self.run_for(1)
            session = client._session

            class Lost(session.__class__):
                def __bool__(self):
                    client._session = None
                    return True

            lost = object.__new__(Lost)
            for name in session.__dict__:
                setattr(lost, name, session.__dict__[name])
            client._session = lost
            call()
            client._session = session
            client.close()

    def test_a_session_that_is_lost_before_it_makes_room_for_rest(self):
        from allthingstalk import recovery

        self.board()
        self.client._session = None
        recovery.shut(self.client)
        self.assertFalse(self.client._in_io)

    def test_nothing_that_an_interrupt_finds_as_none(self):
        """An interrupt comes at a jump, as there is one in `full_name()`."""
        own, found = loading.full_name, []

        def full(name):
            found.append(sys.modules.get(own(name), 0))
            return own(name)

        loading.full_name = full
        try:
            Board(client=self.client, id="D", connect=False)
        finally:
            loading.full_name = own
        self.assertTrue(found)
        self.assertFalse(None in found)

    def test_no_message_that_waits_for_its_handler(self):
        heard = []
        board = self.board()
        board.command.led(lambda device, value, at: heard.append(value))
        self.run_for(1)
        board.temp = 1
        self.client._in_handler = True  # as in the midst of one: the next message waits
        self.arrive("led", b'{"value":true}')
        self.client.poll()
        self.drop()
        self.client.poll()
        self.client._in_handler = False
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


class TestWhoNotices(LoadingTest):
    def test_not_a_client_of_ones_own_that_has_a_loop(self):
        client = Loops()
        board = Board(client=client, id="D")
        board.update(temp=1, led=True)
        self.assertEqual(sorted(name for _, name, _ in client.published), ["led", "temp"])

    def test_not_a_failure_of_ones_own_that_passes(self):
        board = Board(client=Away(), id="D", connect=False)
        self.assertFalse(board.connect())
        self.assertTrue(board._started)

    def test_not_a_device_that_is_given_another_client(self):
        board = self.board()
        self.rest.answers["/asset/temp/state"] = b'{"state":{"value":3}}'
        board.client = self.make()
        self.assertEqual(board.temp.value, 3)
        board.client = other = self.make()
        board.update(temp=1, led=True)
        self.assertTrue(other.flush(5))

    def test_not_an_import_of_all_names(self):
        names = {}
        exec("from allthingstalk.assets import *", names)
        for name in ("Asset", "NumberAsset", "IntegerAsset", "StringAsset", "BooleanAsset"):
            self.assertTrue(name in names, name)
        if HAS_ALL:
            for name in ("GeoAsset", "ObjectAsset", "ArrayAsset"):
                self.assertTrue(issubclass(names[name], names["Asset"]), name)
        self.assertRaises(AttributeError, getattr, sys.modules["allthingstalk.assets"], "nothing")

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
