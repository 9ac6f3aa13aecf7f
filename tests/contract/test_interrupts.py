"""A timer's poll or a button's handler runs between any two bytecodes of the library, unharmed.

On a board both come through `micropython.schedule`. Here the tracer of CPython calls them at each
bytecode in turn; MicroPython runs the same library, but has no such tracer.
"""

import sys
import unittest

from allthingstalk import Device, NumberAsset
from contract import ContractTest

_STRIDE = 3  # every so many bytecodes one try


class Interrupt:
    """Calls `call` once, before the bytecode number `at` that the library runs."""

    def __init__(self, at, call):
        self.left = at
        self.call = call

    def __call__(self, frame, event, _):
        if "allthingstalk" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self.opcode

    def opcode(self, frame, event, _):
        if event == "opcode":
            self.left -= 1
            if self.left == 0:
                sys.settrace(None)
                self.call()
        return self.opcode

    def run(self, program):
        """Run the program with the interrupt; return whether it came."""
        before = sys.gettrace()
        sys.settrace(self)
        try:
            program()
        finally:
            sys.settrace(before)
        return self.left <= 0


class TestWithinAWrite(ContractTest):
    def test_an_assignment_and_a_poll_while_a_packet_is_written(self):
        device = self.board()
        names = ["a", "b", "c"]

        def interrupt():
            if names:
                self.client.poll()
                device.text = names.pop()

        self.net.on_write = interrupt
        device.temp = 1
        self.run_for(1)
        self.assertEqual(self.values(), [1, "c", "b", "a"])
        self.assertEqual((self.client.pending, self.client.errors), (0, 0))

    def test_a_value_of_an_interrupt_goes_before_what_is_assigned_after_it(self):
        device = self.board()
        values = [1]

        def interrupt():
            if values:
                device.temp = values.pop()

        self.net.on_write = interrupt
        device.temp = 0
        device.temp = 2
        self.run_for(1)
        self.assertEqual(self.values(), [0, 1, 2])

    def test_the_latest_value_is_not_superseded_by_one_of_an_interrupt_before_it(self):
        class Meter(Device):
            level = NumberAsset(keep="latest")

        meter = Meter(client=self.client, id="D")
        self.away()
        self.drop()
        self.client.poll()
        self.client.busy = True  # an interrupt in the midst of a dial
        meter.level = 1
        self.client.busy = False
        meter.level = 2
        self.away(False)
        self.run_for(100)
        self.assertEqual(self.values("level"), [2])

    def test_an_error_while_the_outbox_is_saved_does_not_end_the_polling(self):
        device = self.board()

        class Store:
            def push(self):
                raise KeyboardInterrupt

            put = check = remove = cut_off = lambda self, *_: None

        self.client.outbox.store = Store()
        try:
            self.client.flush(0)
        except KeyboardInterrupt:
            pass
        self.client.outbox.store = None
        device.temp = 3
        self.run_for(1)
        self.assertEqual(self.values(), [3])


@unittest.skipUnless(hasattr(sys, "settrace"), "MicroPython has no sys.settrace")
class TestInterrupts(ContractTest):
    def everywhere(self, prepare, program, interrupt, judge, stride=_STRIDE):
        """Interrupt the program at each place in turn; return how many bytecodes it has."""
        self.heard = []
        self.device = self.board()
        self.device.command.led(lambda device, value, at: self.heard.append(value))
        at = 1
        while True:
            self.run_for(3)
            self.net.broker.log.clear()
            self.heard.clear()
            errors = prepare() or 0
            before = self.client.errors
            came = Interrupt(at, interrupt).run(program)
            self.run_for(1)
            self.assertEqual(self.client.errors - before, errors, (at, self.client.last_error))
            self.assertEqual((self.client.status, self.client.pending), ("online", 0), at)
            if not came:
                return at
            judge(at)
            at += stride

    def assign_temp(self):
        self.device.temp = 1

    def assign_text(self):
        self.device.text = "x"

    def test_a_poll_within_an_assignment(self):
        def judge(at):
            self.assertEqual((self.values(), self.heard), ([1], [True]), at)

        places = self.everywhere(
            lambda: self.arrive("led", b"true"), self.assign_temp, self.client.poll, judge
        )
        self.assertTrue(places > 500, places)

    def test_an_assignment_within_a_poll(self):
        def prepare():
            self.net.broker.acknowledges = False
            self.assign_temp()
            self.net.broker.acknowledges = True
            self.net.socket.inbound.extend(b"\x40\x02" + self.net.broker.log[-1][29:31])
            self.arrive("led", b"true")

        def judge(at):
            self.assertEqual((self.values(), self.heard), ([1, "x"], [True]), at)

        self.everywhere(prepare, self.client.poll, self.assign_text, judge)

    def test_an_assignment_within_an_assignment(self):
        def judge(at):
            self.assertEqual(len(self.net.broker.publishes()), 2, at)
            for topic, payload, _ in self.net.broker.publishes():
                expected = b'{"value":1}' if b"/temp/" in topic else b'{"value":"x"}'
                self.assertEqual(payload, expected, at)

        self.everywhere(lambda: self.net.advance(1234), self.assign_temp, self.assign_text, judge)

    def test_a_first_assignment_within_a_first_assignment(self):
        """Both need a number for their topic."""
        names = ["b", "a"]

        def prepare():
            names[:] = [name + "b" for name in names]

        def publish(name):
            self.client.publish_asset_state("D", name, name)

        def judge(at):
            for topic, payload, _ in self.net.broker.publishes():
                self.assertEqual(topic.split(b"/")[3], payload[10:-2], at)
            self.assertEqual(len(self.net.broker.publishes()), 2, at)

        self.everywhere(
            prepare, lambda: publish(names[0]), lambda: publish(names[1]), judge, stride=11
        )

    def test_an_assignment_within_a_reconnect(self):
        def prepare():
            self.run_for(6)
            self.net.broker.log.clear()
            self.drop()
            return 1

        def judge(at):
            self.assertEqual(self.values(), ["x"], at)

        self.everywhere(prepare, self.client.poll, self.assign_text, judge, stride=41)

    def test_a_poll_within_a_connect_of_a_connected_device(self):
        def judge(at):
            self.assertEqual((self.values(), self.heard), ([], [True]), at)

        def prepare():
            self.arrive("led", b"true")

        self.everywhere(prepare, lambda: self.device.connect(), self.client.poll, judge, stride=61)

    def test_a_poll_within_a_call_over_rest(self):
        def judge(at):
            self.assertEqual(self.heard, [True], at)
            self.assertEqual(len(self.found), 3, at)

        def prepare():
            self.arrive("led", b"true")

        def call():
            self.found = self.client.get_assets("D")

        self.everywhere(prepare, call, self.client.poll, judge, stride=331)

    def test_a_close_within_a_poll(self):
        """Whatever falls into our own work is done right after it, and the state is that."""

        def prepare():
            self.client.close()
            self.device.connect()
            self.run_for(6)
            self.arrive("led", b"true")
            self.net.broker.log.clear()

        self.closes_at_each_moment(prepare, self.client_polls, stride=23)

    def test_a_close_within_an_assignment(self):
        def prepare():
            self.device.connect()
            self.net.broker.log.clear()

        self.closes_at_each_moment(prepare, lambda: self.assign_temp(), stride=31)

    def test_a_close_within_a_reconnect(self):
        def prepare():
            self.device.connect()
            self.run_for(6)
            self.drop()

        self.closes_at_each_moment(prepare, self.client_polls, stride=149)

    def client_polls(self):
        self.client.poll()
        self.client.poll()

    def closes_at_each_moment(self, prepare, program, stride):
        self.heard = []
        self.device = self.board()
        self.device.command.led(lambda device, value, at: self.heard.append(value))
        at = 1
        while True:
            prepare()
            came = Interrupt(at, self.client.close).run(program)
            if not came:
                return
            self.assertEqual(self.client.status, "closed", at)
            self.run_for(10)
            self.assertEqual(self.client.status, "closed", at)
            self.assertFalse("fault of this library" in str(self.client.last_error))
            at += stride

    def test_a_connect_within_a_poll(self):
        def judge(at):
            self.assertEqual(self.client.status, "online", at)

        self.everywhere(
            lambda: self.arrive("led", b"true"), self.client.poll, self.connect_device, judge, 47
        )

    def connect_device(self):
        self.device.connect()


if __name__ == "__main__":
    unittest.main()
