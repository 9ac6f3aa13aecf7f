"""Commands and feeds of any content: a handler gets only what fits its asset, poll() goes on."""

import json

from fake_net import message
from hypothesis import strategies as st

from tests.fuzz import wire
from tests.fuzz.cases import fuzz
from tests.fuzz.rig import BOARDS, DEVICE_ID, TOKEN, Rig

assets = st.sampled_from(sorted(BOARDS))
streams = st.sampled_from(("command", "feed"))

_numbers = st.sampled_from(
    ("0", "-5", "100", "101", "1e2", "1e400", "-1e400", "1.0", "1.5", "NaN", "Infinity", "9" * 5000)
)
_texts = st.sampled_from(
    ("auto", "ON", " true ", "1", "-5.0", "1e400", "1_0", "\u0663", "\ud800", "9" * 400, "nan", "")
)
plain = (
    st.none()
    | st.booleans()
    | st.integers(-200, 200)
    | st.integers()
    | st.floats()
    | _texts
    | st.text(max_size=8)
)
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("latitude", "longitude", "altitude", "n", "value", "")),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
_times = st.sampled_from(
    (None, 5, "2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "0001-01-01T00:00:00+00:00", [])
) | st.text(max_size=26)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value - value == 0


def is_json(value):
    """Return whether JSON as the platform reads it can carry a value: no NaN in it anywhere."""
    left = [value]  # no recursion: values come nested as deep as the library takes them
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if not all(isinstance(key, str) for key in value):
                return False
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif not (value is None or isinstance(value, (str, bool)) or is_number(value)):
            return False
    return True


# What the profiles in KINDS say, in other words than the library's.
FITS = {
    "count": lambda v: type(v) is int and -5 <= v <= 100,
    "temp": lambda v: is_number(v) and v <= 85,
    "free": is_number,
    "led": lambda v: type(v) is bool,
    "text": lambda v: type(v) is str,
    "mode": lambda v: v in ("auto", "off"),
    "place": lambda v: (
        is_json(v)
        and is_number(v["latitude"])
        and is_number(v["longitude"])
        and is_number(v.get("altitude", 0))
    ),
    "data": lambda v: (
        type(v) is dict and is_json(v) and is_number(v.get("n", 0)) and v.get("n", 0) % 1 == 0
    ),
    "rows": lambda v: type(v) is list and all(is_number(entry) for entry in v),
    "loose": lambda v: type(v) is list and is_json(v),
}


def hears(asset, stream, *payloads):
    """Let a board hear messages; each is handed over or reported, the next ones come through."""
    rig = Rig(BOARDS[asset]).online()
    for payload in payloads:
        heard, errors = len(rig.heard), rig.client.errors
        topic = "device/%s/asset/%s/%s" % (DEVICE_ID, asset, stream)
        rig.feed(message(topic, payload, qos=1))
        rig.poll()
        assert rig.client.connected
        assert len(rig.heard) - heard + rig.client.errors - errors == 1
    for where, member, value, at in rig.heard:
        assert (where, member) == (stream, asset)
        assert FITS[asset](value), "%s heard %r" % (asset, value)
        assert at is None or (isinstance(at, str) and at[10] == "T" and at[-1] == "Z")
    rig.feed(message("device/%s/asset/text/command" % DEVICE_ID, b'"still here"'))
    rig.poll()
    assert rig.heard[-1][2] == "still here"
    return rig


def dumped(value):
    return json.dumps(value).encode()


@fuzz(9000, asset=assets, stream=streams, value=values, at=_times, bare=st.booleans())
def test_any_json(asset, stream, value, at, bare):
    hears(asset, stream, dumped(value if bare else {"value": value, "at": at}))


@fuzz(9000, asset=assets, stream=streams, value=values, changes=wire.changes)
def test_json_damaged_on_the_way(asset, stream, value, changes):
    hears(asset, stream, wire.changed(dumped({"value": value}), changes), b'{"value":1}')


@fuzz(5000, asset=assets, stream=streams, payload=st.binary(max_size=60))
def test_any_bytes(asset, stream, payload):
    hears(asset, stream, payload)


@fuzz(480, asset=assets, stream=streams, number=_numbers, quoted=st.booleans())
def test_numbers_beyond_all_bounds(asset, stream, number, quoted):
    hears(asset, stream, b'{"value":%s}' % (b'"%s"' if quoted else b"%s") % number.encode())


@fuzz(
    1000,
    asset=assets,
    opening=st.sampled_from((b"[", b'{"a":', b'{"value":', b'{"n":[')),
    depth=st.integers(1, 1300),
    closes=st.booleans(),
)
def test_nesting_of_any_depth(asset, opening, depth, closes):
    depth = min(depth, 4000 // len(opening))
    closing = {b"[": b"]", b'{"n":[': b"]}"}.get(opening, b"}")
    payload = opening * depth + (b"1" + closing * depth if closes else b"")
    hears(asset, "command", payload[:4096])


@fuzz(500, asset=assets, before=st.text(max_size=40), after=st.text(max_size=40))
def test_a_report_that_is_cut_short_shows_no_half_of_the_token(asset, before, after):
    rig = hears(asset, "command", dumped({"value": before + TOKEN + after}))
    half = len(TOKEN) // 2 + 1
    for text in rig.reports:
        assert TOKEN[:half] not in text and TOKEN[-half:] not in text
