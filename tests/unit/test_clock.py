"""Setting the clock: whom it asks, how often, what counts as a time, and who waits for it."""

import sys
import unittest

from allthingstalk.board import clock
from allthingstalk.connect import ntp
from board_clock import NOW_MS, RTC, BoardClock
from contract import ContractTest

MARK = b"12345678"


def answer(seconds=1800000000 + 2208988800, leap=0, mode=4, stratum=2, mark=MARK, half=0x80):
    """Return an NTP packet (RFC 5905, figure 8): stamps at 24 (origin) and 40 (transmit)."""
    head = bytes([leap << 6 | 4 << 3 | mode, stratum]) + bytes(22)
    stamp = bytes([seconds >> 24 & 255, seconds >> 16 & 255, seconds >> 8 & 255, seconds & 255])
    return head + mark + bytes(8) + stamp + bytes([half, 0, 0, 0])


class TestTheAnswer(unittest.TestCase):
    def test_a_good_one_is_a_time(self):
        self.assertEqual(ntp.time_in(answer(), MARK), NOW_MS)

    def test_after_2036_the_seconds_begin_again(self):
        self.assertEqual(ntp.time_in(answer(seconds=5, half=0), MARK), 2085978501000)

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
            self.assertRaises(ValueError, ntp.time_in, wrong, MARK)


class TestPlaces(unittest.TestCase):
    def test_a_port_and_ipv6_with_or_without_one(self):
        for server, place in (
            ("pool.ntp.org", ("pool.ntp.org", 123)),
            ("10.0.0.1:1123", ("10.0.0.1", 1123)),
            ("::1", ("::1", 123)),
            ("[fe80::1]", ("fe80::1", 123)),
            ("[::1]:1123", ("::1", 1123)),
        ):
            self.assertEqual(ntp.place_of(server), place)


class ClockTest(ContractTest, BoardClock):
    def setUp(self):
        super().setUp()
        self.start_clock()

    def tearDown(self):
        self.stop_clock()

    def servers(self):
        return [server for server, _ in self.asked]


class TestSetClock(ClockTest):
    def test_the_first_server_that_answers_is_taken(self):
        self.answers = {"a": OSError(-2), "b": ValueError("no NTP"), "c": NOW_MS}
        self.assertTrue(clock.set_clock(("a", "b", "c", "d")))
        self.assertEqual(self.servers(), ["a", "b", "c"])
        self.assertEqual(RTC.ms, NOW_MS + 500)  # to the next whole second

    def test_all_are_asked_again_and_then_it_says_why(self):
        said = []
        self.assertFalse(clock.set_clock(("a", "b"), tries=3, log=said.append))
        self.assertEqual(self.servers(), ["a", "b"] * 3)
        self.assertEqual(len(said), 1)
        self.assertTrue("the clock is not set: no time server answered" in said[0], said)
        self.assertTrue("no answer in time" in said[0], said)

    def test_one_that_is_set_and_wrong_either_way_is_put_right(self):
        self.answers = {"a": NOW_MS}
        for wrong_ms in (7200000, -7200000, 10 * 365 * 86400000, 2500, -2500):
            RTC.show(NOW_MS + wrong_ms)
            self.assertTrue(clock.set_clock(("a",)))
            self.assert_right()

    def test_one_that_is_right_is_left_alone(self):
        self.answers = {"a": NOW_MS}
        RTC.show(NOW_MS - 900)  # it shows whole seconds
        self.assertTrue(clock.set_clock(("a",)))
        self.assertEqual((self.servers(), RTC.ms), (["a"], NOW_MS - 900))

    def test_one_that_is_set_is_worth_one_round_unless_forced(self):
        RTC.show(NOW_MS)
        said = []
        self.assertTrue(clock.set_clock(("a", "b"), log=said.append))
        self.assertEqual(self.servers(), ["a", "b"])
        self.assertTrue("the clock is not checked" in said[0], said)
        self.assertFalse(clock.set_clock(("a", "b"), log=said.append, force=True))
        self.assertEqual(self.servers(), ["a", "b"] * 3)

    def test_none_asks_the_usual_servers(self):
        RTC.show(NOW_MS)
        clock.set_clock(None, log=None)
        self.assertEqual(self.servers(), list(clock.SERVERS))

    def test_the_clock_of_an_operating_system_is_left_to_it(self):
        RTC.show(NOW_MS)
        sys.modules["machine"] = object()
        self.assertTrue(clock.set_clock(("a",)))
        clock.keep(self.client, ("a",))
        self.board()
        self.assertEqual((self.asked, self.client.link_up), ([], None))


class TestKeep(ClockTest):
    def keep(self, servers=("a",), **options):
        clock.keep(self.client, servers, **options)
        return self.board()

    def test_values_wait_until_a_time_server_answers(self):
        device = self.keep()
        device.temp = 1
        self.run_for(5)
        self.assertEqual((self.client.status, self.net.dials), ("offline", []))
        self.answers = {"a": NOW_MS}
        self.run_for(20)
        self.assertTrue(self.client.connected)
        self.assertEqual(self.values(), [1])

    def test_not_where_the_time_is_not_needed(self):
        self.keep(needed=False)
        self.assertTrue(self.client.connected)
        self.answers = {"a": "right"}
        self.run_for(5)
        self.assert_right()

    def test_all_servers_are_asked_before_the_first_connect_fails(self):
        self.answers = {"c": NOW_MS}
        self.keep("abcd")
        self.assertEqual(self.servers(), ["a", "b", "c"])
        self.assertTrue(self.client.connected)

    def test_the_pauses_between_tries_grow_to_a_minute(self):
        self.keep()
        self.run_for(600, 500)
        times = [ms for _, ms in self.asked]
        pauses = [b - a for a, b in zip(times, times[1:])]
        self.assertTrue(pauses[0] < 3000, pauses)
        self.assertTrue(all(pause >= 60000 for pause in pauses[7:]), pauses)
        self.assertTrue(len(times) < 20, times)

    def test_nobody_is_asked_without_a_network(self):
        up = []
        self.client.link_up = lambda: bool(up)
        self.answers = {"a": NOW_MS}
        self.keep()
        self.run_for(60)
        self.assertEqual(self.asked, [])
        up.append(True)
        self.run_for(20)
        self.assertTrue(self.client.connected)

    def test_a_network_away_for_longer_than_ticks_count_delays_nothing(self):
        up = []
        self.client.link_up = lambda: bool(up)
        self.answers = {"a": NOW_MS}
        self.keep()
        self.run_for(14 * 86400, 60000)
        up.append(True)
        self.run_for(20)
        self.assertTrue(self.client.connected)

    def test_a_clock_that_is_set_and_wrong_is_put_right_before_the_first_connection(self):
        RTC.show(NOW_MS + 7200000)
        self.answers = {"a": "right"}
        self.steps = 5
        self.keep()
        self.assert_right()
        self.assertTrue(self.client.connected)

    def test_a_clock_that_is_set_keeps_nobody_off_line(self):
        RTC.show(NOW_MS)
        self.keep("abc")
        self.assertTrue(self.client.connected)
        self.assertEqual(self.servers(), ["a"])
        self.run_for(10)
        self.assertEqual(self.servers(), ["a", "b", "c"])

    def look(self, seconds, step_ms=400):
        """Let so much time pass, in which the client asks for nothing but the network."""
        for _ in range(seconds * 1000 // step_ms):
            self.net.advance(step_ms)
            self.assertTrue(self.client.link_up())

    def test_it_is_asked_again_each_day(self):
        self.answers = {"a": "right"}
        self.steps = 2
        self.keep()
        for day in range(1, 15):
            RTC.show(RTC.now_ms() + 5000)  # it goes fast
            self.look(86100, 60000)
            self.assertEqual(len(self.asked), day)
            self.look(301)
            self.assertEqual(len(self.asked), day + 1)
            self.assert_right()

    def test_or_as_often_as_the_program_says(self):
        self.answers = {"a": "right"}
        self.keep(every=3600)
        self.look(10 * 3600, 60000)
        self.assertEqual(len(self.asked), 11)

    def test_no_more_often_than_each_second(self):
        for every in (0, -1, 0.5):
            self.assertRaises(ValueError, clock.keep, self.client, ("a",), every=every)

    def test_one_that_is_not_set_and_not_needed_is_asked_for_each_minute(self):
        self.keep(needed=False)
        self.look(3600, 1000)
        self.assertTrue(50 < len(self.asked) < 70, len(self.asked))
        told = [text for text in self.reports if "the clock is not set" in text]
        self.assertEqual(len(told), 1)

    def test_more_seldom_than_ticks_can_tell(self):
        self.answers = {"a": "right"}
        self.keep(every=30 * 86400)
        self.look(61 * 86400, 3600000)
        self.assertEqual(len(self.asked), 3)

    def test_poll_waits_for_no_later_answer(self):
        self.answers = {"a": "right"}
        self.keep(every=3600)
        RTC.show(RTC.now_ms() + 5000)
        self.look(3590, 1000)
        self.steps = 20
        for _ in range(400):
            before = self.net.now_ms
            self.client.poll()
            self.assertTrue(self.net.now_ms - before < 5)
            self.net.advance(50)
        self.assertEqual(len(self.asked), 2)
        self.assert_right()

    def test_who_polls_seldom_waits_for_it_instead_of_setting_an_old_time(self):
        self.answers = {"a": "right"}
        self.keep(every=3600)
        RTC.show(RTC.now_ms() + 5000)
        self.steps = 20
        self.look(3700, 30000)
        self.assertEqual(len(self.asked), 2)
        self.assert_right()

    def test_failures_with_a_clock_that_is_set_are_told_once_and_back_off_to_a_day(self):
        self.answers = {"a": "right"}
        self.keep()
        self.answers = {}
        self.look(3 * 86400, 20000)
        self.assertTrue(12 < len(self.asked) < 22, len(self.asked))
        told = [text for text in self.reports if "the clock is not checked" in text]
        self.assertEqual(len(told), 1)

    def test_too_little_memory_for_a_question_costs_no_session(self):
        self.answers = {"a": "right"}
        self.keep(every=3600)
        self.answers = {"a": MemoryError("no room")}
        self.steps = 2
        self.look(3590, 1000)
        self.run_for(20)
        self.assertTrue(self.client.connected)
        self.assertTrue(2 <= len(self.asked) <= 6, self.asked)
        self.assertEqual(len(self.net.dials), 1)

    def test_a_client_that_is_closed_asks_nobody(self):
        self.answers = {"a": "right"}
        self.keep()
        self.client.close()
        self.look(3 * 86400, 20000)
        self.assertEqual(len(self.asked), 1)


if __name__ == "__main__":
    unittest.main()
