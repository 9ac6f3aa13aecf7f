"""What a client types on its way to the interpreter, with Ctrl-C as a board understands it."""

from __future__ import annotations

import time

from .interpreter import Interpreter

_CTRL_C = b"\x03"
_ENOUGH_BYTES = 65536

# Between "the board runs boot.py" and the moment that Ctrl-C works lie some milliseconds, and none
# on a real board: a Ctrl-C that arrives then waits, else it would be lost in the input.
_BOOT_WAIT_S = 0.3

# A second SIGINT before the first has been dealt with ends the Unix port.
_INTERRUPT_GAP_S = 0.05


class BoardInput:
    """A queue of input, in which Ctrl-C is an interrupt for a program and else a byte."""

    def __init__(self) -> None:
        self._queue = b""
        self._ctrl_c_since_s: float | None = None
        self._interrupted_s = 0.0

    def push(self, data: bytes) -> None:
        """Take more input."""
        self._queue += data

    def clear(self) -> None:
        """Forget what has not been passed on."""
        self._queue = b""

    @property
    def full(self) -> bool:
        """Whether the client has to wait."""
        return len(self._queue) > _ENOUGH_BYTES

    @property
    def waiting(self) -> bool:
        """Whether there is input left."""
        return bool(self._queue)

    def pump(self, interpreter: Interpreter, booting: bool) -> None:
        """Pass on what can be; called again as long as something waits.

        Args:
            interpreter: takes the input.
            booting: it is about to run boot.py or main.py, or runs it.
        """
        while self._queue:
            text, ctrl_c, rest = self._queue.partition(_CTRL_C)
            written = interpreter.write(text) if text else 0
            if written < len(text):
                # A program that reads nothing: only Ctrl-C overtakes what is waiting.
                self._queue = self._queue[written:]
                if ctrl_c and self._interrupt(interpreter):
                    self._queue = rest
                return
            self._queue = ctrl_c + rest
            if not ctrl_c:
                return
            if not self._interrupt(interpreter):
                if booting and self._waits_for_boot():
                    return
                if not interpreter.write(_CTRL_C):
                    return
            self._ctrl_c_since_s = None
            self._queue = rest

    def _interrupt(self, interpreter: Interpreter) -> bool:
        now_s = time.monotonic()
        if now_s - self._interrupted_s < _INTERRUPT_GAP_S:
            time.sleep(_INTERRUPT_GAP_S)
        if not interpreter.interrupt():
            return False
        self._interrupted_s = time.monotonic()
        return True

    def _waits_for_boot(self) -> bool:
        now_s = time.monotonic()
        if self._ctrl_c_since_s is None:
            self._ctrl_c_since_s = now_s
        return now_s - self._ctrl_c_since_s < _BOOT_WAIT_S
