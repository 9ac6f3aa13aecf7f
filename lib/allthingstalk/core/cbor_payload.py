"""Messages in CBOR: for a Client with payload="cbor". The same functions as core.payload has.

A message is one map of names and values on `device/{id}/state`, or tag 120, an array of that map,
a time and a place, for values that have one (seen in public clients). In the outbox a value of its
own time lies behind that time and a place, which may be null; one with a place alone lies behind
the head of such a tag and the place.
"""

from ..cbor import append, append_head, append_time, dumps, item_end, loads
from ..outbox import OWN_TIME, RAW, SEVERAL
from . import payload

BEGINNING = END = b""
_NULL = b"\xf6"
POINT = b"\xd8\x78\x83"  # tag 120, an array of three


class Placed:
    """A value and its place, a dict of latitude and longitude, on their way into the outbox."""

    def __init__(self, value, place):
        self.value = value
        self.place = place


def write(stream, value, at):
    """Write a value into a stream of bytes; `at` is its own time, or None."""
    out, place = bytearray(), None
    if isinstance(value, Placed):
        value, place = value.value, value.place
    if at is not None:
        append_time(out, at)
        append(out, place)
    elif place:  # whose time is known when it is sent, as that of any value
        out.extend(POINT)
        append(out, place)
    append(out, value)
    stream.write(out)


def check(text, size):
    """Do nothing: what write() wrote is right."""


def pair(name, value, at):
    """Return a named value for a message of several; None for one that has to go alone."""
    return dumps(name) + dumps(value) if at is None else None


def join(parts):
    """Return the text of several named values."""
    out = bytearray()
    append_head(out, 0xA0, len(parts))
    return bytes(out) + b"".join(parts)


def ending(at):
    """Return the time of a value that had to wait, as an item; b"" where it has none."""
    if not at:
        return END
    out = bytearray()
    append_time(out, at)
    return bytes(out)


def message(record, end, head):
    """Return the message of an outbox record, and the head of its PUBLISH."""
    n = head[0] << 8 | head[1]
    parts = head[2 : n + 2].split(b"/")
    topic = b"/".join(parts[:2]) + b"/state"
    head = bytes((len(topic) >> 8, len(topic) & 255)) + topic + head[n + 2 :]
    return _whole(record, end, parts), head


def _whole(record, end, topic):
    i = record.text
    text = bytes(memoryview(record.buffer)[i : i + record.text_size])
    place = _NULL
    if not record.flags & SEVERAL:
        if record.flags & OWN_TIME:
            i = item_end(text, 0)
            k = item_end(text, i)
            end, place, text = text[:i], text[i:k], text[k:]
        elif text[:3] == POINT:
            i = item_end(text, 3)
            end, place, text = end or _NULL, text[3:i], text[i:]
        text = b"\xa1" + dumps(str(topic[3], "utf-8")) + text
    if not end or record.flags & RAW == RAW:
        return text
    return POINT + text + end + place


def read(message):
    """Return (value, ISO 8601 text or None) of a message in CBOR or JSON; see payload.read().

    JSON begins with a byte of ASCII, a CBOR map, array or tag does not; a bare CBOR value that
    could be JSON is taken for that.
    """
    if isinstance(message, (bytes, bytearray, memoryview)):
        message = bytes(message)
        if message[:1] < b"\x80":
            try:
                return payload.read(message)
            except ValueError:
                pass
        message = loads(message)
        if not isinstance(message, dict):
            return message, None
    return payload.read(message)
