"""Sets the board's clock by NTP: without the right time no certificate can be verified.

    from allthingstalk.board.clock import keep, set_clock

    set_clock()     # in boot.py, once the network is up
    keep(client)    # or: from now on the client sees to it, before it connects and every day

A clock that is set may be wrong all the same: an editor set it to local time, or it ran off in
months of deep sleep. So time servers are asked then too; only nothing waits for their answer.
"""

from .. import timestamps
from ..net import sleep_ms
from ..overlay import Overlay

SERVERS = ("pool.ntp.org", "time.google.com", "time.cloudflare.com")
_FIRST_MS = 2000  # back-off after the first failure of keep(), doubled at each further one
_MOST_MS = 60000  # its end while the clock is not set; else it is a day
_NEAR_MS = 1500  # a clock that is so near is left alone: some have whole seconds only
_SELDOM_MS = 500  # a client that is polled more seldom than that waits for an answer at once
_PAUSE_MS = 5

checked = False  # a time server has answered since the board's start
moved_ms = 0  # how far a clock that was set has been moved since then


def set_clock(servers=SERVERS, *, timeout_s=2, tries=2, log=print, force=False):
    """Put the clock right by the first server that answers. Returns whether the clock is set.

    - `servers`: names, or 'name:port'; None for the default ones.
    - `timeout_s`: seconds to wait for each answer; `tries`: rounds through all servers. A clock
      that is set is worth one.
    - `log(text)`: gets a line if all fail, None for silence.
    - `force`: make all tries, and return whether a server answered.

    Raises NotImplementedError where the clock is not set and there is no machine.RTC. One that is
    set is the operating system's there, and left to it.
    """
    was_set = timestamps.clock_is_set()
    if was_set and not _rtc():
        return True
    for _ in range(1 if was_set and not force else tries):
        for server in servers or SERVERS:
            try:
                _put_right(ask(server, timeout_s))
                return True
            except (OSError, ValueError) as e:
                failure = (server, e)
    if log:
        log(_none_answered(was_set, *failure))
    return was_set and not force


def keep(client, servers=SERVERS, *, timeout_s=2, every=86400, needed=True):
    """Make the client put the clock right before it connects, and again `every` so many seconds.

    - `client`: a Client. Call `wifi.keep(client)` first: no name is looked up without a network.
    - `servers`, `timeout_s`: as for `set_clock()`. At the start one answer is waited for, later
      answers are taken by poll() when they come. Failures back off from 2 s to 60 s, with a clock
      that is set to `every`.
    - `needed`: with a clock that is not set the client stays off line, and values wait, as TLS
      wants it. A clock that is set never keeps it from connecting.

    Raises ValueError for an `every` below a second.
    """
    if every < 1:
        raise ValueError("every=%s: seconds from one question to the next" % every)
    if _rtc() or not timestamps.clock_is_set():
        client.link_up = _Keeper(client, servers or SERVERS, timeout_s, every, needed).link_up


class _Keeper:
    def __init__(self, client, servers, timeout_s, every, needed):
        self._client = client
        self._below = client.link_up
        self._servers = servers
        self._timeout_s = timeout_s
        self._every_ms = int(every * 1000)
        self._held = needed  # until the clock is set
        self._first = True
        self._turn = 0  # the server that is asked next
        self._asking = None  # a question under way, see asking()
        self._left_ms = 0  # until the next one
        self._pause_ms = _FIRST_MS  # after the next failure
        self._said = False  # that none answers
        self._last = client.net.ticks_ms()

    def link_up(self):
        """Do what is due; return whether there is a network, and the time where it is needed."""
        net = self._client.net
        now = net.ticks_ms()
        since_ms = net.ticks_diff(now, self._last)
        self._last = now
        self._left_ms = max(0, self._left_ms - since_ms)  # ticks wrap around
        if self._below and not self._below():
            return False
        if self._held:
            self._held = not timestamps.clock_is_set()
        if self._left_ms or self._client.status == "closed":
            return not self._held
        if self._first:
            self._first = False
            for _ in self._servers if self._held else (0,):
                if self._step(True):
                    break
        else:
            # Polled seldom it would find the answer long after that came.
            self._step(since_ms > _SELDOM_MS)
        return not self._held

    def _step(self, wait):
        """Take a step of a question, or with `wait` all; return whether a server has answered."""
        net, server = self._client.net, self._servers[self._turn]
        try:
            steps, self._asking = self._asking or asking(server, self._timeout_s), None
            next(steps)
            while wait:
                net.sleep_ms(_PAUSE_MS)
                next(steps)
            self._asking = steps
            return False
        except StopIteration as e:
            _put_right(e.value)
            self._left_ms, self._pause_ms = self._every_ms, _FIRST_MS
            self._held = self._said = False
            answered = True
        except (OSError, ValueError, MemoryError) as e:
            answered, is_set = False, timestamps.clock_is_set()
            self._left_ms = self._pause_ms
            most = self._every_ms if is_set else _MOST_MS
            self._pause_ms = min(2 * self._pause_ms, most)
            self._turn = (self._turn + 1) % len(self._servers)
            if not self._turn and (self._held or not self._said):
                self._said = True
                self._client.report(_none_answered(is_set, server, e))
        self._last = net.ticks_ms()
        return answered


def ask(server, timeout_s=2):
    """Return the time of an NTP server in milliseconds since 1970.

    - `server`: name, or 'name:port'; `timeout_s`: seconds to wait for the answer.

    Raises OSError without an answer in time, ValueError for an invalid one.
    """
    steps = asking(server, timeout_s)
    while True:
        try:
            next(steps)
        except StopIteration as e:
            return e.value
        sleep_ms(_PAUSE_MS)


def asking(server, timeout_s):
    """Return a generator that yields while there is no answer, and returns what ask() does.

    `server`, `timeout_s`: as of ask(), which raises the same.
    """
    with Overlay("connect"):
        from ..connect import ntp

        return ntp.asking(server, timeout_s)


def _put_right(ms):
    """Set the clock, unless it is right as far as clocks of whole seconds can be."""
    global checked, moved_ms
    now = timestamps.now_ms()
    if now is None or abs(ms - now) >= _NEAR_MS:
        _set(ms + 500)  # rounded
        moved_ms += ms - now if now else 0
    checked = True


def _set(ms):
    rtc = _rtc()
    if not rtc:
        raise NotImplementedError("no machine.RTC here: the clock is the operating system's")
    text = timestamps.iso(ms)
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    weekday = (ms // 86400000 + 3) % 7  # 1970 began on a Thursday; Monday is 0
    hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
    rtc().datetime((year, month, day, weekday, hour, minute, second, 0))


def _rtc():
    """Return machine.RTC, None where there is none."""
    try:
        import machine
    except ImportError:
        return None
    return getattr(machine, "RTC", None)


def _none_answered(was_set, server, e):
    try:
        with Overlay("connect"):
            from ..connect.error_texts import in_words

            e = in_words(e)
    except MemoryError:  # without what it means, then
        pass
    does = "checked" if was_set else "set"
    return "the clock is not %s: no time server answered (%s: %s)" % (does, server, e)
