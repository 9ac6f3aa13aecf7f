"""The board's clock: `time` of the Unix port, put right where a board's differs.

A board has whole seconds and 8-tuples in UTC, follows its RTC, and runs timer callbacks while it
sleeps; an ESP32 counts from 2000.
"""

import _virtual_board as _board
import utime as _native
from utime import *  # noqa: F403

_EPOCH_S = 946684800 if _board.LIKE == "esp32" else 0


def sleep(seconds):
    """Sleep; unlike the Unix port's own sleep(), sleep_ms() runs scheduled callbacks meanwhile."""
    if seconds > 0:
        _native.sleep_us(int(seconds * 1000000) % 1000)
        _native.sleep_ms(int(seconds * 1000))


def time():
    """Seconds since the board's epoch."""
    return int(_native.time()) + _board.clock_offset_s - _EPOCH_S


def time_ns():
    """Nanoseconds since the board's epoch."""
    return _native.time_ns() + (_board.clock_offset_s - _EPOCH_S) * 1000000000


def gmtime(seconds=None):
    """Seconds since the board's epoch (or now) as an 8-tuple."""
    return _native.gmtime((time() if seconds is None else int(seconds)) + _EPOCH_S)[:8]


localtime = gmtime


def mktime(date):
    """An 8-tuple as seconds since the board's epoch."""
    return int(_native.mktime(date)) - _EPOCH_S
