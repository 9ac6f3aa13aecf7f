"""The MQTT 3.1.1 session, from CONNACK on: pipelined publishing, keepalive, subscriptions.

No socket and no clock in here: bytes that came are put into `buffer`, bytes to be sent lie in
`out[start:stop]`, and `now` is given. `umqtt.simple` makes the connection (connect.mqtt_connect):
as a session it would wait for each PUBACK, write a packet in four or five pieces, and read a
message of any size into memory; here one over the limit is skipped, see oversize.
"""

from micropython import const

from ..outbox import SEVERAL

_WINDOW = const(64)  # packets that may be unacknowledged at a time
_BATCH = const(1024)  # bytes gathered before they are written
_PACKET_ROOM = const(128)  # bytes of `buffer`; it grows for the current packet
_ROOM = const(256)  # of `out`; it grows as needed
_ONE_BY_ONE = const(24)  # bytes of a value that are copied so: a slice would be allocated
_INBOX_MAX = const(8192)  # bytes of messages that wait for their handlers
# Why a link is dead: errors of our own, whose words are in connect.error_texts.
_LENGTH = const(-1001)
_PACKET = const(-1002)
_PING = const(-1003)
_PUBACK = const(-1004)
_STALLED = const(-1005)
_STUCK = const(-1006)


class Session:
    """Outlives its links: what an old one left unacknowledged goes out over the next.

    `owner` is a Client: it holds what is to be published, says how long answers may take, and
    hears reports.
    """

    # A topic after whose publish the link dropped, -1: none, and whether others were acknowledged
    # since; see connect.recover.
    suspect = -1
    others = False
    packet_id = 0  # the last one
    topic_max = 512  # bytes of the topic of a message that is taken

    def __init__(self, owner):
        self.owner = owner
        self.max_message = owner.max_message
        self.inbox = []  # (again, topic, payload); `again`: redelivered, DUP
        self.inbox_bytes = 0
        self.restart(0)

    def restart(self, now):
        """Forget what the last link left. Times are in ticks."""
        self.buffer = bytearray(_PACKET_ROOM)
        self.have = self.at = 0  # bytes in the buffer, and where what is not handled yet begins
        self.body = self.end = 0  # of the current packet, its body buffer[body:end]
        self.skip = 0  # bytes to pass over
        self.rest = 0  # after those, of a message with a long topic: packet id and payload
        self.out = bytearray(_ROOM)
        self.start = self.stop = 0
        self.asked = {}  # packet id of a SUBSCRIBE -> its filter
        self.subscribed = []
        self.ping_at = self._stuck_at = None
        self.published_at = None  # of the last publish
        self.proven = False  # something was acknowledged
        self.opened_at = self.seen_at = self._heard_at = self._wrote_at = self.progress_at = now

    # -- out ------------------------------------------------------------------------------------

    def put(self, data):
        """Gather bytes to be sent."""
        stop = self.stop + len(data)
        if stop > len(self.out):
            self.out.extend(bytes(stop - len(self.out)))
        self.out[self.stop : stop] = data
        self.stop = stop

    def sent(self, start, now):
        """Take note that all before `start` was sent."""
        if start == self.stop:
            self.start = self.stop = 0
            self._wrote_at = now
            self._stuck_at = None
            if len(self.out) > 2 * _BATCH:
                self.out = bytearray(_ROOM)
        else:
            self.start = start
            if self._stuck_at is None:
                self._stuck_at = now

    def send(self, now):
        """Gather what the outbox holds, as far as the window allows; return whether more waits.

        Values of a topic that is suspected of making the link drop go alone: when no others are
        left, or when others were acknowledged.
        """
        owner, apart = self.owner, self.suspect
        qos, format = owner.qos, owner.format
        outbox = owner.outbox
        # Once others got through it is the suspect's turn: they wait until it is known.
        only = apart >= 0 and self.others and outbox.find(apart)
        while outbox.in_flight < _WINDOW and outbox.pending > outbox.in_flight:
            if only or not outbox.next(apart):
                if apart < 0 or outbox.in_flight or not outbox.next(apart, True):
                    break
            end, flags = format.END, outbox.flags
            if outbox.second != owner.second or flags & 0xE0:
                end = owner.ending()
            text, t, n = outbox.buffer, outbox.text, outbox.text_size
            head = owner.heads[outbox.topic]
            if flags & SEVERAL or not format.BEGINNING:
                if format.BEGINNING:
                    from .several import message
                else:
                    message = format.message
                text, head = message(outbox, end, head)
                t, n, end = 0, len(text), b""
            out, p = self.out, self.stop  # four at a time would be a tuple on the heap
            k, e = len(head), len(end)
            length, i = k + n + e, p + 1
            if i + length + 4 > len(out):
                out.extend(bytes(i + length + 4 - len(out)))
            while length > 127:
                out[i] = length & 127 | 128
                length >>= 7
                i += 1
            out[i] = length
            i += 1
            out[i : i + k] = head
            if qos:
                packet_id = self.packet_id = self.packet_id % 65535 + 1
                if not outbox.in_flight:
                    self.progress_at = now
                out[p] = 0x3A if outbox.sent(packet_id) else 0x32  # with DUP or without
                p = i + (head[0] << 8 | head[1]) + 2
                out[p] = packet_id >> 8
                out[p + 1] = packet_id & 255
            else:
                out[p] = 0x30
                outbox.remove(outbox.at)
            i += k
            if n <= _ONE_BY_ONE:
                for k in range(n):
                    out[i + k] = text[t + k]
            else:
                out[i : i + n] = memoryview(text)[t : t + n]
            i += n
            if e == 1:
                out[i] = 0x7D
            else:
                out[i : i + e] = end
            self.stop = i + e
            self.published_at = now
            if i > _BATCH:
                return True
        return False

    # -- in: bytes that came go into buffer[have:] ------------------------------------------------

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
                    raise OSError(_LENGTH)
            end = j + length
            if end <= have:
                self.body, self.end, self.at = j, end, end
                return b[i]
            try:
                if length <= self.max_message + self.topic_max:
                    return self.keep(end - i)
            except MemoryError:  # the message has to go, not the link
                pass
            from .oversize import begin

            if not begin(self, i, j, length):
                return -1

    def keep(self, size):
        """Move what is left to the front of a buffer for a packet of `size` bytes; return -1."""
        b, left = self.buffer, self.have - self.at
        size = max(size, _PACKET_ROOM)
        if size > len(b) or len(b) > _PACKET_ROOM >= left and size == _PACKET_ROOM:
            self.buffer = bytearray(size)
            self.buffer[:left] = b[self.at : self.have]
        elif self.at and left:
            b[:left] = b[self.at : self.have]
        self.have, self.at = left, 0
        return -1

    def full(self):
        """Return whether nothing more is to be read: messages or acknowledgements pile up."""
        return self.inbox_bytes >= _INBOX_MAX or self.stop > _BATCH

    def receive(self, n, now):
        """Handle the `n` bytes that were put into the buffer."""
        self._heard_at = now
        self.have += n
        while (head := self.next()) >= 0:
            b, i = self.buffer, self.body
            kind, n = head & 0xF0, self.end - i
            if kind == 0x40 and n == 2:
                topic = self.owner.outbox.acknowledged(b[i] << 8 | b[i + 1])
                if topic >= 0:
                    self.progress_at = now
                    self.proven = True
                    if topic != self.suspect:
                        self.others = True
                    else:
                        self.suspect = -1
            elif kind == 0x30:
                from .commands import take

                take(self, head)
            elif kind == 0x90 and n >= 3:
                topic_filter = self.asked.pop(b[i] << 8 | b[i + 1], None)
                self.progress_at = now
                if b[i + 2] & 0x80:
                    self.owner.report("the platform refused the subscription to %s" % topic_filter)
            elif kind == 0xD0 and n == 0:
                self.ping_at = None
            else:
                raise OSError(_PACKET, hex(head))

    def ping(self, now):
        """Ask for a sign of life; ping_at is None once it has come."""
        self.put(b"\xc0\0")  # PINGREQ
        self.ping_at = now

    # -- is it alive ----------------------------------------------------------------------------

    def check(self, now):
        """Ping where it is due. Raises OSError if the link is dead."""
        diff, owner = self.owner.net.ticks_diff, self.owner
        wait, half = int(owner.timeout * 1000), owner.keepalive * 500
        self.seen_at = now
        if self.ping_at is not None:
            if diff(now, self.ping_at) > wait:
                raise OSError(_PING)
        elif half and (diff(now, self._heard_at) > half or diff(now, self._wrote_at) > half):
            self.ping(now)
        if (self.owner.outbox.in_flight or self.asked) and diff(now, self.progress_at) > wait:
            raise OSError(_PUBACK)
        if (self.have or self.skip or self.rest) and diff(now, self._heard_at) > wait:
            raise OSError(_STALLED)
        if self._stuck_at is not None and diff(now, self._stuck_at) > wait:
            raise OSError(_STUCK)
