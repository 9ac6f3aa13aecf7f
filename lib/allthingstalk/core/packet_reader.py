"""Cuts the stream of a broker into MQTT packets: in pieces of any size, one packet at a time.

Where `umqtt.simple` reads a message of any size into memory, one over the limit is skipped, see
oversize.
"""

from micropython import const

from . import TOPIC_MAX, ProtocolError

_ROOM = const(128)  # bytes of the buffer; it grows for the packet at hand


class PacketReader:
    """Bytes that came go into buffer[have:]; then next() tells where a packet is."""

    def restart(self):
        """Forget what the last link left."""
        self.buffer = bytearray(_ROOM)
        self.have = self.at = 0  # bytes in the buffer, and where what is not handled yet begins
        self.body = self.end = 0  # of the packet at hand, its body buffer[body:end]
        self.skip = 0  # bytes to pass over
        self.rest = 0  # after those, of a message with a long topic: packet id and payload

    def next(self):
        """Return the first byte of the next complete packet; -1 if there is none yet.

        `max_message` bounds the payload; a packet that cannot hold such a one is skipped.
        """
        b, have = self.buffer, self.have
        while True:
            if self.skip or self.rest:
                from .oversize import go_on

                go_on(self)
            i = self.at
            length = shift = 0
            j = i + 1
            while True:
                if j >= have:
                    return self.keep(0)
                length |= (b[j] & 127) << shift
                j += 1
                if b[j - 1] < 128:
                    break
                shift += 7
                if shift > 21:
                    raise ProtocolError("a packet of impossible length")
            end = j + length
            if end <= have:
                self.body, self.end, self.at = j, end, end
                return b[i]
            try:
                if length <= self.max_message + TOPIC_MAX:
                    return self.keep(end - i)
            except MemoryError:  # the message has to go, not the link
                pass
            from .oversize import begin

            if not begin(self, i, j, length):
                return -1

    def keep(self, size):
        """Move what is left to the front of a buffer for a packet of `size` bytes; return -1."""
        b, left = self.buffer, self.have - self.at
        size = max(size, _ROOM)
        if size > len(b) or len(b) > _ROOM >= left and size == _ROOM:
            self.buffer = bytearray(size)
            self.buffer[:left] = b[self.at : self.have]
        elif self.at and left:
            b[:left] = b[self.at : self.have]
        self.have, self.at = left, 0
        return -1
