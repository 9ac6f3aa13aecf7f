"""The MQTT 3.1.1 session, from CONNACK on: pipelined publishing, keepalive.

`umqtt.simple` makes the connection, see `opening`, and is let go then: it would wait for each
PUBACK, write a packet in four or five pieces, and hold 4 KB of RAM to do so.
"""

from micropython import const

from .loading import function
from .outbox import HEAD, SEVERAL
from .reader import Reader

_BEGINNING = b'{"value":'
_WINDOW = const(64)  # packets that may be unacknowledged at a time
_BATCH = const(1024)  # bytes gathered before they are written


class Session(Reader):
    def open(self, link, timeout_s, keepalive):
        """Begin, on a Link over which CONNACK has come. Both times in seconds."""
        self.link = link
        self.restart()
        self._wait_ms = int(timeout_s * 1000)
        self._half_ms = keepalive * 500
        self.subscribed = []
        self._ping_at = self._stuck_at = None
        self.published_at = None  # ticks of the last publish
        link.unblock()
        now = self._net.ticks_ms()
        self.opened_at = self.at = self._heard_at = self._wrote_at = self._progress_at = now

    def settled(self):
        """Return whether the broker has answered all subscriptions."""
        return not self._asked

    def _packet_id(self):
        self._pid = self._pid % 65535 + 1
        return self._pid

    # -- out ------------------------------------------------------------------------------------

    def send(self, topics, ending, client, qos):
        """Write what the outbox holds, as far as the window and the network take it.

        `topics` maps topic numbers to topics, `ending(client, flags, second, ms)` returns what ends
        the message of a record of the outbox. Values of a topic that is suspected of making the
        link drop go alone, when no others are left or when others were acknowledged.
        """
        if not self.link.push():
            return
        outbox = self._outbox
        gathered = 0
        # Once others got through it is the suspect's turn: they wait until it is known.
        apart = self._failures[0]
        only = apart >= 0 and self._failures[1] and outbox.find(topic=apart) >= 0
        while outbox.in_flight < _WINDOW:
            i = -1 if only else outbox.waiting(apart)
            if i < 0 and apart >= 0 and not outbox.in_flight:
                i = outbox.waiting(apart, True)
            if i < 0:
                break
            b = outbox.buffer  # outbox.head(i) without its tuple
            flags = b[i + 2]
            second = ((b[i + 7] << 8 | b[i + 8]) << 8 | b[i + 9]) << 8 | b[i + 10]
            end = ending(client, flags, second, b[i + 11] << 8 | b[i + 12])
            topic = topics[b[i + 5] << 8 | b[i + 6]]
            gathered += self._publish(i, b[i] << 8 | b[i + 1], flags, topic, end, qos)
            if gathered > _BATCH:
                if not self.link.push():
                    return
                gathered = 0
        self.link.push()

    def _publish(self, i, n, flags, topic, ending, qos):
        """Gather a PUBLISH of the record at offset `i`, `n` bytes long; return its length."""
        outbox, link, head = self._outbox, self.link, self._head
        beginning, text, start = _BEGINNING, outbox.buffer, i + HEAD
        n -= HEAD
        if flags & SEVERAL:
            text, start = function("several.message")(text, start, n, ending), 0
            n = len(text)
            beginning = ending = b""
        length = 2 + len(topic) + 2 * qos + len(beginning) + n + len(ending)
        head[0] = 0x30 | qos << 1
        if qos:
            if not outbox.in_flight:
                self._progress_at = self._net.ticks_ms()
            packet_id = self._packet_id()
            if outbox.sent(i, packet_id):
                head[0] |= 8  # DUP
        at = _put_length(head, length)
        head[at] = len(topic) >> 8
        head[at + 1] = len(topic) & 255
        link.write(head, at + 2)
        link.write(topic)
        if qos:
            head[0] = packet_id >> 8
            head[1] = packet_id & 255
            link.write(head, 2)
        link.write(beginning)
        link.write(text, n, start)
        link.write(ending)
        if not qos:
            outbox.remove(i)
        self._wrote_at = self.published_at = self._net.ticks_ms()
        return at + length

    # -- is it alive ----------------------------------------------------------------------------

    def ping(self):
        self.link.write(b"\xc0\0")  # PINGREQ
        self._wrote_at = self._ping_at = self._net.ticks_ms()

    def check(self):
        """Ping where it is due. Raises OSError if the link is dead."""
        diff, now, wait = self._net.ticks_diff, self._net.ticks_ms(), self._wait_ms
        self.at = now
        if self._ping_at is not None:
            if diff(now, self._ping_at) > wait:
                raise OSError("dead: a ping was not answered")
        elif self._half_ms:
            half = self._half_ms
            if diff(now, self._heard_at) > half or diff(now, self._wrote_at) > half:
                self.ping()
        if (self._outbox.in_flight or self._asked) and diff(now, self._progress_at) > wait:
            raise OSError("dead: a packet was not acknowledged")
        if (self._have or self._skip or self._left) and diff(now, self._heard_at) > wait:
            raise OSError("dead: a packet stalled half-way")
        if self.link.push():
            self._stuck_at = None
        elif self._stuck_at is None:
            self._stuck_at = now
        elif diff(now, self._stuck_at) > wait:
            raise OSError("dead: the network takes nothing")

    def shut(self, politely=False):
        """Close the link, with DISCONNECT if `politely`; what was on its way waits again."""
        link = self.link
        if link:
            if politely:
                link.write(b"\xe0\0")  # DISCONNECT
            link.close()
        self.link = None
        self.restart()
        self._outbox.rewind()


def _put_length(head, n):
    """Put a packet's remaining length into `head` from offset 1; return the offset behind it."""
    i = 1
    while n > 127:
        head[i] = n & 127 | 128
        n >>= 7
        i += 1
    head[i] = n
    return i + 1
