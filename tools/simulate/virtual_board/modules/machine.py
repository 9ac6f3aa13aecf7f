"""The `machine` of a board on top of what the Unix port's has: resets, sleep, RTC and watchdog."""

import _virtual_board as _board
import utime as _time
from _machine_pin import Pin  # noqa: F401
from _machine_timer import Timer  # noqa: F401
from umachine import *  # noqa: F403

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5

_frequency_hz = 160000000 if _board.LIKE == "esp32" else 125000000


def reset():
    """Restart the chip: boot.py and main.py run."""
    _board.report_and_wait("reset")


def soft_reset():
    """Restart the interpreter; main.py runs unless this comes from the raw REPL."""
    _board.report_and_wait("soft-reset")


def bootloader(timeout=0):
    """Leave MicroPython; the board stays silent until it is reset from outside."""
    _board.report_and_wait("bootloader")


def deepsleep(time_ms=0):
    """Power down for time_ms (0: until a reset), then boot with DEEPSLEEP_RESET."""
    _board.report_and_wait("deepsleep", time_ms)


def lightsleep(time_ms=0):
    """Sleep for time_ms; without a time this only yields, since nothing could wake the board."""
    _time.sleep_ms(time_ms)


def reset_cause():
    """Why the board started, as one of the *_RESET constants."""
    return _board.RESET_CAUSE


def unique_id():
    """A number of this board, made from the name of its flash."""
    from binascii import unhexlify

    return unhexlify(_board.UNIQUE_ID)


def freq(hertz=None):
    """Read or set the frequency of the processor; it changes nothing else."""
    global _frequency_hz
    if hertz is None:
        return _frequency_hz
    _frequency_hz = hertz
    return None


def disable_irq():
    """Take the state that enable_irq() wants; there are no hard interrupts to hold back."""
    return 1


def enable_irq(state):
    """The partner of disable_irq()."""


class RTC:
    """The clock of the board; it starts with the PC's time and keeps a new one until power goes."""

    def datetime(self, date=None):
        """Read or set (year, month, day, weekday, hour, minute, second, subsecond)."""
        now_s = int(_time.time())
        if date is None:
            now = _time.gmtime(now_s + _board.clock_offset_s)
            return (now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0)
        wanted = (date[0], date[1], date[2], date[4], date[5], date[6], 0, 0)
        _board.clock_offset_s = int(_time.mktime(wanted)) - now_s
        _board.report("clock", _board.clock_offset_s)
        return None


class WDT:
    """A watchdog in the bridge, so that it bites whatever the interpreter is doing."""

    # The rp2 port refuses more: 24 bits of a counter that runs twice as fast as the clock says.
    _RP2_LIMIT_MS = 8388
    # Feeding in a tight loop must not flood the serial line; the bridge waits this much longer.
    _REPORT_EVERY_MS = 20

    def __init__(self, id=0, timeout=5000):
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        if _board.LIKE == "pico-w" and timeout > self._RP2_LIMIT_MS:
            raise ValueError(f"timeout exceeds {self._RP2_LIMIT_MS}")
        self._reported_ms = _time.ticks_ms()
        _board.report("watchdog", timeout)

    def feed(self):
        now_ms = _time.ticks_ms()
        if _time.ticks_diff(now_ms, self._reported_ms) >= self._REPORT_EVERY_MS:
            self._reported_ms = now_ms
            _board.report("feed")
