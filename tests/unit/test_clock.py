"""Setting the clock: whom it asks, how often, what counts as a time, and who waits for it."""

import unittest

from allthingstalk import timestamps
from allthingstalk.board import clock
from contract import ContractTest

NOW_MS = 1800000000500  # 2027-01-15T08:00:00.5Z
MARK = b"12345678"


def answer(seconds=1800000000 + 2208988800, leap=0, mode=4, stratum=2, mark=MARK, half=0x80):
    """Return an NTP packet (RFC 5905, figure 8): stamps at 24 (origin) and 40 (transmit)."""
    head = bytes([leap << 6 | 4 << 3 | mode, stratum]) + bytes(22)
    stamp = bytes([seconds >> 24 & 255, seconds >> 16 & 255, seconds >> 8 & 255, seconds & 255])
    return head + mark + bytes(8) + stamp + bytes([half, 0, 0, 0])


class TestTheAnswer(unittest.TestCase):
    def test_a_good_one_is_a_time(self):
        self.assertEqual(clock._time(answer(), MARK), NOW_MS)

    def test_after_2036_the_seconds_begin_again(self):
        self.assertEqual(clock._time(answer(seconds=5, half=0), MARK), 2085978501000)

    def test_what_is_no_time(self):
        for wrong in (
            b"",
            answer()[:47],
            answer(mode=3),
            answer(mark=b"87654321"),
            answer(leap=3),
            answer(stratum=0),
            answer(stratum=16),
            answer(seconds=0, half=0),
            answer(seconds=2208988800 + 5),  # a router whose own clock begins in 1970
        ):
            self.assertRaises(ValueError, clock._time, wrong, MARK)


class ClockTest(ContractTest):
    """A board whose clock is not set, with time servers that answer as the test says."""

    def setUp(self):
        super().setUp()
        self.kept = (timestamps.now_ms, clock.ask, clock._set)
        self.ms = None
        self.asked = []  # (server, virtual ms)
        self.answers = {}  # server -> milliseconds, or an exception
        timestamps.now_ms = lambda: self.ms
        clock.ask = self.ask
        clock._set = self.set

    def tearDown(self):
        timestamps.now_ms, clock.ask, clock._set = self.kept

    def ask(self, server, timeout_s):
        self.asked.append((server, self.net.now_ms))
        found = self.answers.get(server, OSError(110))
        if isinstance(found, Exception):
            raise found
        return found

    def set(self, ms):
        self.ms = ms

    def servers(self):
        return [server for server, _ in self.asked]


class TestSetClock(ClockTest):
    def test_the_first_server_that_answers_is_taken(self):
        self.answers = {"a": OSError(-2), "b": ValueError("no NTP"), "c": NOW_MS}
        self.assertTrue(clock.set_clock(("a", "b", "c", "d")))
        self.assertEqual(self.servers(), ["a", "b", "c"])
        self.assertEqual(self.ms, NOW_MS)

    def test_all_are_asked_again_and_then_it_says_why(self):
        said = []
        self.assertFalse(clock.set_clock(("a", "b"), tries=3, log=said.append))
        self.assertEqual(self.servers(), ["a", "b"] * 3)
        self.assertEqual(len(said), 1)
        self.assertTrue("no time server answered" in said[0] and "no answer in time" in said[0])

    def test_a_clock_that_is_set_is_left_alone_unless_forced(self):
        self.ms = NOW_MS - 5000
        self.assertTrue(clock.set_clock(("a",)))
        self.assertEqual(self.asked, [])
        self.answers = {"a": NOW_MS}
        self.assertTrue(clock.set_clock(("a",), force=True))
        self.assertEqual(self.ms, NOW_MS)


class TestKeep(ClockTest):
    def test_values_wait_until_a_time_server_answers(self):
        clock.keep(self.client, ("a",))
        device = self.board()
        device.temp = 1
        self.run_for(5)
        self.assertEqual((self.client.status, self.net.dials), ("offline", []))
        self.answers = {"a": NOW_MS}
        self.run_for(20)
        self.assertTrue(self.client.connected)
        self.assertEqual(self.values(), [1])

    def test_the_pauses_between_tries_grow_to_a_minute(self):
        clock.keep(self.client, ("a",))
        self.board()
        self.run_for(600, 500)
        times = [ms for _, ms in self.asked]
        pauses = [b - a for a, b in zip(times, times[1:])]
        self.assertTrue(pauses[0] < 3000, pauses)
        self.assertTrue(all(pause >= 60000 for pause in pauses[7:]), pauses)
        self.assertTrue(len(times) < 20, times)

    def test_nobody_is_asked_without_a_network(self):
        up = []
        self.client.link_up = lambda: bool(up)
        clock.keep(self.client, ("a",))
        self.answers = {"a": NOW_MS}
        self.board()
        self.run_for(60)
        self.assertEqual(self.asked, [])
        up.append(True)
        self.run_for(20)
        self.assertTrue(self.client.connected)

    def test_a_network_away_for_longer_than_ticks_count_delays_nothing(self):
        up = []
        self.client.link_up = lambda: bool(up)
        clock.keep(self.client, ("a",))
        self.answers = {"a": NOW_MS}
        self.board()
        self.run_for(7 * 86400, 60000)
        up.append(True)
        self.run_for(20)
        self.assertTrue(self.client.connected)

    def test_once_it_is_set_only_the_network_is_looked_at(self):
        def link_up():
            return True

        self.client.link_up = link_up
        clock.keep(self.client, ("a",))
        self.ms = NOW_MS
        self.board()
        self.run_for(1)
        self.assertTrue(self.client.link_up is link_up)
        self.assertEqual(self.asked, [])


if __name__ == "__main__":
    unittest.main()
