"""The format of messages: value and time to bytes and back. JSON; other formats plug in here.

A value lies in the outbox as its JSON text, and becomes a message when it is sent: only then is
it known whether it had to wait. One that did carries the time of its assignment; the platform
stamps the others. Formats as seen in public clients.
"""

from io import BytesIO

try:
    from ujson import dump, dumps, loads  # on CPython it writes bytes, as on a board
except ImportError:
    from json import dump, dumps, loads

from ..outbox import ABSOLUTE, OWN_TIME, SEVERAL, TIMELESS

BEGINNING = b'{"value":'
END = b"}"
_TIME = b"\0"  # no JSON holds it: where the time of one of several values goes, if they had to wait
_ROOM = 64  # bytes of a text for which nothing is allocated


class Writer:
    """Turns values into text, in one buffer: `text`, of which write() says how much counts."""

    def __init__(self):
        self._begin()

    def _begin(self):
        self.text = bytearray(_ROOM)
        self._stream = BytesIO(self.text)

    def write(self, value, at):
        """Write a value, and its own time if `at` is not None; return the length of the text."""
        if len(self.text) > _ROOM:
            self._begin()
        stream = self._stream
        stream.seek(0)
        dump(value, stream)
        if at is not None:
            stream.write(b',"at":"%s"' % at.encode())
        n = stream.tell()
        if n > _ROOM:
            self.text = bytearray(n)
        stream.seek(0)
        stream.readinto(self.text)
        return n


def value_and_time(state, where):
    """Return (value, time as text or None) of what a program assigned: a value or an AssetState.

    Raises TypeError for what JSON cannot carry, ValueError for a float that is not finite.
    """
    at = None
    if hasattr(state, "at"):  # the class of AssetState is not loaded for those who use none
        state, at = state.value, state.at
    cls = type(state)
    if not (cls is int or cls is bool or cls is str):
        from .values import check_json

        check_json(state, where)
    return state, at


def text(value, at):
    """Return what Writer.write() writes, as bytes of their own."""
    end = b',"at":"%s"' % at.encode() if at is not None else b""
    return dumps(value).encode() + end


def pair(name, value, at):
    """Return a named value for a message of several, as text."""
    end = ',"at":"%s"}' % at if at is not None else "\0"
    return "%s:%s%s%s" % (dumps(name), str(BEGINNING, "utf-8"), dumps(value), end)


def ending(record, age_ms):
    """Return the end of the message of an outbox record assigned `age_ms` ago."""
    flags = record.flags
    if flags & ABSOLUTE or age_ms >= 1000 and not flags & (OWN_TIME | TIMELESS):
        from .. import timestamps

        at = timestamps.now_ms()
        if flags & ABSOLUTE:
            at = record.second * 1000 + record.ms()
        elif at:
            at -= age_ms
        if at:
            return b',"at":"%s"}' % timestamps.iso(at).encode()
    return END


def whole(record, end):
    """Return the message of an outbox record as one text; `end` is what ending() returned."""
    i = record.text
    text = bytes(memoryview(record.buffer)[i : i + record.text_size])
    if record.flags & SEVERAL:
        return b"{" + text.replace(_TIME, end) + b"}"
    return BEGINNING + text + end


def read(message):
    """Return (value, ISO 8601 text or None) of a message; keys in any case, or a bare value.

    Raises ValueError for what has no value.
    """
    if isinstance(message, (bytes, bytearray, memoryview)):
        message = str(message, "utf-8")
    if isinstance(message, str):
        message = loads(message)
    if not isinstance(message, dict):
        return message, None
    value = at = None
    found = False
    for key in message:
        word = str(key).lower()  # MicroPython's json reads {1:2} as well
        if word == "value":
            value, found = message[key], True
        elif word == "at":
            at = message[key]
    if not found:
        raise ValueError("it has no value")
    return value, utc(at)


def utc(at):
    """Return the time in a message as ISO 8601 text in UTC; None if there is none."""
    if not isinstance(at, str):
        return None
    # As the platform writes it: nothing has to be loaded.
    if 19 < len(at) < 25 and at[10] + at[-1] == "TZ" and at[:4].isdigit():
        return at
    from .. import timestamps

    try:
        return timestamps.normalise(at)
    except ValueError:
        return None
