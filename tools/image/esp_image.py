"""Reads firmware images of ESP32 chips: which chip, where in flash, which partitions.

Used by flash (is this the right file?) and by image (where does the file system go?). Offsets are
addresses in flash unless said otherwise.
"""

import struct
from dataclasses import dataclass, field

from tools.board import wanted_files

_MAGIC = 0xE9
# esptool's names of the chips, by the id in an image's header.
CHIP_IDS = {0: "esp32", 2: "esp32s2", 5: "esp32c3", 9: "esp32s3", 12: "esp32c2", 13: "esp32c6"}
_CHIP_ID_AT = 12
_FLASH_SIZE_AT = 3  # its upper half: 0 for 1 MB, 1 for 2 MB, ...
_TABLE = 0x8000
_TABLE_BYTES = 0xC00
_ENTRY = struct.Struct("<HBBII16sI")
_ENTRY_MAGIC = 0x50AA
_MB = 1024 * 1024


class ImageError(ValueError):
    """A file is not the image that is needed; the text says what it is and what to take."""


@dataclass
class Partition:
    """A part of the flash: `offset` and `size_bytes`."""

    name: str
    kind: int
    subtype: int
    offset: int
    size_bytes: int

    @property
    def end(self):
        """The offset behind it."""
        return self.offset + self.size_bytes


@dataclass
class EspImage:
    """An image with boot loader, partition table and application, as MicroPython releases them.

    - `base`: where its first byte is written to.
    - `flash_bytes`: size of the flash that it was built for.
    """

    data: bytes
    base: int
    chip: str
    flash_bytes: int
    partitions: list = field(default_factory=list)

    def find(self, name):
        """Return the Partition of a name, None if there is none."""
        return next((p for p in self.partitions if p.name == name), None)


def read(data, name, board):
    """Return the EspImage of a file's bytes.

    - `name`: of the file, for the texts.
    - `board`: the boards.Board that it is for.

    Raises ImageError, ContentError for another chip's.
    """
    boot_loader_at = board.flash_offset
    if not data:
        raise ImageError(f"{name} is empty")
    if data[:4] == b"UF2\n":
        raise ImageError(f"{name} is a UF2 file: an ESP32 takes the .bin")
    if data[:4] == b"\x7fELF":
        raise ImageError(f"{name} is an ELF file: take the .bin beside it")
    # A merged image may begin at 0, with nothing before the boot loader of an ESP32.
    merged = boot_loader_at and set(data[:boot_loader_at]) == {0xFF}
    base, start = (0, boot_loader_at) if merged else (boot_loader_at, 0)
    if len(data) < start + 24 or data[start] != _MAGIC:
        raise ImageError(
            f"{name} is no ESP32 firmware: it does not begin with 0xE9. Is it a complete download?"
        )
    chip_id = int.from_bytes(data[start + _CHIP_ID_AT : start + _CHIP_ID_AT + 2], "little")
    chip = CHIP_IDS.get(chip_id, f"with the id {chip_id}")
    wanted_files.check_chip(name, chip, board)
    partitions = read_partitions(data[_TABLE - base : _TABLE - base + _TABLE_BYTES])
    if not partitions:
        raise ImageError(
            f"{name} has no partition table: it is the application alone, for an update over the "
            "air perhaps. Take the image that MicroPython's download page offers for flashing"
        )
    flash_bytes = _MB << (data[start + _FLASH_SIZE_AT] >> 4)
    return EspImage(data, base, chip, flash_bytes, partitions)


def read_partitions(table):
    """Return the Partitions of a table's bytes."""
    partitions = []
    for at in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        magic, kind, subtype, offset, size, name, _ = _ENTRY.unpack_from(table, at)
        if magic != _ENTRY_MAGIC:
            break
        label = name.rstrip(b"\0").decode("ascii", "replace")
        partitions.append(Partition(label, kind, subtype, offset, size))
    return partitions


def file_system(image, name, flash_bytes=None):
    """Return (offset, bytes) of the file system that this firmware mounts at "/".

    MicroPython takes the partition "vfs"; firmware from 1.26 on may have none in its table and
    then makes one, from the last partition's end to the end of the flash, whose size it measures.

    - `flash_bytes`: size of the chip's flash, None for what the image says.

    Raises ImageError.
    """
    flash_bytes = flash_bytes or image.flash_bytes
    vfs = image.find("vfs")
    if vfs:
        offset, size = vfs.offset, vfs.size_bytes
    elif image.find("ffat"):
        raise ImageError(f'{name} has a FAT partition "ffat": only littlefs ("vfs") is made here')
    else:
        offset = max(p.end for p in image.partitions)
        size = flash_bytes - offset
    if size < 4 * 4096 or offset + size > flash_bytes:
        raise ImageError(
            f"{name}: no room for a file system in {flash_bytes // _MB} MB of flash; has the board "
            "more? Say so: FLASH_SIZE=8M"
        )
    return offset, size
