"""Times as text: right ones come back as they were, all others are a ValueError."""

import datetime

from allthingstalk import timestamps
from allthingstalk.asset_state import AssetState
from allthingstalk.core.payload import read
from hypothesis import strategies as st

from tests.fuzz import wire
from tests.fuzz.cases import fuzz

_valid = st.builds(
    lambda time, zone, separator, digits: (
        time.isoformat(separator, "milliseconds" if digits else "seconds") + zone
    ),
    st.datetimes(datetime.datetime(1, 1, 3), datetime.datetime(9999, 12, 29)),
    st.sampled_from(("", "Z", "z", "+00:00", "+02:00", "-0330", "+14:00", "-12", "+23:59")),
    st.sampled_from("Tt "),
    st.booleans(),
)
_pieces = st.lists(
    st.sampled_from(
        (
            "2026",
            "0000",
            "9999",
            "-",
            "-02",
            "-29",
            "-31",
            "T",
            "23",
            ":",
            "59",
            "60",
            ".",
            "Z",
            "+",
        )
    ),
    max_size=12,
).map("".join)
_aware = st.datetimes(
    datetime.datetime(1, 1, 3),
    datetime.datetime(9999, 12, 29),
    timezones=st.builds(
        lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes)),
        st.integers(-720, 840),
    ),
)


def settled(text):
    """Return what normalise makes of a text, or None for a ValueError; check that it is stable."""
    try:
        found = timestamps.normalise(text)
    except ValueError:
        return None
    assert timestamps.normalise(found) == found
    assert timestamps.parse(found) == timestamps.parse(text)
    assert len(found) in (20, 22, 23, 24) and found[10] == "T" and found[-1] == "Z"
    datetime.datetime.fromisoformat(found[:19])
    return found


@fuzz(5000, text=st.text(max_size=32) | _pieces)
def test_any_text(text):
    settled(text)
    _, at = read({"value": 0, "at": text})
    assert at is None or isinstance(at, str)


@fuzz(5000, text=_valid, changes=wire.changes)
def test_times_damaged_on_the_way(text, changes):
    settled(wire.changed(text.encode(), changes).decode("latin-1"))


@fuzz(4000, text=_valid)
def test_each_valid_time_is_taken(text):
    assert settled(text) is not None


@fuzz(5000, time=_aware)
def test_a_datetime_is_what_it_was_to_the_millisecond(time):
    found = AssetState(0, time).at
    utc = time.astimezone(datetime.timezone.utc)
    utc = utc.replace(microsecond=utc.microsecond // 1000 * 1000, tzinfo=None)
    assert datetime.datetime.fromisoformat(_padded(found)) == utc


def _padded(text):
    """Return ISO text with three digits of milliseconds, as older Pythons want them."""
    whole, _, fraction = text[:-1].partition(".")
    return whole + "." + (fraction + "000")[:3]


@fuzz(3000, ms=st.integers(-62135596800000, 253402300799999))
def test_milliseconds_come_back(ms):
    assert timestamps.parse(timestamps.iso(ms)) == ms
