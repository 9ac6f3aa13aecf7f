"""The outbox on flash, and a clock that is set and wrong: the times of what waits."""

import json
import os
import unittest

import loaded  # noqa: F401
from allthingstalk import Outbox, timestamps
from allthingstalk.board import clock
from board_clock import RTC, BoardClock
from outbox_files import T0_MS, FileTest


class TestClockThatIsWrong(FileTest):
    """Set, and wrong: an editor set it to local time, or it has run off. Then it is put right."""

    def test_what_was_assigned_before_it_is_put_right_has_the_right_time_in_ram_and_file(self):
        for off_s in (7200, -7200, 10 * 365 * 86400, 2):
            self.clock(off_s)
            board = self.offline_board()
            board.temp = 1
            self.run_for(60)
            board.temp = 2
            self.clock(60)  # put right: T0 was 60 s ago
            self.run_for(2)
            board.temp = 3
            expected = [
                {"value": 1, "at": timestamps.iso(T0_MS)},
                {"value": 2, "at": timestamps.iso(T0_MS + 60000)},
                {"value": 3, "at": timestamps.iso(T0_MS + 62000)},
            ]
            self.run_for(2)
            in_file = self.read()
            self.assertEqual(self.deliver(), expected)
            self.client.close()
            self.write(in_file)
            self.restart()
            self.assertEqual(self.deliver(), expected)
            self.client.close()
            self.restart()

    def test_a_reset_right_after_close_finds_the_right_time(self):
        self.clock(7200)
        self.offline_board().temp = 1
        self.clock(0)
        self.client.close()
        self.restart()
        self.assertEqual(self.deliver(), [{"value": 1, "at": timestamps.iso(T0_MS)}])

    def test_one_that_is_set_to_a_wrong_time_first(self):
        self.clock(None)
        self.offline_board().temp = 1
        self.run_for(10)
        self.clock(7200)
        self.run_for(10)
        self.clock(20)
        self.run_for(2)
        self.restart()
        self.assertEqual(self.deliver(), [{"value": 1, "at": timestamps.iso(T0_MS)}])

    def test_it_may_go_wrong_and_be_put_right_again_and_again(self):
        board = self.offline_board()
        for hour in range(5):
            self.clock(hour * 3600)
            board.temp = hour
            self.run_for(2)
        self.clock(8)
        self.run_for(2)
        self.restart()
        self.assertEqual(
            [message["at"] for message in self.deliver()],
            [timestamps.iso(T0_MS + n * 2000 - 2000) for n in range(5)],
        )

    def test_values_of_an_earlier_boot_and_times_of_their_own_stay(self):
        from allthingstalk import AssetState

        self.clock(0)
        self.offline_board().temp = 1
        self.restart()
        self.clock(7200)
        self.offline_board().temp = AssetState(2, at="2026-01-02T03:04:05Z")
        self.run_for(2)
        self.clock(2)
        self.run_for(2)
        self.restart()
        self.assertEqual(
            self.deliver(),
            [
                {"value": 1, "at": timestamps.iso(T0_MS)},
                {"value": 2, "at": "2026-01-02T03:04:05Z"},
            ],
        )

    def test_one_that_is_right_costs_no_writing(self):
        self.clock(0)
        board = self.offline_board()
        board.temp = 1
        size = len(self.read())
        for n in range(20):  # it shows whole seconds, sooner or later than ticks do
            self.clock(n + 1 + (-1) ** n // 2)
            self.run_for(1)
        self.assertEqual(len(self.read()), size)
        self.client.outbox.store.push()
        self.assertEqual(len(self.read()), size)

    def test_a_program_that_sleeps_and_closes_has_the_time_of_the_assignment_in_the_file(self):
        self.client = self.make(outbox=Outbox(self.path))  # written 5 s later, or at the end
        self.clock(0)
        self.offline_board().temp = 1
        self.net.advance(3000)
        self.client.close()
        self.restart()
        self.assertEqual(self.deliver(), [{"value": 1, "at": timestamps.iso(T0_MS)}])


class TestClockOfEarlierBoots(FileTest, BoardClock):
    """A board that wakes, measures and sleeps; its clock runs on, wrong as it is."""

    def setUp(self):
        super().setUp()
        self.start_clock()
        self.times = []

    def tearDown(self):
        self.stop_clock()
        super().tearDown()

    def wake(self, ask=False, early=False):
        """Start again; ask the time server, before the client is made or after it; measure."""
        clock.checked, clock.moved_ms = False, 0
        self.answers = {"a": "right"} if ask else {}
        if early:
            clock.set_clock(("a",), log=None)
        self.restart()
        if not early:
            clock.set_clock(("a",), log=None)
        self.times.append(self.true_ms())
        self.offline_board().temp = len(self.times)
        self.client.close()
        self.net.advance(300000)

    def assert_times(self):
        self.restart()
        given = [timestamps.parse(message["at"]) for message in self.deliver()]
        self.assertEqual(len(given), len(self.times))
        for was, true in zip(given, self.times):
            self.assertTrue(abs(was - true) <= 1000, (was - true, self.times.index(true)))

    def test_what_it_dated_before_it_was_put_right_is_put_right_too(self):
        for early in (False, True):
            for wrong_ms in (7200000, -7200000):
                RTC.show(self.true_ms() + wrong_ms)
                self.times = []
                for ask in (False, False, True, False):
                    self.wake(ask, early)
                self.assert_times()
                self.client.close()

    def test_what_a_checked_clock_dated_stays_whatever_it_does_later(self):
        RTC.show(self.true_ms())
        self.wake(True)
        RTC.show(RTC.now_ms() + 7200000)  # an editor was at it
        self.wake()
        self.wake(True)
        RTC.show(RTC.now_ms() - 7200000)
        self.wake(True)
        self.assert_times()

    def test_also_by_a_check_that_finds_nothing_wrong(self):
        RTC.show(self.true_ms())
        self.wake()
        self.wake(True)
        RTC.show(RTC.now_ms() + 7200000)
        self.wake(True)
        self.assert_times()

    def test_a_clock_that_power_on_has_unset_tells_nothing_of_those_before(self):
        RTC.show(self.true_ms())
        self.wake()
        RTC.show(None)
        self.wake(True)
        self.assert_times()

    def test_a_file_that_cannot_be_written_then_moves_nothing_twice(self):
        RTC.show(self.true_ms() + 7200000)
        self.wake()
        self.wake()
        os.mkdir(self.path + ".new")
        self.wake(True)
        self.assertTrue("cannot be written" in self.client.last_error)
        for _ in range(3):
            self.client.poll()
            self.net.advance(10000)
        os.rmdir(self.path + ".new")
        self.client.outbox.store.push()
        self.assert_times()

    def test_they_are_put_right_before_they_are_sent(self):
        RTC.show(self.true_ms() + 7200000)
        self.wake()
        self.wake()
        clock.checked, clock.moved_ms = False, 0
        self.restart()
        clock.keep(self.client, ("a",))
        self.answers = {"a": "right"}
        self.away(False)
        self.net.broker.log.clear()
        self.board()
        self.assertTrue(self.client.flush(10))
        at = [timestamps.parse(json.loads(p[1])["at"]) for p in self.net.broker.publishes()]
        self.assertTrue(
            all(abs(a - true) <= 1000 for a, true in zip(at, self.times)), (at, self.times)
        )
        self.assertEqual(len(at), 2)


if __name__ == "__main__":
    unittest.main()
