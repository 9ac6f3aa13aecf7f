"""Feeds a hardware watchdog while the client makes progress. Loaded by `start(watchdog=...)`.

It is armed after the first good session: a board that is being set up is not reset. It cannot be
disarmed. Fed are: each poll that ends, each step of a connection that ends, and for half a minute
the timer's polls in the midst of one that does not, such as DNS or a handler. A client that is
off line makes progress too: it goes on trying.

The program has to poll as well (`client.wait()` in place of sleeping): MicroPython runs no timer's
callback in the midst of another, so within a poll by the timer nothing feeds until its step ends,
and DNS alone can take longer than the 8.3 s of a Pico W.
"""

import sys

from micropython import const

from . import transport

# The counter of the rp2 has 24 bits and runs twice as fast as it says (RP2040 datasheet, 4.7).
_RP2_MOST_MS = const(8388)
_LONG_MS = const(8000)  # any board can do it
_LONGER_MS = const(30000)  # what `watchdog=True` means where that is possible
_STEP_MS = const(30000)  # a step that takes longer hangs


class Watchdog:
    """`seconds` until the board is reset; True for 8 on a Pico W, 30 elsewhere.

    Raises ValueError for what the board cannot do, NotImplementedError where it has no watchdog.
    """

    def __init__(self, client, seconds):
        if seconds is True:
            seconds = (_LONG_MS if sys.platform == "rp2" else _LONGER_MS) / 1000
        self._ms = int(seconds * 1000)
        if self._ms < 1000 or (sys.platform == "rp2" and self._ms > _RP2_MOST_MS):
            raise ValueError(
                "watchdog=%s: seconds, 1 at least, and 8.3 at most on a Pico W" % (seconds,)
            )
        try:
            from machine import WDT
        except ImportError:
            raise NotImplementedError("no machine.WDT here: start() without watchdog=")
        self._type = WDT
        self._dog = None
        self._client = client
        self._progress_at = client._net.ticks_ms()
        # No step may take longer than the dog waits.
        client._timeout_s = min(client._timeout_s, self._ms * 3 / 4000)
        transport.progress = self.progress

    def poll(self):
        """Note that a poll has ended: the program's own, or a timer's in the midst of something."""
        client = self._client
        if client.connected and not self._dog:
            self._arm()
        if not client._in_io and not client._in_handler:
            self.progress()
        elif client._net.ticks_diff(client._net.ticks_ms(), self._progress_at) < _STEP_MS:
            self._feed()

    def _arm(self):
        try:
            self._dog = self._type(timeout=self._ms)
        except ValueError as e:  # a limit of another port
            self._dog = self._type(timeout=_LONG_MS)
            self._client._report("the watchdog is set to %d ms: %s" % (_LONG_MS, e))

    def progress(self):
        """Note that a step has ended."""
        self._progress_at = self._client._net.ticks_ms()
        self._feed()

    def _feed(self):
        if self._dog:
            self._dog.feed()
