"""Checks a firmware image before it is booted: MicroPython, for an RP2040, with Wi-Fi or without.

The emulator itself would run anything, and take a name that is no file for a version to download.
"""

from dataclasses import dataclass
from pathlib import Path

from tools.image import uf2

WIFI_NAME = "RP2040PY-GUEST"  # the network that rp2040py lets the board find
# The Wi-Fi chip's driver asks for the chip's address by this name.
_DRIVER_MARK = b"cur_etheraddr\0"
_HOW = "Take the .uf2 that MicroPython's download page has for the board RPI_PICO_W."


class ImageError(ValueError):
    """A file is no image that can be emulated; the text says what it is and what to take."""


@dataclass(frozen=True)
class Image:
    """An image that the emulator can boot.

    Args:
        path: the file.
        has_wifi: whether it drives a Pico W's Wi-Fi chip.
    """

    path: Path
    has_wifi: bool


def check(path: str | Path) -> Image:
    """Look into a file and return what it is.

    Raises:
        ImageError: it is missing, is no UF2 file, is for another chip or is not MicroPython.
    """
    path = Path(path)
    try:
        blocks = uf2.read(path.read_bytes(), path.name)
        chip = uf2.chip(blocks, path.name)
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}. {_HOW}") from None
    except uf2.Uf2Error as error:
        raise ImageError(f"{error}. {_HOW}") from None
    if chip != "rp2040":
        raise ImageError(
            f"{path.name} is for an {chip.upper()}; only an RP2040 is emulated. {_HOW}"
        )
    content = b"".join(block.data for block in sorted(blocks, key=lambda block: block.address))
    if b"MicroPython" not in content:
        raise ImageError(f"{path.name} is firmware for a Pico, but not MicroPython. {_HOW}")
    return Image(path.resolve(), _DRIVER_MARK in content)
