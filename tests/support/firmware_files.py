"""Small firmware files for the tests of flash and image: all that tools look at, and no code.

An ESP32 image has a boot loader's header, a partition table and an application that names its
MicroPython; a UF2 has the "binary info" in which an rp2 build declares its file system.
"""

import struct

KB = 1024
MB = 1024 * KB
CHIP_IDS = {"esp32": 0, "esp32c3": 5, "esp32s3": 9}
FACTORY = ("factory", 0, 0, 0x10000, 0x1F0000)
VFS = ("vfs", 1, 0x81, 0x200000, 0x200000)
PARTITIONS = (("nvs", 1, 2, 0x9000, 0x6000), ("phy_init", 1, 1, 0xF000, 0x1000), FACTORY, VFS)
APPLICATION_BYTES = 20_000  # enough for esptool to have something to write
RP2040, RP2350, RP2350_ABSOLUTE = 0xE48BFF56, 0xE48BFF59, 0xE48BFF57
FLASH = 0x10000000
PICO_W_FS = (FLASH + 2 * MB - 848 * KB, 848 * KB)


def banner(version):
    """Return what MicroPython's binaries say of their version."""
    return f"MicroPython v{version} on 2026-01-01".encode()


def header(chip, flash_mb=4):
    """Return the 24 bytes that an ESP32 image begins with."""
    size = flash_mb.bit_length() - 1
    return struct.pack("<BBBBI", 0xE9, 1, 2, size << 4, 0x40080000) + struct.pack(
        "<4xHB8xB", CHIP_IDS[chip], 0, 0
    )


def table(partitions):
    """Return a partition table of (name, type, subtype, offset, size)."""
    entries = [
        struct.pack("<HBBII16sI", 0x50AA, kind, subtype, offset, size, name.encode(), 0)
        for name, kind, subtype, offset, size in partitions
    ]
    return b"".join(entries)


def esp32(chip="esp32", base=0x1000, partitions=PARTITIONS, version="1.29.0", flash_mb=4):
    """Return the bytes of an image that is written to `base`."""
    data = bytearray(b"\xff" * (0x10000 - base + APPLICATION_BYTES))
    data[:24] = header(chip, flash_mb)
    at = 0x8000 - base
    entries = table(partitions)
    data[at : at + len(entries)] = entries
    application = header(chip, flash_mb) + banner(version)
    data[0x10000 - base : 0x10000 - base + len(application)] = application
    return bytes(data)


def pico(family=RP2040, file_system=PICO_W_FS, version="1.29.0", absolute=False):
    """Return the bytes of a UF2 file; `file_system` is (address, bytes), None to declare none."""
    code = bytearray(8 * KB)
    if file_system:
        # The header: start, list from, list to, a table that is not needed, end.
        at = FLASH + 0x400
        struct.pack_into("<5I", code, 0x110, 0x7188EBF2, at, at + 8, 0, 0xE71AA390)
        # The list: a fact that is not of interest, and the block device of MicroPython.
        struct.pack_into("<2I", code, 0x400, FLASH + 0x500, FLASH + 0x540)
        struct.pack_into("<HHII", code, 0x500, 6, 0x5052, 0x02031C86, FLASH + 0x600)
        struct.pack_into("<HHIIIIH", code, 0x540, 7, 0x504D, FLASH + 0x620, *file_system, 0, 3)
    code[0x700 : 0x700 + len(banner(version))] = banner(version)
    blocks = [(FLASH + at, family, bytes(code[at : at + 256])) for at in range(0, len(code), 256)]
    total = len(blocks)
    out = [uf2_block(0x10FFFF00, RP2350_ABSOLUTE, b"\xef" * 256, 0, 2)] if absolute else []
    out += [uf2_block(*block, i, total) for i, block in enumerate(blocks)]
    return b"".join(out)


def uf2_block(address, family, data, number, total):
    """Return one block of a UF2 file."""
    head = (0x0A324655, 0x9E5D5157, 0x2000, address, len(data), number, total, family)
    return struct.pack("<8I476sI", *head, data, 0x0AB16F30)


def uf2_contents(raw):
    """Return {address: bytes} of a UF2 file, after a look at each block's numbers."""
    counts = {}
    contents = {}
    for at in range(0, len(raw), 512):
        fields = struct.unpack_from("<8I476sI", raw, at)
        assert (fields[0], fields[1], fields[9]) == (0x0A324655, 0x9E5D5157, 0x0AB16F30)
        family = fields[7]
        assert fields[5] == counts.get(family, 0), "the blocks are not numbered in order"
        counts[family] = fields[5] + 1
        contents[fields[3]] = (fields[8][: fields[4]], family, fields[6])
    assert all(counts[family] == total for _, family, total in contents.values())
    return {address: data for address, (data, _, _) in contents.items()}
