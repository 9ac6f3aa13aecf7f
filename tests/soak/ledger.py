"""The soak's own account of what has to happen to each value, kept beside the client.

It is told what was assigned, what the broker got and which PUBACKs the client has read, and works
out from the rules of the API what is pending, what has been dropped and in which order the rest
comes. Its memory is taken at the start: small things that stay would cut a small heap to pieces.
"""

from array import array

from allthingstalk import timestamps

RECORD_BYTES = 13  # what the outbox keeps with the text of each value
_SLOTS = 1024  # values that may be pending; the one of number n is in slot n % _SLOTS
_PENDING = 1
_SENT = 2
_ARRIVED = 4


class Broken(BaseException):
    """A promise was not kept; the text says which.

    No Exception: it is raised below the client, which takes those for failures of the network.
    """


class Ledger:
    """`size` is the declared bound of the outbox in bytes, `clock` the board's clock in ms."""

    def __init__(self, net, size, clock):
        self._net = net
        self._size = size
        self._clock = clock
        self._newest = {}  # topic -> number of the newest value that arrived
        self._oldest = 0  # no value of a smaller number is pending
        self._states = bytearray(_SLOTS)
        self._sizes = array("H", [0] * _SLOTS)  # bytes
        self._packets = array("H", [0] * _SLOTS)  # id of the packet by which it is on its way, or 0
        self._assigned_ms = array("L", [0] * _SLOTS)
        self._bytes = 0
        self.pending = 0
        self.assigned_count = self.arrived_count = self.duplicates = 0
        self.dropped = 0  # values that the outbox had no room for
        self.lost = 0  # those of them that never arrived
        self.digest = 0

    def note(self, number):
        """Make an event a part of the digest of the run."""
        self.digest = (self.digest * 31 + (number & 0xFFFF) + 1) & 0xFFFFFF

    def assign(self, text_bytes):
        """Note that the next value is about to be assigned; the oldest go if there is no room."""
        size = RECORD_BYTES + text_bytes
        while self._bytes + size > self._size:
            self._drop()
        slot = self.assigned_count % _SLOTS
        if self._states[slot] & _PENDING:
            raise Broken("more than %d values are pending" % _SLOTS)
        self._states[slot] = _PENDING
        self._sizes[slot] = size
        self._packets[slot] = 0
        self._assigned_ms[slot] = self._net.now_ms
        self._bytes += size
        self.pending += 1
        self.assigned_count += 1

    def _drop(self):
        """The oldest that waits goes; if all are on their way, the oldest of those."""
        number = self._find(0)
        if number < 0:
            number = self._oldest
        self.dropped += 1
        if not self._states[number % _SLOTS] & _ARRIVED:
            self.lost += 1
        self.note(number)
        self._remove(number)

    def _find(self, packet_id):
        """Return the oldest that is on its way by a packet (0: that waits), or -1."""
        packets, states = self._packets, self._states
        for number in range(self._oldest, self.assigned_count):
            slot = number % _SLOTS
            if packets[slot] == packet_id and states[slot] & _PENDING:
                return number
        return -1

    def _remove(self, number):
        slot = number % _SLOTS
        self._states[slot] = 0
        self._bytes -= self._sizes[slot]
        self.pending -= 1
        while self._oldest < self.assigned_count and not self._states[self._oldest % _SLOTS]:
            self._oldest += 1

    def sent(self, message, packet_id, dup):
        """Note that the client wrote a value; return its number."""
        text = message["value"]
        number = text if isinstance(text, int) else int(text.split(" ")[0])
        slot = number % _SLOTS
        if not self._oldest <= number < self.assigned_count or not self._states[slot]:
            raise Broken("value %d was written though it is done with" % number)
        if self._states[slot] & _SENT and not dup:
            raise Broken("value %d was written again without DUP" % number)
        self._packets[slot] = packet_id
        self._states[slot] |= _SENT
        return number

    def arrived(self, number, topic, message):
        """Check order and time of a value that the broker has got."""
        slot = number % _SLOTS
        self.note(number)
        self.note(self._net.now_ms // 10)
        if self._states[slot] & _ARRIVED:
            self.duplicates += 1
        else:
            newest = self._newest.get(topic, -1)
            if number < newest:
                raise Broken("value %d came after %d" % (number, newest))
            self._newest[topic] = number
            self.arrived_count += 1
        self._states[slot] |= _ARRIVED
        waited_ms = self._net.now_ms - self._assigned_ms[slot]
        now_ms = self._clock()
        at = message.get("at")
        if at is None:
            if waited_ms >= 1000 and now_ms is not None:
                raise Broken("value %d waited %d ms and has no time" % (number, waited_ms))
        elif timestamps.parse(at) != now_ms - waited_ms:
            raise Broken(
                "value %d came with the time %s, assigned %d ms before %s"
                % (number, at, waited_ms, timestamps.iso(now_ms))
            )

    def acknowledged(self, packet_id):
        """Note that the client has read a PUBACK."""
        number = self._find(packet_id)
        if number >= 0:
            self._remove(number)

    def link_closed(self):
        """The client gave the link up: what was in flight waits again."""
        for number in range(self._oldest, self.assigned_count):
            self._packets[number % _SLOTS] = 0
