"""Outbox: what is still to be delivered. A value leaves it when the platform acknowledged it.

The records lie end to end in one bytearray that grows as needed: 13 bytes and the value's JSON
text each, nothing else is allocated per value. When it is full the oldest goes, and is counted.
"""

from micropython import const

_HEAD = const(13)
# Layout of a record: length (2), state (1), packet id (2), topic (2), seconds (4), ms (2), text.
_WAITING = const(0)
_IN_FLIGHT = const(1)
_GONE = const(2)
_SENT_BEFORE = const(4)  # flag: a copy was sent in an earlier session
OWN_TIME = const(8)  # flag: the text carries its own time


class Outbox:
    """A bounded queue of values. `size` is its bound in bytes of RAM, taken only as needed."""

    def __init__(self, size=8192):
        if size < 256:
            raise ValueError("an outbox of %d bytes holds nothing; 256 is the least" % size)
        self.size = size
        self.pending = 0  # records not acknowledged
        self.in_flight = 0
        self._buf = bytearray(128)
        self._start = self._end = 0
        self._next = 0  # no record before this offset is waiting

    def put(self, topic, text, second, ms, flags=0):
        """Append a value; return how many older ones had to go, -1 if it does not fit at all.

        `topic` is a number of the caller's; `second` and `ms` the time of the assignment.
        """
        n = _HEAD + len(text)
        if n > self.size:
            return -1
        dropped = 0
        while not self._room(n):
            if not self._drop_oldest():
                return -1
            dropped += 1
        i = self._end
        b = self._buf
        b[i] = n >> 8
        b[i + 1] = n & 255
        b[i + 2] = _WAITING | flags
        b[i + 3] = b[i + 4] = 0
        b[i + 5] = topic >> 8
        b[i + 6] = topic & 255
        b[i + 7] = second >> 24 & 255
        b[i + 8] = second >> 16 & 255
        b[i + 9] = second >> 8 & 255
        b[i + 10] = second & 255
        b[i + 11] = ms >> 8
        b[i + 12] = ms & 255
        b[i + _HEAD : i + n] = text
        self._end = i + n
        self.pending += 1
        return dropped

    def _room(self, n):
        """Make room for `n` bytes at the end, if the bound and the heap allow it."""
        if self._end + n <= len(self._buf):
            return True
        if self._start or self._end + n > self.size:
            self._squeeze()
        missing = self._end + n - len(self._buf)
        if missing > 0:
            if self._end + n > self.size:
                return False
            try:
                self._buf.extend(bytes(min(missing + 128, self.size - len(self._buf))))
            except MemoryError:
                return False
        return True

    def _squeeze(self):
        """Move the records that are not gone to the front."""
        b = self._buf
        i, end, to = self._start, self._end, 0
        following = -1
        while i < end:
            n = b[i] << 8 | b[i + 1]
            if not b[i + 2] & _GONE:
                if following < 0 and not b[i + 2] & _IN_FLIGHT:
                    following = to
                if i != to:
                    b[to : to + n] = b[i : i + n]
                to += n
            i += n
        self._start, self._end = 0, to
        self._next = to if following < 0 else following

    def _drop_oldest(self):
        """Let the oldest record go, one that waits if there is any; False if there is none."""
        i = self.waiting()
        if i < 0:
            i = self._start
            while i < self._end and self._buf[i + 2] & _GONE:
                i += self._buf[i] << 8 | self._buf[i + 1]
            if i >= self._end:
                return False
        self._remove(i)
        return True

    def _remove(self, i):
        b = self._buf
        if b[i + 2] & _IN_FLIGHT:
            self.in_flight -= 1
        b[i + 2] = _GONE
        self.pending -= 1
        start, end = self._start, self._end
        while start < end and b[start + 2] & _GONE:
            start += b[start] << 8 | b[start + 1]
        if start >= end:
            start = self._end = self._next = 0
        self._start = start
        if self._next < start:
            self._next = start

    def waiting(self, apart=-1, only=False):
        """Return the offset of the oldest record that waits, -1 if none does.

        Records of the topic `apart` are passed over, or with `only` no others are looked at.
        """
        b = self._buf
        i = self._next
        first = -1
        while i < self._end:
            if not b[i + 2] & (_IN_FLIGHT | _GONE):
                if first < 0:
                    first = i
                if apart < 0 or (self.topic(i) == apart) == only:
                    break
            i += b[i] << 8 | b[i + 1]
        else:
            i = -1
        self._next = self._end if first < 0 else first
        return i

    def topic(self, i):
        return self._buf[i + 5] << 8 | self._buf[i + 6]

    def flags(self, i):
        return self._buf[i + 2]

    def second(self, i):
        b = self._buf
        return b[i + 7] << 24 | b[i + 8] << 16 | b[i + 9] << 8 | b[i + 10]

    def ms(self, i):
        return self._buf[i + 11] << 8 | self._buf[i + 12]

    def text(self, i):
        """Return the JSON text of the value at offset `i`."""
        return self._buf[i + _HEAD : i + (self._buf[i] << 8 | self._buf[i + 1])]

    def sent(self, i, packet_id):
        """Note that the record at offset `i` is on its way under a packet id."""
        b = self._buf
        b[i + 2] |= _IN_FLIGHT | _SENT_BEFORE
        b[i + 3] = packet_id >> 8
        b[i + 4] = packet_id & 255
        self.in_flight += 1

    def sent_before(self, i):
        return bool(self._buf[i + 2] & _SENT_BEFORE)

    def _find(self, packet_id):
        """Return the offset of the record in flight with an id (any if 0), or -1."""
        b = self._buf
        i = self._start
        while i < self._end:
            if b[i + 2] & _IN_FLIGHT and packet_id in (0, b[i + 3] << 8 | b[i + 4]):
                return i
            i += b[i] << 8 | b[i + 1]
        return -1

    def acknowledged(self, packet_id):
        """Forget the record sent under `packet_id`; return its topic, -1 if there is none."""
        i = self._find(packet_id) if packet_id else -1
        if i < 0:
            return -1
        topic = self.topic(i)
        self._remove(i)
        return topic

    def remove(self, i):
        """Forget the record at offset `i`, delivered by other means."""
        self._remove(i)

    def first_in_flight(self):
        """Return the topic of the oldest record in flight, -1 if there is none."""
        i = self._find(0)
        return -1 if i < 0 else self.topic(i)

    def rewind(self):
        """After a lost session: all that was on its way waits again."""
        b = self._buf
        i = self._start
        while i < self._end:
            b[i + 2] &= ~_IN_FLIGHT
            i += b[i] << 8 | b[i + 1]
        self.in_flight = 0
        self._next = self._start

    def holds(self, topic):
        """Return whether a value of this topic is pending."""
        b = self._buf
        i = self._start
        while i < self._end:
            if not b[i + 2] & _GONE and self.topic(i) == topic:
                return True
            i += b[i] << 8 | b[i + 1]
        return False

    def discard(self, topic):
        """Let all values of a topic go; return how many there were."""
        n = self.pending
        i = self._start
        while i < self._end:
            length = self._buf[i] << 8 | self._buf[i + 1]
            if not self._buf[i + 2] & _GONE and self.topic(i) == topic:
                self._remove(i)
                if not self.pending:
                    break
            i += length
        return n - self.pending
