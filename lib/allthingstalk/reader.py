"""The reading half of the MQTT session: takes what has arrived, in pieces of any size.

It never waits, and holds one packet at a time. Where `umqtt.simple` reads a message of any size
into memory, a message over the limit is skipped here.
"""

from micropython import const

from .loading import calling

_RX = const(128)  # bytes read at a time; grows for the packet at hand
_TOPIC_MAX = const(512)  # as in oversize
_INBOX_MAX = const(8192)  # bytes of commands that wait for their handlers


class ProtocolError(OSError):
    """The peer broke the protocol: the link is dead."""


class Reader:
    """The half that reads; `Session` is the other."""

    def __init__(self, net, outbox, max_message, report):
        """Set up, once: the bytes of the largest message taken, and `report(text)`."""
        self._net = net
        self._outbox = outbox
        self.link = None
        self._pid = 0  # the last packet id
        self._asked = {}  # packet id of a SUBSCRIBE -> its filter
        self._wrote_at = 0  # ticks
        self.inbox = []  # (was sent before, topic, payload); outlives the link it came by
        self._inbox_bytes = 0
        # The topic after whose publish the link dropped, -1 for none, and whether others got
        # through since; from the first failure on it is the list that Failures keeps.
        self._failures = [-1, False]
        self._max_message = max_message
        self._report = report
        self._head = bytearray(8)

    def restart(self):
        """Forget what the last session left."""
        self._rx = bytearray(_RX)
        self._have = self._skip = 0
        self._left = 0  # after what is skipped: bytes of packet id and payload that follow
        self._asked.clear()

    def receive(self):
        """Take all that has arrived. Raises OSError when the link has ended."""
        # Bounded: a broker that never stops does not keep the program; nor do acknowledgements
        # pile up that the network does not take.
        for _ in range(256):
            if self._inbox_bytes >= _INBOX_MAX or self.link._to > 1024:
                return
            rx = self._rx
            n = self.link.readinto(memoryview(rx)[self._have :] if self._have else rx)
            if n is None:
                return
            if n == 0:
                raise OSError("the platform closed the connection")
            self._heard_at = self._net.ticks_ms()
            self._have += n
            self._take()

    def take_message(self):
        """Return the oldest message that waits as (sent before, topic, payload), or None."""
        if not self.inbox:
            self._inbox_bytes = 0
            return None
        message = self.inbox.pop(0)
        self._inbox_bytes -= len(message[1]) + len(message[2]) + 64
        return message

    def _take(self):
        """Handle each complete packet in the buffer and keep the rest."""
        rx, have, i = self._rx, self._have, 0
        while i < have:
            if self._skip:
                n = min(self._skip, have - i)
                self._skip -= n
                i += n
                continue
            if have - i < 2:
                break
            if self._left:  # the topic was skipped, which leaves the packet id
                self._acknowledge(rx[i], rx[i + 1])
                self._skip, self._left = self._left, 0
                continue
            length = shift = 0
            j = i + 1
            while j < have:
                length |= (rx[j] & 127) << shift
                j += 1
                if rx[j - 1] < 128:
                    shift = -1
                    break
                shift += 7
                if shift > 21:
                    raise ProtocolError("a packet of impossible length")
            if shift >= 0:
                break
            need = j - i + length
            too_long = length > self._max_message + _TOPIC_MAX
            if have - i < need and not too_long and need > len(rx):
                try:
                    self._grow(i, need)
                    return
                except MemoryError:
                    too_long = True
            if too_long:
                if rx[i] & 0xF0 != 0x30:
                    raise ProtocolError("a packet of impossible length")
                if not calling(" .oversize ", "oversize.start", self, i, j, have, length):
                    return
                continue
            if have - i < need:
                break
            self._packet(rx[i], j, j + length)
            i += need
        have -= i
        if i:
            if len(rx) > _RX and have <= _RX:
                self._rx = bytearray(_RX)
                self._rx[:have] = rx[i : i + have]
            elif have:
                rx[:have] = rx[i : i + have]
        self._have = have

    def _grow(self, i, size):
        """Move what is at offset `i` into a buffer that holds the whole packet."""
        n = self._have - i
        rx = bytearray(size)
        rx[:n] = self._rx[i : self._have]
        self._rx = rx
        self._have = n

    def _acknowledge(self, high, low):
        head = self._head
        head[0] = 0x40
        head[1] = 2
        head[2] = high
        head[3] = low
        self.link.write(head, 4)
        self._wrote_at = self._net.ticks_ms()

    def _packet(self, head, i, end):
        """Handle one packet; its body is rx[i:end]."""
        rx = self._rx
        kind = head & 0xF0
        n = end - i
        if kind == 0x30:
            self._message(head, i, end)
        elif kind == 0x40 and n == 2:
            topic = self._outbox.acknowledged(rx[i] << 8 | rx[i + 1])
            if topic >= 0:
                self._progress_at = self._heard_at
                if topic == self._failures[0]:
                    self._failures[0] = -1
                else:
                    self._failures[1] = True
        elif kind == 0x90 and n >= 3:
            topic_filter = self._asked.pop(rx[i] << 8 | rx[i + 1], None)
            self._progress_at = self._heard_at
            if rx[i + 2] & 0x80:
                self._report("the platform refused the subscription to %s" % topic_filter)
        elif kind == 0xD0 and n == 0:
            self._ping_at = None
        else:
            raise ProtocolError("a packet that may not come: 0x%02x" % head)

    def _message(self, head, i, end):
        rx = self._rx
        qos = head >> 1 & 3
        start = i + 2 + (rx[i] << 8 | rx[i + 1] if end - i > 1 else end)
        body = start + 2 if qos else start
        if qos > 1 or body > end:
            raise ProtocolError("a message that may not come: 0x%02x" % head)
        if qos:
            self._acknowledge(rx[start], rx[start + 1])
        n = start - i - 2
        topic = str(rx[i + 2 : start], "utf-8") if n <= _TOPIC_MAX else "a topic of %d" % n
        payload = None
        if n <= _TOPIC_MAX and end - body <= self._max_message:
            try:
                payload = bytes(memoryview(rx)[body:end])
            except MemoryError:  # acknowledged all the same, or it would come again and again
                pass
        if payload is None:
            self._report("a message of %d bytes on %s is too large" % (end - body, topic))
            return
        self.inbox.append((bool(head & 8), topic, payload))
        self._inbox_bytes += len(topic) + len(payload) + 64
