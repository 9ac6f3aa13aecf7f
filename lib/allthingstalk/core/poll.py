"""One step of a client, in order, and what an assignment does of it.

A step takes what interrupts assigned, then what has arrived, sends, pings, and hands messages to
their handlers. Off line it takes one step of the connection attempt instead, when that is due. What
Ctrl-C leaves half done is mended, see cut_off().
"""

from micropython import const

from .assignments import get_ident

# Errors of our own, whose words are in connect.error_texts.
_NO_NETWORK = const(-1007)
_ENDED = const(-1008)
_SERVE_S = const(5)  # a program that has not polled for so long is served by its assignments
_READS = const(256)  # of one poll: a broker that never stops does not keep the program
_MANY = const(30)  # packets in flight: now acknowledgements are looked for at each assignment
_IDLE_MS = const(10)  # pause between two polls of a wait


class Loop:
    """Part of a Client, as Assignments is: its session and link. Connecting is in clients."""

    _read_at = None  # a burst of assignments looks once a millisecond for what has arrived

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

    def publish(self, topic, value, at, flags):
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
                    now = self.ticked
                    reading = now != self._read_at or self.outbox.in_flight > _MANY
                    self._read_at = now
                    self._exchange(now, reading)
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
        if self.second - self.polled_s > _SERVE_S and self.thread in (None, get_ident()):
            self.poll()
            while self.attempt:  # until a connection attempt that is due has ended
                self.net.sleep_ms(_IDLE_MS)
                self.poll()
        elif self.after or self.events or self.session.inbox:
            self.step(False)

    def step(self, connect):
        """Do steps until there is nothing to tell the program, which is told in between.

        `connect`: off line too, where it is the next one of the connection attempt.
        """
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
                    event = self.events.pop(0)  # "online", or the reason of a loss
                    online = event == "online"
                    function = self.on_connect if online else self.on_disconnect
                    if function:
                        from .commands import call

                        what = "on_connect" if online else "on_disconnect"
                        call(self.report, what, None, function, self, *([] if online else [event]))
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
                        if self.session.subscribed:
                            # Now, not when the first one comes: so much heap is not to be missed.
                            from . import commands  # noqa: F401
                    break
                self._read_at = None
                self._exchange(now, True)
                self.session.check(now)
                if self.session.stop:
                    self._exchange(now, False)
        except Exception:
            self.leave()
            raise
        self.leave()
        if self.state == "online":
            if not up:
                raise OSError(_NO_NETWORK)
            if not self.link and self.pending:
                self.send_states()
        elif not connect:
            return
        elif self.attempt and up:
            self.advance()
        elif not up or self.state == "closed" or not (self.devices or self.pending):
            if self.attempt:
                self.abandon()
            if self.net.ticks_diff(now, self.retry_at) > 0:
                self.retry_at = now  # due when it is back, and ticks wrap
        elif self.net.ticks_diff(now, self.retry_at) >= 0:
            self.advance()

    def _exchange(self, now, reading):
        """Take what has arrived if `reading`, send what waits."""
        session, link = self.session, self.link
        if reading:
            for _ in range(_READS):
                if session.full():
                    break
                buffer, have = session.buffer, session.have
                n = link.readinto(memoryview(buffer)[have:] if have else buffer)
                if n is None:
                    break
                if n == 0:
                    raise OSError(_ENDED)
                session.receive(n, now)
        more = True
        while True:
            if session.stop:
                session.sent(link.send(session.out, session.start, session.stop), now)
            if session.stop or not more:
                break
            more = session.send(now)

    def until(self, seconds, done=None):
        """Poll until `done()` or the time is over."""
        self.check_thread(True)
        net, left_ms = self.net, int(seconds * 1000)
        pause_ms = 1 if done else _IDLE_MS  # what is waited for often comes soon
        last = net.ticks_ms()
        while True:
            self.poll()
            now = net.ticks_ms()
            left_ms -= net.ticks_diff(now, last)
            last = now
            if left_ms <= 0 or done and done() or self.busy:
                return
            net.sleep_ms(min(pause_ms, left_ms))
            pause_ms = min(pause_ms + 1, _IDLE_MS)
