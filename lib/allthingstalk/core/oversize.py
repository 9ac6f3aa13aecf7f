"""Skips messages over the limit, without holding them. Loaded when the first one comes."""

from .commands import too_large


def begin(reader, i, j, length):
    """Begin to pass over a packet that is too large; False while its topic is not here yet.

    The packet begins at offset `i` of the buffer, its body at `j`.
    """
    b, have = reader.buffer, reader.have
    if b[i] & 0xF0 != 0x30:
        raise OSError("a packet of impossible length")
    id_size = 2 if b[i] & 6 else 0
    topic = b[j] << 8 | b[j + 1] if have - j > 1 else 0
    if topic + 2 + id_size > length:
        raise OSError("a topic of impossible length")
    n = j + 2 + (0 if topic > reader.topic_max else topic + id_size)
    if have < n:
        reader.keep(n - i)
        return False
    reader.skip = j + length - i
    if topic <= reader.topic_max:
        packet_id = b[n - 2] << 8 | b[n - 1] if id_size else 0
        too_large(reader, packet_id, length, str(b[j + 2 : j + 2 + topic], "utf-8"))
    elif id_size:
        reader.rest = length - topic - 2
        reader.skip -= reader.rest
    else:
        too_large(reader, 0, length, "a topic over the limit")
    return True


def go_on(reader):
    """Pass over what has arrived."""
    while True:
        n = min(reader.skip, reader.have - reader.at)
        reader.skip -= n
        reader.at += n
        if reader.skip or not reader.rest or reader.have - reader.at < 2:
            return
        b, i = reader.buffer, reader.at
        too_large(reader, b[i] << 8 | b[i + 1], reader.rest, "a topic over the limit")
        reader.skip, reader.rest = reader.rest, 0
