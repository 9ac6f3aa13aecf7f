"""CBOR: 100,000 damaged inputs are a value or a ValueError, and both ways it agrees with cbor2."""

import math
import random

import cbor2
from allthingstalk import cbor
from allthingstalk.core import cbor_payload
from hypothesis import strategies as st

from tests.fuzz.cases import fuzz

_AT_A_TIME = 1000
_numbers = st.integers(-(1 << 80), 1 << 80) | st.floats(allow_nan=False, allow_infinity=False)
_scalars = st.none() | st.booleans() | _numbers | st.text() | st.binary(max_size=40)
_values = st.recursive(
    _scalars,
    lambda part: (
        st.lists(part, max_size=5) | st.dictionaries(st.text(max_size=9), part, max_size=4)
    ),
    max_leaves=12,
)
_SEEDS = (
    b"\xd8\x78\x83\xa2\x64temp\xf9\x4d\x60\x65place\xd8\x67\x82\x01\x02\xc1\x1a\x51\x4b\x67\xb0\xf6",
    b"\xa3\x61a\x9f\x01\x82\x02\x03\xff\x61b\x5f\x41a\x42bc\xff\x61c\xc2\x49\x01" + bytes(8),
    b"\xbf\x65value\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a\x62at\x74" + b"2013-03-21T20:04:00Z\xff",
    b"\x78\x20" + "größer 😀 ".encode() * 2 + b"aa",
)


@fuzz(3000, value=_values)
def test_both_ways_as_cbor2(value):
    data = cbor.dumps(value)
    assert _same(cbor2.loads(data), value)
    theirs = cbor2.dumps(value, canonical=True)
    assert _same(cbor.loads(theirs), value)
    assert len(data) == len(theirs), "as short as canonical CBOR"


def _same(found, value):
    if isinstance(value, float):
        return isinstance(found, float) and (found == value or math.isclose(found, value))
    if isinstance(value, dict):
        return found.keys() == value.keys() and all(_same(found[key], value[key]) for key in value)
    if isinstance(value, list):
        return len(found) == len(value) and all(map(_same, found, value))
    return type(found) is type(value) and found == value


@fuzz(100, number=st.integers(0, 1 << 32))
def test_damaged_inputs(number):
    """A thousand of them for each case: changed, cut off, or any bytes at all."""
    chance = random.Random(number)
    for _ in range(_AT_A_TIME):
        data = bytearray(chance.choice(_SEEDS) if chance.random() < 0.8 else chance.randbytes(20))
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.getrandbits(8)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        for read in (cbor.loads, cbor_payload.read):
            try:
                read(bytes(data))
            except ValueError:
                pass
            except Exception as e:
                raise AssertionError(f"{bytes(data)!r}: {e!r}") from e
