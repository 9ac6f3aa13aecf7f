"""The format of messages: value and time to bytes and back. JSON; other formats plug in here.

A value lies in the outbox as its JSON text, and becomes a message when it is sent: only then is
it known whether it had to wait. One that did carries the time of its assignment; the platform
stamps the others. Formats as seen in public clients.
"""

try:
    from ujson import dump, loads  # on CPython it writes bytes, as on a board
except ImportError:
    from json import dump, loads

BEGINNING = b'{"value":'
END = b"}"


def write(stream, value, at):
    """Write the text of a value into a stream of bytes; `at` is its own time, or None."""
    dump(value, stream)
    if at is not None:
        stream.write(b',"at":"%s"' % at.encode())


def check(text, size):
    """Raise ValueError unless the first `size` bytes of the text of a value are UTF-8."""
    if max(text) > 127:
        from ..utf8 import check

        check(text, size)


def ending(at):
    """Return the end of a message; `at` is its time if it had to wait, or None."""
    return b',"at":"%s"}' % at.encode() if at else END


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
    at = found.get("at")
    if not isinstance(at, str):
        return found["value"], None
    # As the platform writes it: nothing has to be loaded.
    if not (19 < len(at) < 25 and at[10] + at[-1] == "TZ" and at[:4].isdigit()):
        from .. import timestamps

        try:
            at = timestamps.normalise(at)
        except ValueError:
            at = None
    return found["value"], at
