"""The MQTT 3.1.1 session, from CONNACK on: pipelined publishing, keepalive, subscriptions.

No socket and no clock in here: bytes that came are put into `reader`, bytes to be sent lie in
`out[start:end]`, and `now` is given. `umqtt.simple` makes the connection, see connect.mqtt_connect:
as a session it would wait for each PUBACK, and write a packet in four or five pieces.
"""

from micropython import const

from ..outbox import SEVERAL
from . import payload
from .packet_reader import TOPIC_MAX, PacketReader, ProtocolError

_WINDOW = const(64)  # packets that may be unacknowledged at a time
_BATCH = const(1024)  # bytes gathered before they are written
_ROOM = const(256)  # of `out`; it grows as needed
_INBOX_MAX = const(8192)  # bytes of messages that wait for their handlers


class Session:
    """Outlives its links: what an old one left unacknowledged goes out over the next.

    `outbox` and `topics` hold what is to be published; `ending()` returns the end of the message
    of the record at hand; `report(text)` is told what went wrong without ending the link.
    """

    def __init__(self, outbox, topics, ending, qos, max_message, report, ticks_diff):
        self._outbox = outbox
        self._topics = topics
        self._ending = ending
        self._qos = qos
        self._max_message = max_message
        self._report = report
        self._diff = ticks_diff
        self.reader = PacketReader(max_message, self._too_large)
        self.inbox = []  # (again, topic, payload); `again`: redelivered, DUP
        self._inbox_bytes = 0
        self._heads = []  # topic number -> what a PUBLISH has between its length and the value
        self._packet_id = 0  # the last one
        self.out = bytearray(_ROOM)
        # A topic after whose publish the link dropped, -1: none, and whether others were
        # acknowledged since; see connect.suspect.
        self.suspect = -1
        self.others = False
        self._strikes = 0
        self._forget(0)

    def _forget(self, now):
        """Forget what the last link left."""
        self.reader.restart()
        self.start = self.end = 0
        self._asked = {}  # packet id of a SUBSCRIBE -> its filter
        self.subscribed = []
        self._ping_at = self._stuck_at = None
        self.published_at = None  # ticks of the last publish
        self.proven = False  # something was acknowledged
        self.opened_at = self.seen_at = self._heard_at = self._wrote_at = self._progress_at = now

    def open(self, now, timeout_s, keepalive_s):
        """Begin, over a link on which CONNACK has come."""
        self._forget(now)
        self._wait_ms = int(timeout_s * 1000)
        self._half_ms = keepalive_s * 500

    def close(self, now, politely=False):
        """End: what was on its way waits again. Only DISCONNECT is left to be sent, if anything."""
        self._forget(now)
        self._outbox.rewind()
        if politely:
            self._put(b"\xe0\0")

    def settled(self):
        """Return whether the broker has answered all subscriptions."""
        return not self._asked

    def strike(self, topic, most):
        """Note that the link dropped at a publish of a topic; return whether that is once too often.

        Its values go apart from others from now on. Only a drop since which others were
        acknowledged counts, `most` of them in a row are too many.
        """
        if topic != self.suspect:
            self.suspect, self._strikes = topic, 1
        elif self.others:
            self._strikes += 1
        self.others = False
        if self._strikes < most:
            return False
        self.suspect = -1
        return True

    # -- out ------------------------------------------------------------------------------------

    def _put(self, data):
        """Gather bytes to be sent."""
        end = self.end + len(data)
        if end > len(self.out):
            self.out.extend(bytes(end - len(self.out)))
        self.out[self.end : end] = data
        self.end = end

    def sent(self, start, now):
        """Take note that all before `start` was sent."""
        if start > self.start:
            self._wrote_at = now
        self.start = start
        if start == self.end:
            self.start = self.end = 0
            self._stuck_at = None
            if len(self.out) > 2 * _BATCH:
                self.out = bytearray(_ROOM)
        elif self._stuck_at is None:
            self._stuck_at = now

    def _next_id(self):
        self._packet_id = self._packet_id % 65535 + 1
        return self._packet_id

    def subscribe(self, topic_filter, now):
        """Ask for messages at QoS 1 (MQTT 3.1.1, section 3.8), once a link."""
        if topic_filter in self.subscribed:
            return
        packet_id = self._next_id()
        f = topic_filter.encode()
        n = len(f) + 5
        head = b"\x82" + (bytes((n,)) if n < 128 else bytes((n & 127 | 128, n >> 7)))
        self._put(head + bytes((packet_id >> 8, packet_id & 255, len(f) >> 8, len(f) & 255)))
        self._put(f + b"\x01")
        if not self._asked:
            self._progress_at = now
        self._asked[packet_id] = topic_filter
        self.subscribed.append(topic_filter)

    def send(self, now, second):
        """Gather what the outbox holds, as far as the window allows; return whether more waits.

        `second`: of the outbox's clock. Values of a topic that is suspected of making the link
        drop go alone: when no others are left, or when others were acknowledged.
        """
        outbox, out, apart, qos = self._outbox, self.out, self.suspect, self._qos
        # Once others got through it is the suspect's turn: they wait until it is known.
        only = apart >= 0 and self.others and outbox.find(apart)
        while outbox.in_flight < _WINDOW:
            if only or not outbox.next(apart):
                if apart < 0 or outbox.in_flight or not outbox.next(apart, True):
                    return False
            end = payload.END
            if outbox.second != second or outbox.flags & 0xE0:
                end = self._ending()
            number, n, i = outbox.topic, outbox.text_size, self.end
            if number >= len(self._heads):
                self._add_heads()
            text, t = outbox.buffer, outbox.text
            if outbox.flags & SEVERAL:
                text, t = payload.whole(outbox, end), 0
                n, end = len(text), b""
            head = self._heads[number]
            k, e = len(head), len(end)
            length = k + n + e
            if i + length + 5 > len(out):
                out.extend(bytes(i + length + 5 - len(out)))
            out[i] = 0x30
            p = i
            i += 1
            while length > 127:
                out[i] = length & 127 | 128
                length >>= 7
                i += 1
            out[i] = length
            i += 1
            out[i : i + k] = head
            if qos:
                packet_id = self._next_id()
                if not outbox.in_flight:
                    self._progress_at = now
                out[p] = 0x3A if outbox.sent(packet_id) else 0x32  # with DUP or without
                p = i + (head[0] << 8 | head[1]) + 2
                out[p] = packet_id >> 8
                out[p + 1] = packet_id & 255
            i += k
            if n < 25:
                for k in range(n):
                    out[i + k] = text[t + k]
            else:
                out[i : i + n] = memoryview(text)[t : t + n]
            i += n
            if e == 1:
                out[i] = 0x7D
            else:
                out[i : i + e] = end
            self.end = i + e
            self.published_at = now
            if not qos:
                outbox.remove(outbox.at)
            if self.end > _BATCH:
                return True
        return False

    def _add_heads(self):
        """Make ready what the messages of a topic have in common; room for a packet id is in it."""
        for number in range(len(self._heads), len(self._topics.by_number)):
            topic = self._topics.by_number[number]
            head = bytes((len(topic) >> 8, len(topic) & 255)) + topic + b"\0\0"[: 2 * self._qos]
            if self._topics.asset(number)[1]:
                head += payload.BEGINNING
            self._heads.append(head)

    # -- in -------------------------------------------------------------------------------------

    def full(self):
        """Return whether nothing more is to be read: messages or acknowledgements pile up."""
        return self._inbox_bytes >= _INBOX_MAX or self.end > _BATCH

    def receive(self, n, now):
        """Handle the `n` bytes that were put into reader.space()."""
        self._heard_at = now
        reader = self.reader
        reader.took(n)
        while (head := reader.next()) >= 0:
            b, i, end = reader.buffer, reader.start, reader.end
            kind, n = head & 0xF0, end - i
            if kind == 0x40 and n == 2:
                topic = self._outbox.acknowledged(b[i] << 8 | b[i + 1])
                if topic >= 0:
                    self._progress_at = now
                    self.proven = True
                    if topic != self.suspect:
                        self.others = True
                    else:
                        self.suspect = -1
            elif kind == 0x30:
                self._message(head, b, i, end)
            elif kind == 0x90 and n >= 3:
                topic_filter = self._asked.pop(b[i] << 8 | b[i + 1], None)
                self._progress_at = now
                if b[i + 2] & 0x80:
                    self._report("the platform refused the subscription to %s" % topic_filter)
            elif kind == 0xD0 and n == 0:
                self._ping_at = None
            else:
                raise ProtocolError("a packet that may not come: 0x%02x" % head)

    def _message(self, head, b, i, end):
        """Take a PUBLISH into the inbox, and acknowledge it."""
        qos = head >> 1 & 3
        start = i + 2 + (b[i] << 8 | b[i + 1] if end - i > 1 else end)
        body = start + 2 if qos else start
        if qos > 1 or body > end:
            raise ProtocolError("a message that may not come: 0x%02x" % head)
        n, size = start - i - 2, end - body
        packet_id = b[start] << 8 | b[start + 1] if qos else 0
        topic = str(b[i + 2 : start], "utf-8") if n <= TOPIC_MAX else "a topic of %d" % n
        if n > TOPIC_MAX or size > self._max_message:
            return self._too_large(packet_id, size, topic)
        try:
            data = bytes(memoryview(b)[body:end])
        except MemoryError:
            return self._too_large(packet_id, size, topic)
        if qos:
            self._acknowledge(packet_id)
        self.inbox.append((bool(head & 8), topic, data))
        self._inbox_bytes += n + size + 64

    def _acknowledge(self, packet_id):
        self._put(bytes((0x40, 2, packet_id >> 8, packet_id & 255)))

    def _too_large(self, packet_id, size, topic):
        """Acknowledge all the same, or it would come again and again."""
        if packet_id:
            self._acknowledge(packet_id)
        self._report("a message of %d bytes on %s is too large, and skipped" % (size, topic))

    def take_message(self):
        """Return the oldest message that waits as (again, topic, payload), or None."""
        if not self.inbox:
            self._inbox_bytes = 0
            return None
        message = self.inbox.pop(0)
        self._inbox_bytes -= len(message[1]) + len(message[2]) + 64
        return message

    # -- is it alive ----------------------------------------------------------------------------

    def ping(self, now):
        self._put(b"\xc0\0")  # PINGREQ
        self._ping_at = now

    def check(self, now):
        """Ping where it is due. Raises OSError if the link is dead."""
        diff, wait = self._diff, self._wait_ms
        self.seen_at = now
        if self._ping_at is not None:
            if diff(now, self._ping_at) > wait:
                raise OSError("dead: a ping was not answered")
        elif self._half_ms:
            half = self._half_ms
            if diff(now, self._heard_at) > half or diff(now, self._wrote_at) > half:
                self.ping(now)
        if (self._outbox.in_flight or self._asked) and diff(now, self._progress_at) > wait:
            raise OSError("dead: a packet was not acknowledged")
        if self.reader.stalled and diff(now, self._heard_at) > wait:
            raise OSError("dead: a packet stalled half-way")
        if self._stuck_at is not None and diff(now, self._stuck_at) > wait:
            raise OSError("dead: the network takes nothing")
