"""ISO 8601 to seconds and back, on any interpreter."""

import time
import unittest

from allthingstalk import timestamps


class TestIso(unittest.TestCase):
    def test_the_first_and_the_leap_days(self):
        self.assertEqual(timestamps.iso(0), "1970-01-01T00:00:00Z")
        self.assertEqual(timestamps.iso(951782400000), "2000-02-29T00:00:00Z")
        self.assertEqual(timestamps.iso(4107542399000), "2100-02-28T23:59:59Z")
        self.assertEqual(timestamps.iso(4107542400000), "2100-03-01T00:00:00Z")

    def test_year_ends(self):
        for year in (1999, 2000, 2023, 2024, 2037, 2038, 2099):
            text = "%d-12-31T23:59:59Z" % year
            self.assertEqual(timestamps.iso(timestamps.parse(text)), text)
            text = "%d-01-01T00:00:00Z" % year
            self.assertEqual(timestamps.iso(timestamps.parse(text)), text)

    def test_zeros_at_the_end_of_milliseconds_are_dropped(self):
        self.assertEqual(timestamps.iso(1577934245960), "2020-01-02T03:04:05.96Z")
        self.assertEqual(timestamps.iso(1577934245007), "2020-01-02T03:04:05.007Z")

    def test_after_2038(self):
        self.assertEqual(timestamps.iso(2147483648000), "2038-01-19T03:14:08Z")

    def test_every_day_of_four_years_round_trips(self):
        ms = timestamps.parse("2023-01-01")
        for _ in range(1461):
            self.assertEqual(timestamps.parse(timestamps.iso(ms)), ms)
            ms += 86400000


class TestParse(unittest.TestCase):
    def check(self, text, ms):
        self.assertEqual(timestamps.parse(text), ms)

    def test_forms(self):
        self.check("2020-01-02T03:04:05Z", 1577934245000)
        self.check("2020-01-02T03:04:05", 1577934245000)
        self.check("2020-01-02 03:04:05.5Z", 1577934245500)
        self.check("2020-01-02T03:04Z", 1577934240000)
        self.check("2020-01-02", 1577923200000)

    def test_offsets_are_converted(self):
        self.check("2020-01-02T03:04:05+02:00", 1577927045000)
        self.check("2020-01-02T03:04:05-0530", 1577954045000)
        self.check("2020-01-02T03:04:05.25+02", 1577927045250)

    def test_microseconds_are_cut(self):
        self.check("2020-01-02T03:04:05.678901Z", 1577934245678)

    def test_what_is_no_time(self):
        for text in (
            "",
            "x",
            "2020-13-01",
            "2020-02-30",
            "2021-02-29",
            "2020-01-00",
            "2020-01-02T25:00:00Z",
            "2020-01-02T03:60:00Z",
            "2020-01-02T03:04:05+xx",
            "2020-1-2",
            "2020-01-02Xfoo",
            "2020-01-02T03:04:05:06",
            "2020-01-02T+3:04:05",
        ):
            try:
                timestamps.parse(text)
            except ValueError as e:
                self.assertTrue("ISO 8601" in str(e))
            else:
                self.fail("taken: " + text)


class TestForms(unittest.TestCase):
    def test_a_number_is_what_time_gives_here(self):
        here = timestamps.to_time("2026-11-23T08:15:02Z")
        self.assertEqual(timestamps.normalise(here), "2026-11-23T08:15:02Z")
        self.assertEqual(time.gmtime(here)[:6], (2026, 11, 23, 8, 15, 2))

    def test_a_gmtime_tuple(self):
        here = timestamps.to_time("2026-11-23T08:15:02Z")
        self.assertEqual(timestamps.normalise(time.gmtime(here)), "2026-11-23T08:15:02Z")

    def test_text_is_converted_to_utc(self):
        self.assertEqual(timestamps.normalise("2026-11-23T08:15:02+01:00"), "2026-11-23T07:15:02Z")

    def test_seconds_since_1970(self):
        self.assertEqual(timestamps.from_unix(1577934245), "2020-01-02T03:04:05Z")

    def test_the_first_and_the_last_moment(self):
        for text in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"):
            self.assertEqual(timestamps.normalise(text), text)
        for text in ("0000-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:00-01:00"):
            with self.assertRaises(ValueError):
                timestamps.normalise(text)

    def test_none_stays_none(self):
        self.assertIsNone(timestamps.normalise(None))

    def test_other_types_are_refused(self):
        for at in (True, b"2020-01-02", [], {}):
            self.assertRaises(TypeError, timestamps.normalise, at)

    def test_an_epoch_of_2000_goes_unnoticed(self):
        own = timestamps.EPOCH_S
        try:
            timestamps.EPOCH_S = 946684800
            self.assertEqual(timestamps.normalise(631249445), "2020-01-02T03:04:05Z")
            self.assertEqual(timestamps.to_time("2020-01-02T03:04:05Z"), 631249445)
        finally:
            timestamps.EPOCH_S = own

    def test_the_clock_of_this_machine_is_set(self):
        self.assertTrue(timestamps.clock_is_set())


if __name__ == "__main__":
    unittest.main()
