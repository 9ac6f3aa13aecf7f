"""The MQTT 3.1.1 session, over `umqtt.simple`: pipelined publishing, a reader that never waits.

The engine makes the connection (CONNECT, last will, CONNACK), says PINGREQ and DISCONNECT. Where
it falls short it is extended here: it waits for each PUBACK, reads messages of any size, and
takes one message a call.
"""

from micropython import const
from umqtt import simple as engine

from .outbox import HEAD

_BEGINNING = b'{"value":'
_WINDOW = const(32)  # packets that may be unacknowledged at a time
_BATCH = const(1024)  # bytes gathered before they are written
_RX = const(128)  # bytes read at a time; grows for the packet at hand
_TOPIC_MAX = const(512)
_INBOX_MAX = const(8192)  # bytes of commands that wait for their handlers


class ProtocolError(OSError):
    """The peer broke the protocol: the link is dead."""


class Session(engine.MQTTClient):
    def __init__(self, client_id, token, keepalive, net, outbox, max_message, report):
        # Any password will do, but not none (platform-api, section 1); old engines compute the
        # length of CONNECT right only below 128 bytes, so it is a short one.
        # Engines before 1.3.4 ask DNS right here.
        net.lend(
            engine,
            None,
            lambda: engine.MQTTClient.__init__(self, client_id, "", 0, token, b"-", keepalive),
        )
        self.link = None
        self.inbox = []  # (was sent before, topic, payload)
        self.published_at = 0  # ticks of the last publish
        self.failures = None  # is told of each PUBACK once there was a failure
        self._net = net
        self._outbox = outbox
        self._max_message = max_message
        self._report = report
        self._rx = bytearray(_RX)
        self._head = bytearray(8)

    def open(self, link, timeout_s):
        """Say CONNECT over a Link that is connected. Raises the engine's errors."""
        self.link = link
        self._have = self._skip = self._inbox_bytes = 0
        self._wait_ms = int(timeout_s * 1000)
        self.subscribed = []
        self._asked = {}  # packet id of a SUBSCRIBE -> its filter
        self._ping_at = self._stuck_at = None
        self._net.lend(engine, link, self.connect)
        link.unblock()
        now = self._net.ticks_ms()
        self.opened_at = self._heard_at = self._wrote_at = self._progress_at = now

    def subscribe_later(self, topic_filter):
        """Write SUBSCRIBE at QoS 1 and do not wait for its SUBACK."""
        f = topic_filter.encode()
        packet_id = self._packet_id()
        n = len(f) + 5
        head = self._head
        head[0] = 0x82
        i = _put_length(head, n)
        head[i] = packet_id >> 8
        head[i + 1] = packet_id & 255
        head[i + 2] = len(f) >> 8
        head[i + 3] = len(f) & 255
        self._wrote()
        self.link.write(head, i + 4)
        self.link.write(f)
        self.link.write(b"\x01")
        if not self._asked:
            self._progress_at = self._net.ticks_ms()
        self._asked[packet_id] = topic_filter
        self.subscribed.append(topic_filter)

    def settled(self):
        """Return whether the broker has answered all subscriptions."""
        return not self._asked

    def _packet_id(self):
        self.pid = self.pid % 65535 + 1
        return self.pid

    def _wrote(self):
        self._wrote_at = self._net.ticks_ms()

    # -- out ------------------------------------------------------------------------------------

    def send(self, topics, ending, qos, apart):
        """Write what the outbox holds, as far as the window and the network take it.

        `topics` maps topic numbers to topics, `ending(flags, second, ms)` returns what ends the
        message of a record of the outbox. Values of the topic `apart` go alone, when no others
        are left.
        """
        if not self.link.push():
            return
        outbox = self._outbox
        gathered = 0
        while outbox.in_flight < _WINDOW:
            i = outbox.waiting(apart)
            if i < 0 and apart >= 0 and not outbox.in_flight:
                i = outbox.waiting(apart, True)
            if i < 0:
                break
            n, flags, _, topic, second, ms = outbox.head(i)
            gathered += self._publish(i, n, topics[topic], ending(flags, second, ms), qos)
            if gathered > _BATCH:
                if not self.link.push():
                    return
                gathered = 0
        self.link.push()

    def _publish(self, i, n, topic, ending, qos):
        """Gather a PUBLISH of the record at offset `i`, `n` bytes long; return its length."""
        outbox, link, head = self._outbox, self.link, self._head
        n -= HEAD
        length = 2 + len(topic) + 2 * qos + len(_BEGINNING) + n + len(ending)
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
        link.write(_BEGINNING)
        link.write(outbox.buffer, n, i + HEAD)
        link.write(ending)
        if not qos:
            outbox.remove(i)
        self._wrote()
        self.published_at = self._wrote_at
        return at + length

    # -- in -------------------------------------------------------------------------------------

    def receive(self):
        """Take all that has arrived. Raises OSError when the link has ended."""
        while self._inbox_bytes < _INBOX_MAX:
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
            return None
        message = self.inbox.pop(0)
        self._inbox_bytes -= len(message[2]) + 64
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
                if not self._begin_skip(i, j, have, length):
                    return
                i = have if self._skip else i + need
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

    def _begin_skip(self, i, j, have, length):
        """Acknowledge a message over the limit and skip it; False if its head is not here yet."""
        rx = self._rx
        with_id = rx[i] & 6
        n = j - i + 4 + (rx[j] << 8 | rx[j + 1] if have - j > 1 else 0)
        if n - 4 > _TOPIC_MAX + 8:
            raise ProtocolError("a topic of impossible length")
        if have - i < n:
            if n > len(rx) or i:
                self._grow(i, max(n, _RX))
            return False
        if with_id:
            self._acknowledge(rx[i + n - 2], rx[i + n - 1])
        topic = str(rx[j + 2 : i + n - 2], "utf-8")
        self._report("a message of %d bytes on %s is over the limit, skipped" % (length, topic))
        self._skip = j - i + length - (have - i)
        if self._skip < 0:
            self._skip = 0
        return True

    def _acknowledge(self, high, low):
        head = self._head
        head[0] = 0x40
        head[1] = 2
        head[2] = high
        head[3] = low
        self.link.write(head, 4)
        self._wrote()

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
                if self.failures:
                    self.failures.acknowledged(topic)
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
        start = i + 2 + (rx[i] << 8 | rx[i + 1] if end - i > 1 else _TOPIC_MAX + 1)
        body = start + 2 if qos else start
        if qos > 1 or body > end or start - i > _TOPIC_MAX:
            raise ProtocolError("a message that may not come: 0x%02x" % head)
        topic, payload = str(rx[i + 2 : start], "utf-8"), bytes(rx[body:end])
        if qos:
            self._acknowledge(rx[start], rx[start + 1])
        if end - body > self._max_message:
            self._report("a message of %d bytes on %s is over the limit" % (end - body, topic))
            return
        self.inbox.append((bool(head & 8), topic, payload))
        self._inbox_bytes += len(payload) + 64

    # -- is it alive ----------------------------------------------------------------------------

    def check(self):
        """Ping where it is due. Raises OSError if the link is dead."""
        diff, now, wait = self._net.ticks_diff, self._net.ticks_ms(), self._wait_ms
        if self._ping_at is not None:
            if diff(now, self._ping_at) > wait:
                raise OSError("dead: a ping was not answered")
        elif self.keepalive:
            half = self.keepalive * 500
            if diff(now, self._heard_at) > half or diff(now, self._wrote_at) > half:
                self.ping()
                self._wrote()
                self._ping_at = now
        if (self._outbox.in_flight or self._asked) and diff(now, self._progress_at) > wait:
            raise OSError("dead: a packet was not acknowledged")
        if (self._have or self._skip) and diff(now, self._heard_at) > wait:
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
                try:
                    self.disconnect()
                except OSError:  # gone already: that is what was wanted
                    pass
            link.close()
        self.link = self.sock = None
        self.inbox = []
        self._rx = bytearray(_RX)
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
