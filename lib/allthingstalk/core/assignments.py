"""How a value gets into the outbox, and what interrupts and other threads may do beside it.

Interrupts (a timer's or a pin's handler, by way of `micropython.schedule`) run between any two
bytecodes. What they assign while the outbox is being changed waits in a list of its own, and goes
in before what is assigned later; what they call while the client works (close, connect) is done
right after it. Other threads may assign: they wait for the lock, which is never held while the
client waits for the network. A number, a bool or a short text gets into the outbox without an
allocation.
"""

from io import BytesIO

from micropython import const

from ..outbox import ABSOLUTE, OWN_TIME, TIMELESS

try:
    from _thread import get_ident
except ImportError:  # a port without threads
    from .no_threads import get_ident

_LATE_MAX = const(64)  # values of interrupts that wait at a time


class Assignments:
    """Part of a Client, whose class gets these methods and its fields when they are needed.

    That is in calls.load(). A Client's `busy`: it is in its own work, of which waiting for the
    network may be a part; `in_handler`: in a function of the program that it called; `after`: what
    interrupts called, to be done when the current work is. `late`: (topic, text, flags, ticks) of
    what interrupts assigned. `holder`: who is between enter() and leave(), 0 where it was not asked
    for. `second` and `ms` are the time since load(), at `ticked`: ticks alone wrap.
    """

    _overflowing = False

    # -- interrupts and threads: enter() and leave() stand around each change of outbox and session

    def own(self):
        """Make this thread the one that polls; None in `thread`: the next that connects."""
        self.thread = get_ident()

    def check_thread(self, always):
        """Raise RuntimeError in a thread that may only assign."""
        if (always or self.asks) and self.thread not in (None, get_ident()):
            raise RuntimeError(
                "this thread may only assign: poll, wait, flush, close, connect and reading "
                "belong to the thread that connected"
            )

    def entered(self):
        """Return whether this thread is between enter() and leave(): then it is an interrupt."""
        if not self.lock.locked():
            return False
        me = get_ident()
        return self.holder == me or not self.holder and me == self.thread

    def enter(self):
        """Begin to change the outbox; waits for another thread that does."""
        self.lock.acquire()
        self.holder = get_ident() if self.asks else 0

    def leave(self):
        self.holder = None
        self.lock.release()

    # -- values into the outbox; all but later() between enter() and leave() ----------------

    def tick(self):
        """Bring the clock up to date; return the ticks."""
        now = self.net.ticks_ms()
        if now != self.ticked:
            ms = self.ms + self.net.ticks_diff(now, self.ticked)
            self.ticked = now
            if ms >= 1000:
                self.second += ms // 1000
                ms %= 1000
            self.ms = ms
        return now

    def age_ms(self, second, ms):
        """Return how long ago a moment of this clock was."""
        return (self.second - second) * 1000 + self.ms - ms

    def ending(self):
        """Return the end of the message of the outbox's current record, with its time if late."""
        outbox, at = self.outbox, None
        flags, age_ms = outbox.flags, self.age_ms(outbox.second, outbox.ms)
        if flags & ABSOLUTE or age_ms >= 1000 and not flags & (OWN_TIME | TIMELESS):
            from ..timestamps import of_late_value

            at = of_late_value(
                age_ms, outbox.second * 1000 + outbox.ms if flags & ABSOLUTE else None
            )
        return self.format.ending(at)

    def number(self, device_id, asset_name):
        """Return the number of an asset; `()` stands for several of them in one message.

        Raises ValueError for a name that cannot be part of a topic.
        """
        numbers = self.numbers.get(device_id)
        if numbers is None:
            numbers = self.numbers[device_id] = {}
        found = numbers.get(asset_name)
        if found is None:
            head = self.head(device_id, asset_name)
            self.heads.append(head)  # first: an interrupt may add one as well
            found = numbers[asset_name] = self.heads.index(head)
        return found

    def later(self, topic, value, at, flags):
        """Keep the value of an interrupt until the outbox is free; arguments as for put()."""
        if not flags:
            stream = BytesIO()
            self.format.write(stream, value, at)
            value, flags = stream.getvalue(), 0 if at is None else OWN_TIME
            self.format.check(value, len(value))
        if len(self.late) >= _LATE_MAX:
            self.late.pop(0)
            self.dropped += 1
        self.late.append((topic, value, flags, self.net.ticks_ms()))

    def put_late(self):
        """Put what interrupts assigned meanwhile."""
        while self.late:
            topic, text, flags, ticks = self.late[0]
            ms = self.ms - self.net.ticks_diff(self.ticked, ticks)
            self._put(topic, text, len(text), flags, self.second + ms // 1000, ms % 1000)
            self.late.pop(0)  # only now: a KeyboardInterrupt costs no value

    def put(self, topic, value, at, flags):
        """Put a value into the outbox; `at` is its own time as text, or None.

        With SEVERAL in `flags` the value is what several.join() made of the values of several
        assets.
        """
        self.tick()
        if self.late:
            self.put_late()
        if flags:
            text, n = value, len(value)
        else:
            stream, text = self.stream, self.text
            stream.seek(0)
            self.format.write(stream, value, at)
            n = stream.tell()
            stream.seek(0)
            if n > len(text):
                self.stream = BytesIO(bytearray(len(text)))  # it has grown: not for ever
                text = bytearray(n)
            stream.readinto(text)
            # Two calls: a tuple would be allocated.
            if not (isinstance(value, int) or isinstance(value, float)):
                self.format.check(text, n)
            if at is not None:
                flags = OWN_TIME
        self._put(topic, text, n, flags, self.second, self.ms)

    def _put(self, topic, text, size, flags, second, ms):
        outbox = self.outbox
        if topic in self.set_aside:
            self.dropped += 1
            return
        if topic in self.latest:
            while outbox.next(topic, True):
                outbox.remove(outbox.at)
        gone = outbox.put(topic, text, size, second, ms, flags)
        if not gone:
            if self._overflowing and outbox.pending < 2:
                self._overflowing = False
            return
        self.dropped += 1 if gone < 0 else gone
        if gone < 0:
            head = self.heads[topic]
            topic = str(head[2 : 2 + (head[0] << 8 | head[1])], "utf-8")
            self.report("a value is larger than the outbox: " + topic)
        elif not self._overflowing:
            self.report("the outbox is full, the oldest values go; see client.dropped")
        self._overflowing = True
