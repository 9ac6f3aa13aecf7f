"""MicroPython's `machine.Timer` on CPython: a signal that interrupts the program, sleeps too."""

import signal


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1):
        self._callback = None

    def init(self, *, mode=PERIODIC, period=-1, callback=None):
        self._callback = callback
        signal.signal(signal.SIGALRM, self._fire)
        seconds = period / 1000
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds if mode == self.PERIODIC else 0)

    def deinit(self):
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _fire(self, *_):
        self._callback(self)
