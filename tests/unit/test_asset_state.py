"""AssetState: a value and its time, in whatever form the time is given."""

import time
import unittest

from allthingstalk import AssetState, timestamps
from own_client import raised


class TestAssetState(unittest.TestCase):
    def test_without_a_time_it_has_none(self):
        self.assertIsNone(AssetState(5).at)
        self.assertIsNone(AssetState(5, None).at)
        self.assertEqual(AssetState(5).value, 5)

    def test_any_value_is_kept_as_it_is(self):
        for value in (0, 21.5, "", "ä", True, [1, 2], {"a": 1}, None):
            self.assertIs(AssetState(value).value, value)

    def test_iso_text_becomes_utc(self):
        self.assertEqual(AssetState(5, "2020-01-02T03:04:05+01:00").at, "2020-01-02T02:04:05Z")
        self.assertEqual(AssetState(5, at="2020-01-02 03:04:05").at, "2020-01-02T03:04:05Z")
        self.assertEqual(AssetState(5, "2020-01-02T03:04:05.678Z").at, "2020-01-02T03:04:05.678Z")

    def test_a_number_is_this_interpreters_time(self):
        here = timestamps.to_time("2026-11-23T08:15:02Z")
        self.assertEqual(AssetState(5, here).at, "2026-11-23T08:15:02Z")

    def test_a_gmtime_tuple(self):
        here = timestamps.to_time("2026-11-23T08:15:02Z")
        self.assertEqual(AssetState(5, time.gmtime(here)).at, "2026-11-23T08:15:02Z")

    def test_unix_seconds_of_elsewhere(self):
        self.assertEqual(AssetState(5, timestamps.from_unix(1577934245)).at, "2020-01-02T03:04:05Z")

    def test_a_datetime_or_what_looks_like_one(self):
        class Moment:
            def isoformat(self):
                return "2020-01-02T03:04:05.678900"

        moments = [Moment()]
        try:
            from datetime import datetime
        except ImportError:  # boards have it as an extra package
            pass
        else:
            moments.append(datetime(2020, 1, 2, 3, 4, 5, 678900))
            moments.append(datetime.fromisoformat("2020-01-02T04:04:05.678+01:00"))
        for at in moments:
            self.assertEqual(AssetState(5, at).at, "2020-01-02T03:04:05.678Z")

    def test_what_is_no_time_is_refused(self):
        raised(ValueError, AssetState, 5, "yesterday")
        raised(ValueError, AssetState, 5, "")
        raised(TypeError, AssetState, 5, [])
        raised(TypeError, AssetState, 5, True)

    def test_equal_are_those_of_one_value_and_time(self):
        at = "2026-11-23T08:15:02Z"
        self.assertTrue(AssetState(5, at) == AssetState(5, at))
        self.assertFalse(AssetState(5, at) != AssetState(5, at))
        self.assertFalse(AssetState(5, at) == AssetState(6, at))
        self.assertFalse(AssetState(5, at) == AssetState(5))
        self.assertFalse(AssetState(5) == 5)

    def test_it_prints_what_it_holds(self):
        self.assertEqual(
            repr(AssetState("x", "2026-11-23T08:15:02Z")),
            "AssetState('x', at='2026-11-23T08:15:02Z')",
        )


if __name__ == "__main__":
    unittest.main()
