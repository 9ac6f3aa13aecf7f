"""Feeds a hardware watchdog while the client makes progress. Loaded by `start(watchdog=...)`.

It is armed after the first session, so that a board being set up is not reset, and cannot be
disarmed. It is fed when a poll ends, when a step of connecting ends, and, for up to 30 s, by the
timer's polls during a step that has not ended, such as a DNS look-up or a handler. A client that
is off line makes progress too: it keeps trying.

The program has to poll as well (`client.wait()` in place of sleeping): MicroPython does not nest
timer callbacks, so during a poll by the timer nothing feeds the watchdog until the step ends, and
DNS alone can take longer than the 8.3 s of a Pico W.
"""

from micropython import const

from . import rp2_limits

_SAFE_MS = const(8000)  # every board supports it
_DEFAULT_MS = const(30000)  # for `watchdog=True`, where supported
_STEP_MS = const(30000)  # a step that takes longer counts as hung


class Watchdog:
    """Resets the board when its client makes no progress.

    - `client`: the Client; its `timeout` is reduced where a step could outlast the watchdog.
    - `seconds`: without progress until the reset; True for 8 on a Pico W, 30 elsewhere.

    Raises ValueError for a time that the board does not support, NotImplementedError where there
    is no machine.WDT.
    """

    def __init__(self, client, seconds):
        if seconds is True:
            seconds = (_SAFE_MS if rp2_limits.WATCHDOG_MAX_MS else _DEFAULT_MS) / 1000
        self._ms = int(seconds * 1000)
        if self._ms < 1000 or self._ms > (rp2_limits.WATCHDOG_MAX_MS or self._ms):
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
        self._progress_at = client.net.ticks_ms()
        # A step that times out must end before the watchdog resets the board.
        client.timeout = min(client.timeout, self._ms * 3 / 4000)

    def poll(self):
        """Feed at the end of a poll: the program's, or a timer's that interrupted the client."""
        client = self._client
        if client.connected and not self._dog:
            self._arm()
        if not (client.busy or client.in_handler):
            self.progress()
        elif client.net.ticks_diff(client.net.ticks_ms(), self._progress_at) < _STEP_MS:
            self._feed()

    def _arm(self):
        try:
            self._dog = self._type(timeout=self._ms)
        except ValueError as e:  # beyond this board's limit, which was not known
            self._dog = self._type(timeout=_SAFE_MS)
            self._client.report("the watchdog is set to %d ms: %s" % (_SAFE_MS, e))

    def progress(self):
        """Note that a step of connecting has ended, and feed."""
        self._progress_at = self._client.net.ticks_ms()
        self._feed()

    def _feed(self):
        if self._dog:
            self._dog.feed()
