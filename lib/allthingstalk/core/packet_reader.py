"""Cuts the stream of a broker into MQTT packets: in pieces of any size, one packet at a time.

Where `umqtt.simple` reads a message of any size into memory, one over the limit is skipped here.
"""

from micropython import const

_ROOM = const(128)  # bytes of the buffer; it grows for the packet at hand
TOPIC_MAX = const(512)  # bytes


class ProtocolError(OSError):
    """The peer broke the protocol (MQTT 3.1.1): the link is dead."""


class PacketReader:
    """After `next()` the body of a packet is buffer[start:end].

    `max_message`: bytes of the largest payload. A packet that cannot hold such a one is skipped;
    `skipped(packet_id, size, topic)` is told, with 0 for a message at QoS 0.
    """

    def __init__(self, max_message, skipped):
        self._most = max_message + TOPIC_MAX
        self._skipped = skipped
        self.restart()

    def restart(self):
        """Forget what the last link left."""
        self.buffer = bytearray(_ROOM)
        self.start = self.end = 0
        self._have = self._at = 0
        self._skip = 0  # bytes to pass over
        self._rest = 0  # after those, of a message with a long topic: packet id and payload

    @property
    def stalled(self):
        """Whether the rest of a packet is still to come."""
        return self._have or self._skip or self._rest

    def space(self):
        """Return where the next bytes go; then tell took() how many there are."""
        return memoryview(self.buffer)[self._have :] if self._have else self.buffer

    def took(self, n):
        self._have += n

    def next(self):
        """Return the first byte of the next complete packet; -1 if there is none yet."""
        b, have = self.buffer, self._have
        while True:
            i = self._at
            if self._skip:
                n = min(self._skip, have - i)
                self._skip -= n
                self._at = i = i + n
            if have - i < 2 or self._skip:
                return self._keep(0)
            if self._rest:
                self._skipped(b[i] << 8 | b[i + 1], self._rest, "a topic over the limit")
                self._skip, self._rest = self._rest, 0
                continue
            length = shift = 0
            j = i + 1
            while True:
                if j == have:
                    return self._keep(0)
                length |= (b[j] & 127) << shift
                j += 1
                if b[j - 1] < 128:
                    break
                shift += 7
                if shift > 21:
                    raise ProtocolError("a packet of impossible length")
            end = j + length
            if end <= have:
                self.start, self.end, self._at = j, end, end
                return b[i]
            if length <= self._most:
                try:
                    return self._keep(end - i)
                except MemoryError:  # the message has to go, not the link
                    pass
            if not self._skip_message(i, j, length):
                return -1

    def _keep(self, size):
        """Move what is left to the front of a buffer for a packet of `size` bytes; return -1."""
        b, i = self.buffer, self._at
        left = self._have - i
        size = max(size, _ROOM)
        if size > len(b) or len(b) > _ROOM and left <= _ROOM == size:
            self.buffer = bytearray(size)
            self.buffer[:left] = b[i : i + left]
        elif i and left:
            b[:left] = b[i : i + left]
        self._have, self._at = left, 0
        return -1

    def _skip_message(self, i, j, length):
        """Pass over a packet that is too large; False while its topic is not here yet.

        The packet begins at offset `i`, its body at `j`.
        """
        b, have = self.buffer, self._have
        if b[i] & 0xF0 != 0x30:
            raise ProtocolError("a packet of impossible length")
        id_size = 2 if b[i] & 6 else 0
        topic = b[j] << 8 | b[j + 1] if have - j > 1 else 0
        if topic + 2 + id_size > length:
            raise ProtocolError("a topic of impossible length")
        n = j + 2 + (0 if topic > TOPIC_MAX else topic + id_size)
        if have < n:
            self._keep(n - i)
            return False
        self._skip = j + length - i
        if topic <= TOPIC_MAX:
            packet_id = b[n - 2] << 8 | b[n - 1] if id_size else 0
            self._skipped(packet_id, length, str(b[j + 2 : j + 2 + topic], "utf-8"))
        elif id_size:
            self._rest = length - topic - 2
            self._skip -= self._rest
        else:
            self._skipped(0, length, "a topic over the limit")
        return True
