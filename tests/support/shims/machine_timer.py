"""MicroPython's `machine.Timer` on CPython: a signal that interrupts the program, sleeps too."""

import signal
import time
import traceback


class Timer:
    """Any number of them share the process's one alarm."""

    ONE_SHOT = 0
    PERIODIC = 1

    _running = []
    _firing = False

    def __init__(self, id=-1, **options):
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, freq=-1, period=-1, callback=None, hard=False):
        self._callback = callback
        self._period_s = 1 / freq if freq > 0 else period / 1000
        self._due_s = time.monotonic() + self._period_s
        self._periodic = mode == self.PERIODIC
        Timer._running = [timer for timer in self._running if timer is not self] + [self]
        signal.signal(signal.SIGALRM, Timer._fire)
        Timer._arm()

    def deinit(self):
        Timer._running = [timer for timer in self._running if timer is not self]
        Timer._arm()

    @classmethod
    def _arm(cls):
        """Have the alarm come when the next callback is due."""
        if cls._firing:  # callbacks are not nested; it is armed when they have ended
            return
        left_s = [timer._due_s - time.monotonic() for timer in cls._running]
        signal.setitimer(signal.ITIMER_REAL, max(min(left_s), 0.0001) if left_s else 0)

    @classmethod
    def _fire(cls, *_):
        cls._firing = True
        try:
            for timer in cls._running:
                now_s = time.monotonic()
                if timer._due_s > now_s:
                    continue
                timer._due_s = max(timer._due_s + timer._period_s, now_s)
                if not timer._periodic:
                    timer.deinit()
                try:
                    timer._callback(timer)
                except Exception:  # as on a board, the program goes on
                    traceback.print_exc()
        finally:
            cls._firing = False
            cls._arm()
