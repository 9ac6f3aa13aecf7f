"""States as CBOR: one map of asset names and values, or tag 120 around it with a time.

Tags 103 (a place) and 120 (values, time, place) are the platform's own, in IANA's registry of CBOR
tags; times are tag 0 or 1 (RFC 8949, section 3.4).
"""

import datetime
from collections.abc import Mapping

import cbor2

from .times import now_ms

_PLACE, _DATA_POINT = 103, 120
_MOST_DEEP = 32


def read_states(payload: bytes) -> dict[str, tuple[object, int | None]]:
    """Return value and time (milliseconds since 1970, or None) by asset name.

    Raises:
        ValueError: it is no CBOR, or not such a map.
    """
    at_ms = None
    body = _loads(payload)
    if isinstance(body, cbor2.CBORTag) and body.tag == _DATA_POINT:
        body, at_ms = _data_point(body.value)
    if not isinstance(body, Mapping) or not all(isinstance(name, str) for name in body):
        raise ValueError("the states have to be a map of names")
    return {name: _state(value, at_ms) for name, value in body.items()}


def _loads(payload):
    try:
        return cbor2.loads(payload, max_depth=_MOST_DEEP)
    except (cbor2.CBORDecodeError, ValueError, OverflowError, TypeError) as error:
        raise ValueError(f"it is no CBOR: {error}") from None


def _data_point(value):
    """Return values and time of what tag 120 stands before."""
    if not isinstance(value, (list, tuple)):
        return value, None
    if not value:
        raise ValueError("tag 120 has no value")
    at = value[1] if len(value) > 1 else None
    if at is None:
        return value[0], None
    if not isinstance(at, datetime.datetime):
        raise ValueError("the time of tag 120 is no time")
    return value[0], int(at.timestamp() * 1000 + 0.5)


def _state(value, at_ms):
    """Return value and time of one entry of the map, which may be a data point of its own."""
    if isinstance(value, cbor2.CBORTag) and value.tag == _DATA_POINT:
        value, own_ms = _data_point(value.value)
        at_ms = now_ms() if own_ms is None and at_ms is None else own_ms or at_ms
    return _plain(value), at_ms


def _plain(value):
    """Return a value as JSON could carry it. Raises ValueError for what it could not."""
    if isinstance(value, cbor2.CBORTag):
        if value.tag != _PLACE or not isinstance(value.value, (list, tuple)):
            raise ValueError(f"tag {value.tag} is not known here")
        if not 2 <= len(value.value) <= 4:
            raise ValueError("a place (tag 103) has two to four numbers")
        names = ("latitude", "longitude", "altitude", "accuracy")
        found = {name: _plain(part) for name, part in zip(names, value.value)}  # noqa: B905
        return {name: part for name, part in found.items() if part is not None}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if value is cbor2.undefined:
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(f"a {type(value).__name__} is no value of an asset")
