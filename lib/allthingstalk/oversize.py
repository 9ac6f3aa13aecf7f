"""Skips messages over the limit, without holding them. Loaded when the first one comes."""

from micropython import const

from .reader import ProtocolError

_RX = const(128)  # as in reader
_TOPIC_MAX = const(512)


def start(reader, i, j, have, length):
    """Acknowledge a message over the limit and begin to skip it; False if its head is not here yet.

    The packet begins at offset `i` of the reader's buffer, its topic at `j`; `length` counts from
    there on.
    """
    rx = reader._rx
    with_id = 2 if rx[i] & 6 else 0
    topic = rx[j] << 8 | rx[j + 1] if have - j > 1 else 0
    if topic + 2 + with_id > length:
        raise ProtocolError("a topic of impossible length")
    n = j - i + 2 + (0 if topic > _TOPIC_MAX else topic + with_id)
    if have - i < n:
        if n > len(rx) or i:
            reader._grow(i, max(n, _RX))
        return False
    reader._skip = j - i + length
    if topic > _TOPIC_MAX:
        name = "a topic of %d" % topic
        if with_id:
            reader._left = length - topic - 2
            reader._skip -= reader._left
    else:
        name = str(rx[j + 2 : j + 2 + topic], "utf-8")
        if with_id:
            reader._acknowledge(rx[i + n - 2], rx[i + n - 1])
    reader._report("a message of %d bytes on %s is over the limit, skipped" % (length, name))
    return True
