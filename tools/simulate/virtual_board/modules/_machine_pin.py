"""machine.Pin without hardware: every change of an output is reported to the bridge."""

import _virtual_board as _board
from umachine import PinBase


class Pin(PinBase):
    """A pin by number or name; all objects of one pin share its level."""

    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_UP, PULL_DOWN = 2, 1
    IRQ_RISING, IRQ_FALLING = 1, 2

    _levels = {}
    _modes = {}

    def __init__(self, id, mode=-1, pull=None, value=None, **options):
        if isinstance(id, Pin):
            id = id._id
        # A name needs a table of the board's pins: a Pico W has one, a generic ESP32 has none.
        if not isinstance(id, int if _board.LIKE == "esp32" else (int, str)):
            raise ValueError("invalid pin")
        self._id = id
        self._name = str(id)
        if not self._name or ";" in self._name or "\x1b" in self._name:
            raise ValueError("invalid pin")
        self.init(mode, pull, value)

    def init(self, mode=-1, pull=None, value=None, **options):
        if mode != -1:
            first = self._modes.get(self._name) != mode
            self._modes[self._name] = mode
            if mode != self.IN and first:
                self._drive(self._levels.get(self._name, 0) if value is None else value, True)
                return
            if mode == self.IN:
                self._levels[self._name] = 1 if pull == self.PULL_UP else 0
        if value is not None:
            self.value(value)

    def _drive(self, level, report_always=False):
        level = 1 if level else 0
        if report_always or self._levels.get(self._name) != level:
            self._levels[self._name] = level
            _board.report("pin", f"{self._name};{level}")

    def value(self, level=None):
        if level is None:
            return self._levels.get(self._name, 0)
        if self._modes.get(self._name, self.IN) != self.IN:
            self._drive(level)
        return None

    def __call__(self, level=None):
        return self.value(level)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    high = on
    low = off

    def toggle(self):
        self.value(not self.value())

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING, **options):
        """Keep the handler; nothing changes an input here, so it is never called."""
        self._irq = (handler, trigger)

    def __repr__(self):
        return f"Pin({self._name})"
