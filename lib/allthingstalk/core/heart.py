"""The heart of a Client: what interrupts may do, the way of a value into the outbox, one step.

Interrupts (a timer's or a pin's handler, by way of `micropython.schedule`) run between any two
bytecodes. What they assign while the outbox is being changed waits in a list of its own, and goes
in before what is assigned later; what they call while the client works (close, connect) is done
right after it. Other threads may assign: they wait for the lock, which is never held while the
client waits for the network. What Ctrl-C leaves half done is mended, see cut_off().

A step takes what interrupts assigned, then what has arrived, sends, pings, and hands messages to
their handlers. Off line it goes one step of the way up instead, when that is due. A number, a bool
or a short text gets into the outbox without an allocation.
"""

import sys
from io import BytesIO

from micropython import const

try:
    from _thread import allocate_lock, get_ident
except ImportError:  # a port without threads
    from .no_threads import allocate_lock, get_ident

_LATE_MAX = const(64)  # values of interrupts that wait at a time
_ROOM = const(64)  # bytes of a text for which nothing is allocated
_SERVE_S = const(5)  # a program that has not polled for so long is served by its assignments
_READS = const(256)  # of one poll: a broker that never stops does not keep the program
_IDLE_MS = const(10)  # pause between two polls of a wait


class Heart:
    """Part of a Client, whose class gets these methods when they are needed, see calls.load().

    What leads up and down is in clients. A Client's `busy`: it is in its own work, of which waiting
    for the network may be a part; `in_handler`: in a function of the program that it called;
    `after`: what interrupts called, to be done when the work at hand is.
    """

    second = 0  # since begin(): ticks alone wrap
    _overflowing = False

    # -- interrupts and threads: enter() and leave() stand around each change of outbox and session

    def begin(self, outbox):
        """Take an outbox, and a format for its messages."""
        from . import payload

        self.lock = allocate_lock()
        self._holder = None  # who is between enter() and leave(), 0 where it was not asked for
        self._locked = self.lock.locked
        self.own()
        # On 32-bit ports with large thread numbers each question allocates: only where two meet.
        self._asks = self.thread < 1 << 30 or sys.maxsize > 1 << 31
        self.format = payload
        self._text = bytearray(_ROOM)
        self._stream = BytesIO(bytearray(_ROOM))
        self._ticked = self.net.ticks_ms()
        self._ms = self._polled_s = 0  # of the clock; second of the last poll
        self.late = []  # (topic, text, flags, ticks) of what interrupts assigned
        self.outbox = outbox

    def own(self):
        """Make this thread the one that polls; None in `thread`: the next that connects."""
        self.thread = get_ident()

    def check_thread(self, always=True):
        """Raise RuntimeError in a thread that may only assign."""
        if (always or self._asks) and self.thread not in (None, get_ident()):
            raise RuntimeError(
                "this thread may only assign: poll, wait, flush, close, connect and reading "
                "belong to the thread that connected"
            )

    def entered(self):
        """Return whether this thread is between enter() and leave(): then it is an interrupt."""
        if not self._locked():
            return False
        me = get_ident()
        return self._holder == me or not self._holder and me == self.thread

    def enter(self):
        """Begin to change the outbox; waits for another thread that does."""
        self.lock.acquire()
        self._holder = get_ident() if self._asks else 0

    def leave(self):
        self._holder = None
        self.lock.release()

    # -- a value's way into the outbox; all but later() between enter() and leave() ----------------

    def tick(self):
        """Bring the clock up to date; return the ticks."""
        now = self.net.ticks_ms()
        ms = self._ms + self.net.ticks_diff(now, self._ticked)
        self._ticked = now
        if ms >= 1000:
            self.second += ms // 1000
            ms %= 1000
        self._ms = ms
        return now

    def age_ms(self, second, ms):
        """Return how long ago a moment of this clock was."""
        return (self.second - second) * 1000 + self._ms - ms

    def ending(self):
        """Return the end of the message of the outbox's record at hand."""
        outbox = self.outbox
        return self.format.ending(outbox, self.age_ms(outbox.second, outbox.ms()))

    def number(self, device_id, asset_name):
        """Return the number of an asset; `()` stands for several of them in one message.

        Raises ValueError for a name that cannot be part of a topic.
        """
        numbers = self.numbers.get(device_id)
        if numbers is None:
            numbers = self.numbers[device_id] = {}
        found = numbers.get(asset_name)
        if found is None:
            topic = self.state_topic(device_id, asset_name)
            self.topics.append(topic)  # first: an interrupt may add one as well
            found = numbers[asset_name] = self.topics.index(topic)
        return found

    def later(self, topic, value, at, flags):
        """Keep the value of an interrupt until the outbox is free; arguments as for put()."""
        if not flags:
            stream = BytesIO()
            self.format.write(stream, value, at)
            value, flags = stream.getvalue(), 0 if at is None else self.format.OWN_TIME
        if len(self.late) >= _LATE_MAX:
            self.late.pop(0)
            self.dropped += 1
        self.late.append((topic, value, flags, self.net.ticks_ms()))

    def put_late(self):
        """Put what interrupts assigned meanwhile."""
        while self.late:
            topic, text, flags, ticks = self.late[0]
            ms = self._ms - self.net.ticks_diff(self._ticked, ticks)
            self._put(topic, text, len(text), flags, self.second + ms // 1000, ms % 1000)
            self.late.pop(0)  # only now: a KeyboardInterrupt costs no value

    def put(self, topic, value, at, flags):
        """Put a value into the outbox; `at` is its own time as text, or None.

        With SEVERAL in `flags` the value is what payload.pair() made of the values of several
        assets, as bytes.
        """
        self.tick()
        if self.late:
            self.put_late()
        if flags:
            return self._put(topic, value, len(value), flags, self.second, self._ms)
        stream, text = self._stream, self._text
        stream.seek(0)
        self.format.write(stream, value, at)
        n = stream.tell()
        stream.seek(0)
        if n > _ROOM:
            text = bytearray(n)
            self._stream = BytesIO(bytearray(_ROOM))  # it has grown: not for ever
        stream.readinto(text)
        self._put(topic, text, n, 0 if at is None else self.format.OWN_TIME, self.second, self._ms)

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
            self.report("a value is larger than the outbox: " + str(self.topics[topic], "utf-8"))
        elif not self._overflowing:
            self.report("the outbox is full, the oldest values go; see client.dropped")
        self._overflowing = True

    # -- one step, in order ------------------------------------------------------------------------

    def cut_off(self):
        """Leave our own work after an exception from outside, such as Ctrl-C, in whatever state.

        What it left half done is mended when the client is used again: another Ctrl-C may come.
        """
        entered = self.entered()
        if entered:
            self.leave()
        if entered or self.busy:
            self.cut = True
        self.busy = self.in_handler = False

    def publish(self, topic, value, at, flags=0):
        """Put a value into the outbox and send what can be sent; see put()."""
        if self.entered():
            return self.later(topic, value, at, flags)
        if self.cut:
            self.mend()
        failure, stored = None, False
        # No `try` begins between enter() and leave(): CPython covers the line of none by another.
        try:
            try:
                self.enter()
                self.put(topic, value, at, flags)
                stored = True
                if self.link and not self.busy and not self.in_handler:
                    self._exchange()
            except Exception as e:
                if not stored:  # the value is not taken, and nothing has changed
                    self.leave()
                    raise
                failure = e
            self.leave()
            if failure:
                self.busy = True
                self.failed(failure)
                self.busy = False
        except Exception:
            raise
        except BaseException:  # Ctrl-C: not left, so that it is mended
            self.cut_off()
            raise
        if self.in_handler or self.busy:
            return
        if self.second - self._polled_s > _SERVE_S and self.thread in (None, get_ident()):
            self.poll()
            while self.way:  # up to the end of a connect that is due
                self.net.sleep_ms(_IDLE_MS)
                self.poll()
        elif self.after or self.events or self.session.inbox:
            self._run(False)

    def step(self):
        """Do what is due; see Client.poll()."""
        self.check_thread(False)
        free = not (self.busy or self.entered())  # else an interrupt in the middle of our own work
        if free:
            self._run(True)
            self._polled_s = self.second
        if self.watchdog:
            self.watchdog.poll()
        return self.state == "online"

    def _run(self, connect):
        """Do steps until there is nothing to tell the program, which is told in between."""
        try:
            for _ in range(16):
                try:
                    self.busy = True
                    if self.cut:
                        self.mend()
                    self._step(connect)
                except Exception as e:
                    self.failed(e)
                self.busy = False
                if self.in_handler or not (self.events or self.session and self.session.inbox):
                    break
                self.in_handler = True
                while self.events:
                    self.tell(self.events.pop(0))
                if self.session.inbox:
                    from .commands import dispatch

                    dispatch(self)
                self.in_handler = False
        except BaseException:
            self.cut_off()
            raise
        while self.after and not self.busy:
            self.after.pop(0)()

    def _step(self, connect):
        up = self.link_up is None or self.link_up()
        try:
            self.enter()
            now = self.tick()
            if self.outbox:
                self.put_late()
                if self.outbox.store:
                    self.outbox.store.check()
            if self.link and up:
                for device in self.devices:
                    if self.handlers != device.__registered__[0]:
                        self.handlers = device.__registered__[0]
                        self.subscribe(now)
                    break
                self._exchange()
                self.session.check(now)
                if self.session.stop:
                    self._push(now)
        except Exception:
            self.leave()
            raise
        self.leave()
        if self.state == "online":
            if not up:
                raise OSError("the network is down")
            if not self.link and self.pending:
                self.send_states()
        elif not connect:
            return
        elif self.way and up:
            self.go_up()
        elif not up or self.state == "closed" or not (self.devices or self.pending):
            if self.way:
                self.leave_way()
            if self.net.ticks_diff(now, self.retry_at) > 0:
                self.retry_at = now  # due when it is back, and ticks wrap
        elif self.net.ticks_diff(now, self.retry_at) >= 0:
            self.go_up()

    def _exchange(self):
        """Take what has arrived, send what waits."""
        session, link, now = self.session, self.link, self.net.ticks_ms()
        for _ in range(_READS):
            if session.full():
                break
            buffer, have = session.buffer, session.have
            n = link.readinto(memoryview(buffer)[have:] if have else buffer)
            if n is None:
                break
            if n == 0:
                raise OSError("the platform closed the connection")
            session.receive(n, now)
        if session.stop:
            self._push(now)
        while not session.stop:
            more = session.send(now)
            if session.stop:
                self._push(now)
            if not more:
                break

    def _push(self, now):
        session = self.session
        session.sent(self.link.send(session.out, session.start, session.stop), now)

    def until(self, seconds, done=None):
        """Poll until `done()` or the time is over."""
        self.check_thread()
        net, left_ms = self.net, int(seconds * 1000)
        last = net.ticks_ms()
        while True:
            self.poll()
            now = net.ticks_ms()
            left_ms -= net.ticks_diff(now, last)
            last = now
            if left_ms <= 0 or done and done() or self.busy:
                return
            net.sleep_ms(min(_IDLE_MS, left_ms))
