"""Whole messages in JSON: of several values, of bytes that are sent as they are, for REST.

Loaded by the first of them: what has one value is put together by the session, from the parts
that core.payload gives.
"""

try:
    from ujson import dumps
except ImportError:
    from json import dumps

from micropython import const

from ..outbox import RAW, SEVERAL
from .payload import BEGINNING

# No JSON holds it: where the time of one of several values goes, if they had to wait.
_TIME = const(b"\0")


def pair(name, value, at):
    """Return a named value for a message of several, as text."""
    end = ',"at":"%s"}' % at if at is not None else "\0"
    return "%s:%s%s%s" % (dumps(name), str(BEGINNING, "utf-8"), dumps(value), end)


def join(parts):
    """Return the text of several named values, as an outbox record has it."""
    return ",".join(parts).encode()


def message(record, end, head):
    """Return the message of an outbox record, and the head of its PUBLISH."""
    return whole(record, end), head


def whole(record, end):
    """Return the message of an outbox record as one text; `end` is what payload.ending() gave."""
    i = record.text
    text = bytes(memoryview(record.buffer)[i : i + record.text_size])
    if record.flags & RAW == RAW:
        return text
    if record.flags & SEVERAL:
        return b"{" + text.replace(_TIME, end) + b"}"
    return BEGINNING + text + end
