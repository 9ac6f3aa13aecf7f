"""The format of messages: value and time to bytes and back. JSON; other formats plug in here.

A value lies in the outbox as its JSON text, and becomes a message when it is sent: only then is
it known whether it had to wait. One that did carries the time of its assignment; the platform
stamps the others. Formats as seen in public clients.
"""

from micropython import const

try:
    from ujson import dump, dumps, loads  # on CPython it writes bytes, as on a board
except ImportError:
    from json import dump, dumps, loads

from ..outbox import ABSOLUTE, OWN_TIME, RAW, SEVERAL, TIMELESS

BEGINNING = b'{"value":'
END = b"}"
# No JSON holds it: where the time of one of several values goes, if they had to wait.
_TIME = const(b"\0")


def write(stream, value, at):
    """Write the text of a value into a stream of bytes; `at` is its own time, or None."""
    dump(value, stream)
    if at is not None:
        stream.write(b',"at":"%s"' % at.encode())


def pair(name, value, at):
    """Return a named value for a message of several, as text."""
    end = ',"at":"%s"}' % at if at is not None else "\0"
    return "%s:%s%s%s" % (dumps(name), str(BEGINNING, "utf-8"), dumps(value), end)


def join(parts):
    """Return the text of several named values, as an outbox record has it."""
    return ",".join(parts).encode()


def check(text, size):
    """Raise ValueError unless the first `size` bytes of the text of a value are UTF-8."""
    if max(text) > 127:
        from ..utf8 import check

        check(text, size)


def ending(record, age_ms):
    """Return the end of the message of an outbox record assigned `age_ms` ago."""
    at = late_time(record, age_ms)
    return b',"at":"%s"}' % at.encode() if at else END


def late_time(record, age_ms):
    """Return the time that an outbox record has to have as text; None if the platform stamps it."""
    flags = record.flags
    if flags & ABSOLUTE or age_ms >= 1000 and not flags & (OWN_TIME | TIMELESS):
        from ..timestamps import of_late_value

        return of_late_value(
            age_ms, record.second * 1000 + record.ms() if flags & ABSOLUTE else None
        )
    return None


def begin(topic):
    """Return the topic of a message, and how it begins before the text of its value."""
    return topic, BEGINNING if b"/asset/" in topic else b""


def whole(record, end, topic=None):
    """Return the message of an outbox record as one text; `end` is what ending() returned."""
    i = record.text
    text = bytes(memoryview(record.buffer)[i : i + record.text_size])
    if record.flags & SEVERAL:
        if record.flags & RAW == RAW:
            return text
        return b"{" + text.replace(_TIME, end) + b"}"
    return BEGINNING + text + end


def read(message):
    """Return (value, ISO 8601 text or None) of a message; keys in any case, or a bare value.

    Raises ValueError for what has no value, and for text that is no UTF-8.
    """
    if isinstance(message, str):
        message = message.encode()
    if isinstance(message, (bytes, bytearray, memoryview)):
        message = bytes(message)
        if b"\\u" in message or max(message or b" ") > 127:
            from ..utf8 import loads as strictly

            message = strictly(message)
        else:
            message = loads(str(message, "utf-8"))
    if not isinstance(message, dict):
        return message, None
    found = {}
    for key in message:
        found[str(key).lower()] = message[key]  # MicroPython's json reads {1:2} as well
    if "value" not in found:
        raise ValueError("it has no value")
    return found["value"], utc(found.get("at"))


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
