"""Outbox: what is still to be delivered. A value leaves it when the platform acknowledged it.

The records lie end to end in one bytearray that grows as needed: 13 bytes and the value's JSON
text each, nothing else is kept per value. When it is full the oldest goes, and is counted.
"""

from struct import pack_into, unpack_from

from micropython import const

HEAD = const(13)
# Head of a record: length, state, packet id, topic, seconds, ms. The value's text follows.
_LAYOUT = ">HBHHIH"
_STATE = const(2)  # where the state is
_IN_FLIGHT = const(1)
_GONE = const(2)
_SENT_BEFORE = const(4)  # flag: a copy was sent, perhaps in an earlier session
OWN_TIME = const(8)  # flag: the text carries its own time
SEVERAL = const(0x80)  # flag: values of several assets, see several.py
# The other bits are outbox_file's.
_SHORT = const(64)  # bytes that are copied one by one: a slice would be allocated


class Outbox:
    """A bounded queue of values. `size` is its bound in bytes of RAM, taken only as needed.

    With a `path` the values that wait are kept in a file too, and the next start finds them
    there. It spares the flash: what is acknowledged within 5 seconds is never written, and up to
    5 seconds of values are lost when the power goes. With `always` each value is written before
    its assignment returns, and nothing is lost; a write takes the time of the flash. (Assigned by
    an interrupt in the middle of the client's own work, it is written when that ends.)

    A record is named by its offset in `buffer`, which holds until the next put() or remove().
    """

    store = None  # the file, once a Client has the outbox; see outbox_file

    def __init__(self, path=None, size=8192, always=False):
        if size < 256:
            raise ValueError("an outbox of %d bytes holds nothing; 256 is the least" % size)
        if path is None and always or path is not None and not isinstance(path, str):
            raise ValueError("path=%r: the name of a file, which always=True needs" % (path,))
        self.path = path
        self.size = size
        self.always = always
        self.pending = 0  # records not acknowledged
        self.in_flight = 0
        self.buffer = bytearray(128)
        self.start = self.end = 0
        self._next = 0  # no record before this offset is waiting

    def put(self, topic, text, second, ms, flags=0, n=None):
        """Append a value; return how many older ones had to go, -1 if it does not fit at all.

        `topic` is a number of the caller's; `second` and `ms` the time of the assignment; `n`
        how many bytes of `text` count, if not all.
        """
        n = HEAD + (len(text) if n is None else n)
        if n > self.size or n > 65535:
            return -1
        dropped = 0
        while not self._room(n):
            i = self.waiting()
            if i < 0:
                i = self.find()  # all are on their way: the oldest of those goes
                if i < 0:
                    return -1
            self.remove(i)
            dropped += 1
        i = self.end
        pack_into(_LAYOUT, self.buffer, i, n, flags, 0, topic, second, ms)
        b, i, n = self.buffer, i + HEAD, n - HEAD
        if n <= _SHORT:
            for k in range(n):
                b[i + k] = text[k]
        else:
            b[i : i + n] = text
        self.end = i + n
        self.pending += 1
        return dropped

    def _room(self, n):
        """Make room for `n` bytes at the end, if the bound and the heap allow it."""
        if self.end + n > len(self.buffer):
            if self.start or self.end + n > self.size:
                self._squeeze()
            end = self.end + n
            if end > self.size:
                return False
            if end > len(self.buffer):
                try:
                    self.buffer.extend(bytes(min(end + 128, self.size) - len(self.buffer)))
                except MemoryError:
                    return False
        return True

    def _squeeze(self):
        """Move the records that are not gone to the front."""
        b = self.buffer
        i, end, to = self.start, self.end, 0
        self._next = 0
        while i < end:
            n = b[i] << 8 | b[i + 1]
            if not b[i + _STATE] & _GONE:
                if i != to:
                    b[to : to + n] = b[i : i + n]
                to += n
            i += n
        self.start, self.end = 0, to

    def remove(self, i):
        """Forget the record at offset `i`."""
        if self.store:
            self.store.remove(i)
        b = self.buffer
        if b[i + _STATE] & _IN_FLIGHT:
            self.in_flight -= 1
        b[i + _STATE] = _GONE
        self.pending -= 1
        i = self.start
        while i < self.end and b[i + _STATE] & _GONE:
            i += b[i] << 8 | b[i + 1]
        if i >= self.end:
            i = self.end = self._next = 0
        self.start = i
        if self._next < i:
            self._next = i

    def waiting(self, apart=-1, only=False):
        """Return the offset of the oldest record that waits, -1 if none does.

        Records of the topic `apart` are passed over, or with `only` no others are looked at.
        """
        b = self.buffer
        i = self._next
        first = -1
        while i < self.end:
            if not b[i + _STATE] & (_IN_FLIGHT | _GONE):
                if first < 0:
                    first = i
                if apart < 0 or (b[i + 5] << 8 | b[i + 6] == apart) == only:
                    break
            i += b[i] << 8 | b[i + 1]
        else:
            i = -1
        self._next = self.end if first < 0 else first
        return i

    def head(self, i):
        """Return (length, flags, packet id, topic, second, ms) of the record at offset `i`."""
        return unpack_from(_LAYOUT, self.buffer, i)

    def sent(self, i, packet_id):
        """Note that the record at offset `i` is on its way; return whether it was before."""
        b = self.buffer
        again = b[i + _STATE] & _SENT_BEFORE
        b[i + _STATE] |= _IN_FLIGHT | _SENT_BEFORE
        b[i + 3] = packet_id >> 8
        b[i + 4] = packet_id & 255
        self.in_flight += 1
        return again

    def find(self, packet_id=-1, topic=-1):
        """Return the offset of the oldest record in flight, or of the one with a packet id, or
        of the oldest of a topic, be it in flight or not; -1 if there is none.
        """
        b = self.buffer
        i = self.start
        while i < self.end:
            state = b[i + _STATE]
            if not state & _GONE:
                if topic >= 0:
                    if b[i + 5] << 8 | b[i + 6] == topic:
                        return i
                elif state & _IN_FLIGHT and (
                    packet_id < 0 or b[i + 3] << 8 | b[i + 4] == packet_id
                ):
                    return i
            i += b[i] << 8 | b[i + 1]
        return -1

    def acknowledged(self, packet_id):
        """Forget the record sent under `packet_id`; return its topic, -1 if there is none."""
        i = self.find(packet_id)
        if i < 0:
            return -1
        topic = self.buffer[i + 5] << 8 | self.buffer[i + 6]
        self.remove(i)
        return topic

    def rewind(self):
        """After a lost session: all that was on its way waits again."""
        b = self.buffer
        i = self._next = self.start
        while i < self.end:
            b[i + _STATE] &= ~_IN_FLIGHT
            i += b[i] << 8 | b[i + 1]
        self.in_flight = 0
