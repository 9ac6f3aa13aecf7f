"""Reads and writes UF2 files, the firmware of RP2040 and RP2350, and finds their file system.

Used by flash (is this the right file?) and by image (where does the file system go?). Addresses
are those of the chip: its flash begins at 0x10000000.
"""

import struct
from dataclasses import dataclass

_BLOCK = struct.Struct("<8I476sI")
BLOCK_BYTES = 512
PAGE_BYTES = 256
_START, _SECOND, _END = 0x0A324655, 0x9E5D5157, 0x0AB16F30
_HAS_FAMILY = 0x2000

ABSOLUTE = 0xE48BFF57  # a first block that mends an erratum of RP2350; it stays as it is
FAMILIES = {
    0xE48BFF56: "rp2040",
    0xE48BFF59: "rp2350",
    0xE48BFF5A: "rp2350",  # RISC-V
    0xE48BFF5B: "rp2350",  # ARM, non-secure
}
FLASH = 0x10000000

# Raspberry Pi's "binary info": five words near the start lead to a list of facts, of which one
# says where the file system of MicroPython lies.
_INFO_START, _INFO_END = 0x7188EBF2, 0xE71AA390
_INFO_WITHIN = 4096
_BLOCK_DEVICE = struct.Struct("<HHIII")
_BLOCK_DEVICE_TYPE = 7
_MICROPYTHON_TAG = 0x504D  # "MP"


class Uf2Error(ValueError):
    """A file is not the UF2 that is needed; the text says what it is and what to take."""


@dataclass
class Block:
    """A block of a UF2 file: `data` for an `address`."""

    flags: int
    address: int
    family: int
    data: bytes


def read(raw, name):
    """Return the Blocks of a file's bytes; `name` is for the texts. Raises Uf2Error."""
    if not raw:
        raise Uf2Error(f"{name} is empty")
    if raw[:4] != b"UF2\n":
        what = "an ESP32 image" if raw[0] == 0xE9 else "no UF2 file"
        raise Uf2Error(f"{name} is {what}: a Pico takes a .uf2")
    if len(raw) % BLOCK_BYTES:
        raise Uf2Error(f"{name} ends in the midst of a block: is it a complete download?")
    blocks = []
    for at in range(0, len(raw), BLOCK_BYTES):
        start, second, flags, address, size, _, _, family, data, end = _BLOCK.unpack_from(raw, at)
        if (start, second, end) != (_START, _SECOND, _END) or size > len(data):
            raise Uf2Error(f"{name} is damaged in block {at // BLOCK_BYTES}: download it again")
        blocks.append(Block(flags, address, family, data[:size]))
    return blocks


def write(blocks):
    """Return the bytes of a file of Blocks; each family is numbered by itself."""
    totals = {}
    for block in blocks:
        totals[block.family] = totals.get(block.family, 0) + 1
    numbers = dict.fromkeys(totals, 0)
    out = []
    for block in blocks:
        head = (_START, _SECOND, block.flags, block.address, len(block.data))
        number, total = numbers[block.family], totals[block.family]
        out.append(_BLOCK.pack(*head, number, total, block.family, block.data, _END))
        numbers[block.family] += 1
    return b"".join(out)


def chip(blocks, name):
    """Return the chip that a file is for. Raises Uf2Error where it is none we know."""
    families = {block.family for block in blocks if block.family != ABSOLUTE}
    chips = {FAMILIES.get(family) for family in families}
    if len(chips) != 1 or None in chips:
        shown = ", ".join(f"0x{family:08x}" for family in sorted(families)) or "none"
        raise Uf2Error(f"{name} is for other chips than RP2040 or RP2350 (families: {shown})")
    return chips.pop()


def blocks_of(data, address, family):
    """Return the Blocks that write `data` at an address."""
    return [
        Block(_HAS_FAMILY, address + at, family, data[at : at + PAGE_BYTES])
        for at in range(0, len(data), PAGE_BYTES)
    ]


class _Memory:
    """The flash as a file's blocks fill it."""

    def __init__(self, blocks):
        self._pages = {block.address: block.data for block in blocks if block.family != ABSOLUTE}
        self.start, self.end = min(self._pages), max(a + len(d) for a, d in self._pages.items())

    def read(self, address, size):
        data = bytearray()
        while len(data) < size:
            at = address + len(data)
            page = at - at % PAGE_BYTES
            data += self._pages.get(page, b"\xff" * PAGE_BYTES)[at - page :]
        return bytes(data[:size])

    def words(self, start, end):
        count = max(0, min(end - start, 65536)) // 4
        return struct.unpack(f"<{count}I", self.read(start, count * 4))


def end(blocks):
    """Return the address behind the firmware."""
    return _Memory(blocks).end


def file_system(blocks):
    """Return (address, bytes) of the file system as the firmware declares it, None if it does not.

    It is what `picotool info` shows as a drive.
    """
    memory = _Memory(blocks)
    words = memory.words(memory.start, memory.start + _INFO_WITHIN)
    for i in range(len(words) - 4):
        if words[i] != _INFO_START or words[i + 4] != _INFO_END:
            continue
        for entry in memory.words(words[i + 1], words[i + 2]):
            fields = memory.read(entry, _BLOCK_DEVICE.size)
            kind, tag, _, address, size = _BLOCK_DEVICE.unpack(fields)
            if (kind, tag) == (_BLOCK_DEVICE_TYPE, _MICROPYTHON_TAG):
                return address, size
    return None
