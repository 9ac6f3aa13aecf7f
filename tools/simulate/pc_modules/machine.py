"""A board's `machine` on this PC: pins, watchdog and resets, which print what they are told."""

import os
import sys
import time

from machine_timer import Timer  # noqa: F401

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
_WOKE = "ALLTHINGSTALK_WOKE"  # in the environment of a program that wakes from deep sleep


def say(text):
    """Print a line with one call of the system: a timer may interrupt a print()."""
    os.write(1, f"{text}\n".encode(sys.stdout.encoding, sys.stdout.errors))


class Pin:
    """A pin by number or name; all objects of one pin share its level."""

    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_UP, PULL_DOWN = 2, 1
    IRQ_RISING, IRQ_FALLING = 1, 2

    _levels = {}

    def __init__(self, id, mode=-1, pull=None, value=None, **_):
        if id is None:
            raise ValueError("invalid pin")
        self._name = id._name if isinstance(id, Pin) else str(id)
        self._mode = mode
        if mode == self.IN:
            self._levels[self._name] = 1 if pull == self.PULL_UP else 0
        elif value is not None:
            self.value(value)

    def value(self, level=None):
        """Read the level, or change that of an output, which is printed."""
        if level is None:
            return self._levels.get(self._name, 0)
        level = 1 if level else 0
        if self._mode != self.IN and self._levels.get(self._name) != level:
            self._levels[self._name] = level
            say(f"pin {self._name} = {level}")
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def toggle(self):
        self.value(not self.value())

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING, **_):
        """Nothing changes an input here: the handler is never called."""


class WDT:
    """A watchdog that does not bite."""

    def __init__(self, id=0, timeout=5000):
        say(f"watchdog {timeout} ms")

    def feed(self):
        pass


def reset():
    """End the program: on a board it would start anew."""
    say("reset: the program ends here, a board would start it anew")
    sys.exit(1)


soft_reset = reset


def deepsleep(time_ms=0):
    """Sleep, then start the program anew, as a board does; without a time end it."""
    say(f"deep sleep, {time_ms} ms")
    if not time_ms:
        sys.exit()
    time.sleep(time_ms / 1000)
    os.execve(sys.executable, sys.orig_argv, {**os.environ, _WOKE: "1"})


def lightsleep(time_ms=0):
    time.sleep(time_ms / 1000)


def reset_cause():
    return DEEPSLEEP_RESET if _WOKE in os.environ else PWRON_RESET


def unique_id():
    return b"\x02\x00\x00\x00\x00\x00"
