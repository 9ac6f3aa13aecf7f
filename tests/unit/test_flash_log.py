"""The log on flash: bounded, rotated, sparing, without the token."""

import os
import time
import unittest

from allthingstalk import flash_log, timestamps
from contract import ContractTest
from own_client import raised


class TestFlashLog(ContractTest):
    def setUp(self):
        super().setUp()
        self.path = "/tmp/allthingstalk-log-%d" % time.time_ns()

    def tearDown(self):
        for name in (self.path, self.path + ".old"):
            try:
                os.remove(name)
            except OSError:
                pass

    def lines(self, end=""):
        try:
            with open(self.path + end) as f:
                return f.read().split("\n")[:-1]
        except OSError:
            return []

    def test_reports_are_written_with_their_time_and_go_on_as_before(self):
        own = timestamps.now_ms
        timestamps.now_ms = lambda: 1800000000123
        try:
            flash_log.keep(self.client, self.path)
            self.board()
            self.drop()
            self.run_for(1)
        finally:
            timestamps.now_ms = own
        self.assertEqual(len(self.lines()), 1)
        self.assertEqual(self.lines()[0][:35], "2027-01-15T08:00:00Z allthingstalk:")
        self.assertEqual(self.lines()[0][21:], self.reports[0])

    def test_without_a_clock_the_second_since_the_start_is_written(self):
        own = timestamps.now_ms
        timestamps.now_ms = lambda: None
        try:
            flash_log.keep(self.client, self.path)
            self.board()
            self.run_for(5.2)
            self.client.report("something")
        finally:
            timestamps.now_ms = own
        self.assertEqual(self.lines(), ["+5 s allthingstalk: something"])

    def test_it_is_bounded_and_rotated(self):
        flash_log.keep(self.client, self.path, size=500)
        for n in range(50):
            self.client.log("line %02d, %s" % (n, "x" * 20))
        sizes = [os.stat(self.path + end)[6] for end in ("", ".old")]
        self.assertTrue(max(sizes) <= 560 and min(sizes) > 0, sizes)
        self.assertIn("line 49", self.lines()[-1])
        last, first = self.lines(".old")[-1].split()[2], self.lines()[0].split()[2]
        self.assertEqual(int(first[:2]), int(last[:2]) + 1)

    def test_a_long_line_is_cut(self):
        flash_log.keep(self.client, self.path, size=1000)
        for n in range(5):
            self.client.report("%d" % n + "\U0001f600" * 5000)
        self.assertTrue(os.stat(self.path)[6] <= 1000 and os.stat(self.path + ".old")[6] <= 1000)
        self.assertIn("4\U0001f600", self.lines()[-1])

    def test_a_board_that_is_away_for_long_spares_its_flash(self):
        flash_log.keep(self.client, self.path, size=1 << 20)
        self.board()
        for n in range(200):
            self.client.report("again %d" % n)
        self.assertEqual(len(self.lines()), 60)
        self.run_for(3700, 10000)
        self.client.report("next")
        self.assertIn("140 lines more of the hour before", self.lines()[60])
        self.assertIn("next", self.lines()[61])

    def test_the_token_is_in_no_line(self):
        flash_log.keep(self.client, self.path)
        self.client.log("a line\nwith %s in it" % self.client.token)
        self.assertEqual(len(self.lines()), 1)
        self.assertIn("a line with *** in it", self.lines()[0])

    def test_a_flash_that_takes_nothing_and_no_log_before(self):
        self.client.log = None
        flash_log.keep(self.client, "/no such folder/log")
        self.client.report("goes on")
        self.assertEqual(self.client.errors, 1)
        raised(ValueError, flash_log.keep, self.client, self.path, 100)


if __name__ == "__main__":
    unittest.main()
