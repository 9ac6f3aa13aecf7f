"""Ctrl-C at each line of the library, and between its bytecodes: the link may go, nothing else.

Here the tracer of CPython raises KeyboardInterrupt at each place in turn; test_reentry
in tests/device has real signals on MicroPython.
"""

import sys
import unittest

from contract import ContractTest
from test_interrupts import Interrupt


class Stop(Interrupt):
    """Raises KeyboardInterrupt, as Ctrl-C does, before the line or bytecode number `at`."""

    def __init__(self, at, lines):
        super().__init__(at, self.stop)
        self._lines = lines

    def stop(self):
        raise KeyboardInterrupt

    def __call__(self, frame, event, _):
        if "allthingstalk" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes = not self._lines
        frame.f_trace_lines = self._lines
        return self.each

    def each(self, frame, event, _):
        if event == ("line" if self._lines else "opcode"):
            self.left -= 1
            if self.left == 0:
                sys.settrace(None)
                self.call()
        return self.each


class TestWithinAWrite(ContractTest):
    def test_it_costs_the_link_and_no_value(self):
        device = self.board()
        self.run_for(6)

        def stop():
            self.net.on_write = None
            raise KeyboardInterrupt

        for value in range(5):
            self.net.on_write = stop
            try:
                device.temp = value
                self.fail("it was not stopped")
            except KeyboardInterrupt:
                pass
            self.run_for(2)
        self.run_for(60)
        self.assertEqual(sorted(set(self.values())), [0, 1, 2, 3, 4])
        self.assertEqual((self.client.pending, self.client.status), (0, "online"))

    def test_in_the_last_write_of_a_link_it_is_closed_all_the_same(self):
        self.board()
        self.run_for(6)
        link = self.net.socket

        def stop():
            self.net.on_write = None
            raise KeyboardInterrupt

        self.net.on_write = stop
        with self.assertRaises(KeyboardInterrupt):
            self.client.close()
        self.assertTrue(link.closed)


@unittest.skipUnless(hasattr(sys, "settrace"), "MicroPython has no sys.settrace")
class TestCtrlC(ContractTest):
    """It may cost the link, nothing else: the program goes on, and what it assigns arrives."""

    def stopped_everywhere(self, prepare, program, lines, stride, afterwards=None):
        self.device = self.board()
        at = 1
        while True:
            self.run_for(6)
            self.net.broker.log.clear()
            prepare()
            stop = Stop(at, lines)
            try:
                stop.run(program)
            except KeyboardInterrupt:
                pass
            if afterwards:
                afterwards()
            for value in (33, 44, 55):
                self.device.temp = value
                self.run_for(1)
            self.run_for(130, step_ms=1000)
            arrived = self.values("temp")  # fails for a packet that is garbled
            self.assertTrue({33, 44, 55} <= set(arrived), (at, arrived))
            self.assertEqual((self.client.pending, self.client.status), (0, "online"), at)
            self.assertFalse("fault of this library" in str(self.client.last_error), at)
            if stop.left > 0:
                return at
            at += stride

    def assign(self):
        self.device.temp = 11
        self.device.temp = 22
        self.client.poll()

    def nothing(self):
        pass

    def test_at_each_line_of_assignments_and_a_poll(self):
        places = self.stopped_everywhere(self.nothing, self.assign, True, 2)
        self.assertTrue(places > 100, places)

    def test_at_bytecodes_of_assignments_and_a_poll(self):
        places = self.stopped_everywhere(self.nothing, self.assign, False, 23)
        self.assertTrue(places > 500, places)

    def test_at_lines_of_a_reconnect(self):
        def poll():
            for _ in range(3):
                self.client.poll()

        self.stopped_everywhere(self.drop, poll, True, 17)

    def test_at_lines_of_a_connect(self):
        self.stopped_everywhere(
            lambda: self.client.close(), lambda: self.device.connect(), True, 29, self.connect
        )

    def connect(self):
        self.assertTrue(self.device.connect())

    def test_while_the_outbox_is_full_and_moved(self):
        def fill():
            self.net.broker.acknowledges = False
            self.away()
            self.drop()
            self.client.poll()
            for n in range(400):
                self.device.text = "x" * (n % 20)
            self.away(False)
            self.net.broker.acknowledges = True

        self.stopped_everywhere(fill, self.assign, True, 41)


if __name__ == "__main__":
    unittest.main()
