"""The way of a value into the outbox, and the clock by which it gets its time there.

A number, a bool or a short text gets there without an allocation. What an interrupt assigns while
the outbox is being changed waits in a list of its own, and goes in before what is assigned later.
"""

from micropython import const

from ..outbox import OWN_TIME
from . import payload
from .topics import Topics

_LATE_MAX = const(64)  # values of interrupts that wait at a time


class Publisher:
    """Owns the outbox and the numbers of assets, and counts what was dropped.

    `net` gives ticks; `report(text)` is told when the outbox is full. All calls but later() are
    made between enter() and leave() of the client's guard.
    """

    dropped = 0
    _overflowing = False
    _set_aside = ()  # numbers of assets after whose publish the link drops
    _latest = ()  # numbers of assets of which only the newest value waits
    second = _ms = 0  # since the client was made: ticks alone wrap

    def __init__(self, net, outbox, report):
        self._net = net
        self._report = report
        self._ticked = net.ticks_ms()
        self.outbox = outbox
        self.topics = Topics()
        self._writer = payload.Writer()
        self._late = []  # (topic, text, flags, ticks)

    def tick(self):
        """Bring the clock up to date; return the ticks."""
        now = self._net.ticks_ms()
        self._ms += self._net.ticks_diff(now, self._ticked)
        self._ticked = now
        if self._ms >= 1000:
            self.second += self._ms // 1000
            self._ms %= 1000
        return now

    def now_ms(self):
        """Return milliseconds since the client was made."""
        return self.second * 1000 + self._ms

    def ending(self):
        """Return the end of the message of the outbox's record at hand, see core.payload."""
        outbox = self.outbox
        age_ms = (self.second - outbox.second) * 1000 + self._ms - outbox.ms()
        return payload.ending(outbox, age_ms)

    def pending(self):
        """Return how many values are not acknowledged yet."""
        return self.outbox.pending + len(self._late)

    def put(self, topic, value, at, flags=0):
        """Put a value into the outbox; `at` is its own time as text, or None.

        With SEVERAL in `flags` the value is what payload.pair() made of the values of several
        assets, as bytes.
        """
        self.tick()
        if self._late:
            self.put_late()
        if flags:
            text, size = value, len(value)
        else:
            size = self._writer.write(value, at)
            text = self._writer.text
            if at is not None:
                flags = OWN_TIME
        self._put(topic, text, size, self.second, self._ms, flags)

    def later(self, topic, value, at, flags=0):
        """Keep the value of an interrupt until the outbox is free; arguments as for put()."""
        if not flags:
            value, flags = payload.text(value, at), 0 if at is None else OWN_TIME
        if len(self._late) >= _LATE_MAX:
            self._late.pop(0)
            self.dropped += 1
        self._late.append((topic, value, flags, self._net.ticks_ms()))

    def put_late(self):
        """Put what interrupts assigned meanwhile."""
        while self._late:
            topic, text, flags, ticks = self._late[0]
            second, ms = self.second, self._ms - self._net.ticks_diff(self._ticked, ticks)
            self._put(topic, text, len(text), second + ms // 1000, ms % 1000, flags)
            self._late.pop(0)  # only now: a KeyboardInterrupt costs no value

    def _put(self, topic, text, size, second, ms, flags):
        outbox = self.outbox
        if topic in self._set_aside:
            self.dropped += 1
            return
        if topic in self._latest:
            while outbox.next(topic, True):
                outbox.remove(outbox.at)
        gone = outbox.put(topic, text, size, second, ms, flags)
        if not gone:
            if self._overflowing and outbox.pending < 2:
                self._overflowing = False
            return
        self.dropped += 1 if gone < 0 else gone
        if gone < 0:
            name = str(self.topics.by_number[topic], "utf-8")
            self._report("a value is larger than the outbox: " + name)
        elif not self._overflowing:
            self._report("the outbox is full, the oldest values go; see client.dropped")
        self._overflowing = True

    def count_dropped(self, n):
        """Note that values were given up elsewhere."""
        self.dropped += n

    def keep_latest(self, topic):
        """Have only the newest value of an asset wait."""
        if topic not in self._latest:
            self._latest += (topic,)

    def set_aside(self, topic=None):
        """Drop the values of an asset from now on, return how many went; None: of no asset."""
        if topic is None:
            self._set_aside = ()
            return 0
        self._set_aside += (topic,)
        gone = 0
        while self.outbox.find(topic):
            self.outbox.remove(self.outbox.at)
            gone += 1
        self.dropped += gone
        return gone

    def drop(self):
        """Drop the record at hand, which the platform refused."""
        self.outbox.remove(self.outbox.at)
        self.dropped += 1
