"""The watchdog in virtual time: when it is armed, what feeds it, and what does not."""

import sys
import unittest

from allthingstalk.board import rp2_limits
from allthingstalk.board.watchdog import Watchdog
from contract import ContractTest


class Dog:
    """A `machine.WDT` that notes when it was fed."""

    net = None
    made = []

    def __init__(self, timeout):
        self.timeout_ms = timeout
        self.fed = [Dog.net.now_ms]
        Dog.made.append(self)

    def feed(self):
        self.fed.append(Dog.net.now_ms)

    def hungriest_ms(self):
        """Return the longest time between two meals, up to now."""
        times = self.fed + [Dog.net.now_ms]
        return max(b - a for a, b in zip(times, times[1:]))


class Machine:
    WDT = Dog


class WatchdogTest(ContractTest):
    def setUp(self):
        super().setUp()
        self.kept = sys.modules.get("machine")
        sys.modules["machine"] = Machine
        Dog.net, Dog.made = self.net, []
        self.client.watchdog = Watchdog(self.client, 8)

    def tearDown(self):
        machine = self.kept
        del sys.modules["machine"]
        if machine:
            sys.modules["machine"] = machine


class TestArming(WatchdogTest):
    def test_it_is_armed_after_the_first_good_session_and_once(self):
        self.away()
        self.board()
        self.run_for(100)
        self.assertEqual(Dog.made, [])
        self.away(False)
        self.run_for(100)
        self.assertEqual([dog.timeout_ms for dog in Dog.made], [8000])
        self.drop()
        self.run_for(100)
        self.assertEqual(len(Dog.made), 1)

    def test_times_that_are_none(self):
        for wrong in (0.5, -1, 0):
            self.assertRaises(ValueError, Watchdog, self.client, wrong)

    def test_true_is_half_a_minute_where_that_is_possible(self):
        self.client.watchdog = Watchdog(self.client, True)
        self.board()
        self.client.poll()
        self.assertEqual(Dog.made[0].timeout_ms, 30000)

    def test_where_there_is_a_limit_it_is_8_seconds_and_more_than_that_is_refused(self):
        kept, rp2_limits.WATCHDOG_MAX_MS = rp2_limits.WATCHDOG_MAX_MS, 8388
        try:
            self.assertRaises(ValueError, Watchdog, self.client, 9)
            self.client.watchdog = Watchdog(self.client, True)
            self.board()
            self.client.poll()
            self.assertEqual(Dog.made[0].timeout_ms, 8000)
        finally:
            rp2_limits.WATCHDOG_MAX_MS = kept

    def test_no_step_takes_longer_than_the_dog_waits(self):
        self.assertEqual(self.client.timeout, 6)


class TestFeeding(WatchdogTest):
    def test_polling_feeds_it(self):
        self.board()
        self.run_for(3600, 500)
        self.assertTrue(Dog.made[0].hungriest_ms() <= 500)

    def test_an_outage_of_hours_with_tries_that_time_out_is_no_reason_to_reset(self):
        self.board()
        self.run_for(10)
        dial = self.net.dial

        def slow(endpoint, timeout_s, ca=None):
            self.net.advance(int(timeout_s * 1000))
            raise OSError(110)

        self.net.dial, self.net.timeout_ms = slow, int(self.client.timeout * 1000)
        self.drop()
        self.run_for(7200, 500)
        self.assertTrue(Dog.made[0].hungriest_ms() < 8000, Dog.made[0].hungriest_ms())
        self.net.dial = dial

    def test_a_handler_that_hangs_starves_it_although_a_timer_polls(self):
        device = self.board()

        @device.command.led
        def hang(device, value, at):
            for _ in range(1200):  # what the timer does in the midst of it
                self.net.advance(100)
                self.client.poll()

        self.run_for(1)
        self.arrive("led", b'{"value":true}')
        before = self.net.now_ms / 1000
        self.client.poll()
        fed = [ms / 1000 - before for ms in Dog.made[0].fed[:-1]]  # the last: the hanging is over
        self.assertTrue(29 < fed[-1] < 31, fed[-1])

    def test_a_step_that_hangs_starves_it_too(self):
        self.board()
        self.run_for(1)
        fed = []

        def hang(endpoint, timeout_s, ca=None):
            before = self.net.now_ms
            for _ in range(1200):
                self.net.advance(100)
                self.client.poll()
            fed.append((Dog.made[0].fed[-1] - before) / 1000)
            raise OSError(-2)

        self.net.dial = hang
        self.drop()
        self.client.poll()
        self.assertTrue(29 < fed[0] < 31, fed)

    def test_a_closed_client_goes_on_feeding_it(self):
        self.board()
        self.run_for(1)
        self.client.close()
        self.run_for(600, 500)
        self.assertTrue(Dog.made[0].hungriest_ms() < 8000)


if __name__ == "__main__":
    unittest.main()
