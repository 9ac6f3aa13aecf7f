"""Outbox: what is still to be delivered. A value leaves it when the platform acknowledged it.

The records lie end to end in one bytearray that grows as needed: 13 bytes and the value's JSON
text each, nothing else is kept per value. When it is full the oldest goes, and is counted.
Nobody else knows these bytes: others ask for a record and read the attributes.

A record begins with: length (2 bytes), flags (1), packet id (2), topic number (2), time of the
assignment in seconds (4) and milliseconds (2). At each moment the chain of lengths can be walked,
so that a KeyboardInterrupt anywhere costs nothing: `rewind()` counts anew.
"""

from struct import pack_into

from micropython import const

_HEAD = const(13)
_FLAGS = const(2)  # offset of the flags
_IN_FLIGHT = const(1)
_GONE = const(2)
_SENT_BEFORE = const(4)  # a copy was sent, perhaps in an earlier session
OWN_TIME = const(8)  # the text carries its own time
# 0x10: the file has it, see outbox_file
ABSOLUTE = const(0x20)  # its time counts from 1970, as one from another boot has to
TIMELESS = const(0x40)  # its time will never be known
SEVERAL = const(0x80)  # values of several assets, see core.payload
RAW = const(0x88)  # SEVERAL and OWN_TIME: a message of the program's own, sent as it is
_PACKED = const(64)  # bytes that "64s" packs: a slice would be allocated


class Outbox:
    """A bounded queue of values. `size` is its bound in bytes of RAM, taken only as needed.

    With a `path` the values that wait are kept in a file too, and the next start finds them
    there. It spares the flash: what is acknowledged within 5 seconds is never written, and up to
    5 seconds of values are lost when the power goes. With `always` each value is written before
    its assignment returns, and nothing is lost; a write takes the time of the flash. (Assigned by
    an interrupt in the middle of the client's own work, it is written when that ends.)

    Raises ValueError for a bound below 256 bytes, and for `always` without a path.
    """

    def __init__(self, path=None, size=8192, always=False):
        if size < 256:
            raise ValueError("an outbox of %d bytes holds nothing; 256 is the least" % size)
        if path is None and always or path is not None and not isinstance(path, str):
            raise ValueError("path=%r: the name of a file, which always=True needs" % (path,))
        self.path = path
        self.size = size
        self.always = always
        self.store = None  # the file, once a Client has the outbox; see outbox_file
        self.pending = 0  # records not acknowledged
        self.in_flight = 0
        self.buffer = bytearray(128)
        self.start = self.end = 0
        self._next = 0  # no record before this offset is waiting
        # The current record, as read() leaves it: its offset, and of its text.
        self.at = self.text = self.text_size = 0
        self.flags = self.topic = self.second = self.ms = 0

    def put(self, topic, text, size, second, ms, flags=0):
        """Append a value, the first `size` bytes of `text`.

        `topic` is a number of the caller's; `second` and `ms` the time of the assignment. Returns
        how many older values had to go, -1 if it does not fit at all.
        """
        n = _HEAD + size
        dropped = 0
        while self.end + n > len(self.buffer) and not self._make_room(n):
            if n > self.size or n > 65535 or not (self.next() or self.find()):
                return -1
            self.remove(self.at)  # the oldest that waits, else the oldest in flight
            dropped += 1
        b, i = self.buffer, self.end
        pack_into(">HBHHIH", b, i, n, flags, 0, topic, second, ms)
        text_at = i + _HEAD
        if size <= _PACKED <= len(b) - text_at:
            pack_into("64s", b, text_at, text)  # what is copied beyond the text lands on free bytes
        else:
            b[text_at : i + n] = memoryview(text)[:size]
        if self._next == i:  # nothing else waits: this is next(), and need not be read
            self.at = i
            self.flags = flags
            self.topic = topic
            self.second = second
            self.ms = ms
            self.text = text_at
            self.text_size = size
        self.end = i + n  # now it counts
        self.pending += 1
        if self.store:
            self.store.put()
        return dropped

    def _make_room(self, n):
        """Make room for `n` bytes at the end, if the bound and the heap allow it."""
        if n > self.size or n > 65535:
            return False
        try:
            # Not for a few bytes, which would be used up by a few values.
            if self.start > len(self.buffer) // 4 or self.end + n > self.size:
                self._squeeze()
            end = self.end + n
            if end > self.size:
                return False
            if end > len(self.buffer):
                self.buffer.extend(bytes(min(end + 128, self.size) - len(self.buffer)))
        except MemoryError:
            return False
        return True

    def _squeeze(self):
        """Move the records that are not gone to the front."""
        b, i, end, to = self.buffer, self.start, self.end, 0
        self.start = self._next = 0
        self.at = -1  # the current record is somewhere else now
        while i < end:
            n = b[i] << 8 | b[i + 1]
            if not b[i + _FLAGS] & _GONE:
                gap = i - to
                if gap:
                    # Record and gap in one step. A gap too long for one length gets a second head
                    # first, somewhere in the middle, where nothing is any more.
                    part = gap
                    while part > 65535:
                        part -= 32768
                        k = i + n - part
                        b[k : k + 3] = bytes((part >> 8 & 255, part & 255, _GONE))
                        gap = min(gap, 32768)
                    b[to : to + n + 3] = bytes(memoryview(b)[i : i + n]) + bytes(
                        (gap >> 8, gap & 255, _GONE)
                    )
                to += n
            i += n
        self.end = to

    def remove(self, i):
        """Forget the record at offset `i`."""
        if self.store:
            self.store.remove(i)
        b = self.buffer
        if b[i + _FLAGS] & _IN_FLIGHT:
            self.in_flight -= 1
        b[i + _FLAGS] = _GONE
        self.pending -= 1
        if not self.pending:
            self.start = self.end = self._next = 0
            return
        i = self.start
        while b[i + _FLAGS] & _GONE:  # one of them is not, or nothing would be pending
            i += b[i] << 8 | b[i + 1]
        self.start = i
        if self._next < i:
            self._next = i

    def next(self, apart=-1, only=False):
        """Read the oldest record that waits; False if none does.

        Records of the topic `apart` are passed over, or with `only` no others are looked at.
        """
        b, i = self.buffer, self._next
        if i == self.at and apart < 0 and i < self.end and not b[i + _FLAGS] & 3:
            return True  # put just now, or read before
        first = -1
        while i < self.end:
            if not b[i + _FLAGS] & 3:  # neither in flight nor gone
                if first < 0:
                    first = i
                if apart < 0 or (b[i + 5] << 8 | b[i + 6] == apart) == only:
                    self._next = first
                    return self.read(i)
            i += b[i] << 8 | b[i + 1]
        self._next = self.end if first < 0 else first
        return False

    def read(self, i):
        """Read the record at offset `i` into the attributes; return True."""
        b = self.buffer
        self.at = i
        self.flags = b[i + _FLAGS]
        self.topic = b[i + 5] << 8 | b[i + 6]
        self.second = ((b[i + 7] << 8 | b[i + 8]) << 8 | b[i + 9]) << 8 | b[i + 10]
        self.ms = b[i + 11] << 8 | b[i + 12]
        self.text = i + _HEAD
        self.text_size = (b[i] << 8 | b[i + 1]) - _HEAD
        return True

    def sent(self, packet_id):
        """Note that the current record is in flight; return whether it was before."""
        b, i = self.buffer, self.at
        b[i + 3] = packet_id >> 8
        b[i + 4] = packet_id & 255
        self.in_flight += 1
        if self._next == i:
            self._next = self.text + self.text_size
        again = b[i + _FLAGS] & _SENT_BEFORE
        b[i + _FLAGS] |= _IN_FLIGHT | _SENT_BEFORE
        return again

    def acknowledged(self, packet_id):
        """Forget the record sent under `packet_id`; return its topic, -1 if there is none."""
        b, i = self.buffer, self.start
        while i < self.end:
            if b[i + 3] << 8 | b[i + 4] == packet_id and b[i + _FLAGS] & 3 == _IN_FLIGHT:
                topic = b[i + 5] << 8 | b[i + 6]
                self.remove(i)
                return topic
            i += b[i] << 8 | b[i + 1]
        return -1

    def find(self, topic=-1):
        """Read the oldest record of a topic, without one the oldest in flight; False: none."""
        for i in self.each():
            self.read(i)
            if self.topic == topic or topic < 0 and self.flags & _IN_FLIGHT:
                return True
        return False

    def each(self):
        """Yield the offset of each record that is not gone, oldest first."""
        i = self.start
        while i < self.end:
            n = self.buffer[i] << 8 | self.buffer[i + 1]
            if not self.buffer[i + _FLAGS] & _GONE:
                yield i
            i += n

    def rewind(self):
        """After a lost link, or work that was cut off: what was in flight waits again."""
        self.start = self._next = self.in_flight = self.pending = 0
        for i in self.each():
            self.buffer[i + _FLAGS] &= ~_IN_FLIGHT
            self.pending += 1

    def change(self, flags, second, ms):
        """Change the flags and the time of the current record."""
        pack_into(">IH", self.buffer, self.at + 7, second, ms)
        self.buffer[self.at + _FLAGS] = flags
        self.read(self.at)
