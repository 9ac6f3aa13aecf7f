"""A virtual board: real MicroPython behind a serial port, for the unmodified mpremote."""

from .board import VirtualBoard
from .settings import VirtualBoardError

__all__ = ["VirtualBoard", "VirtualBoardError"]
