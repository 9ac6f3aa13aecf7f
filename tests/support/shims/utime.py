"""MicroPython's `time` on CPython, with its ticks that wrap."""

from time import *  # noqa: F403
from time import monotonic_ns as _monotonic_ns
from time import sleep as _sleep

_PERIOD = 1 << 30  # as on a board: 12.4 days


def ticks_ms():
    return _monotonic_ns() // 1000000 % _PERIOD


def ticks_add(ticks, delta):
    return (ticks + delta) % _PERIOD


def ticks_diff(end, start):
    return (end - start + _PERIOD // 2) % _PERIOD - _PERIOD // 2


def sleep_ms(ms):
    _sleep(max(ms, 0) / 1000)
