"""Makes the littlefs that a board mounts at "/", as the bytes to write where its firmware has it.

Used by image. The counterpart on the board is MicroPython's VfsLfs2.
"""

import re
from pathlib import PurePosixPath

from littlefs import LittleFS, LittleFSError, UserContext

BLOCK_BYTES = 4096
_PROGRAM_BYTES = 256  # what an rp2 needs; on an ESP32 it does no harm
_READ_BYTES = 32
_V2_0, _V2_1 = 0x00020000, 0x00020001
_SINCE_V2_1 = (1, 22)  # MicroPython before it refuses littlefs 2.1


class FileSystemError(ValueError):
    """The files cannot be put into a file system of that size; the text says why."""


def micropython_version(firmware):
    """Return the version (1, 29) of MicroPython in a firmware's bytes, None if it says none."""
    found = re.search(rb"MicroPython v(\d+)\.(\d+)", firmware)
    return (int(found[1]), int(found[2])) if found else None


def build(files, size_bytes, version=None):
    """Return the file system's bytes, up to the last block that is used.

    What lies behind may stay in flash as it is: littlefs erases a block before it uses it. Erased
    blocks in between are part of the bytes: over a used flash, an old block of the same place
    could count as the newer one.

    - `files`: {path: bytes}.
    - `size_bytes`: of the whole file system, as the board will find it.
    - `version`: of the MicroPython that mounts it; None is taken for an old one, for any newer one
      reads what it reads.

    Raises FileSystemError.
    """
    new = version is not None and version >= _SINCE_V2_1
    full = size_bytes // BLOCK_BYTES
    # littlefs spreads its blocks over all that there are: it starts small and grows when it is
    # done, or else the image would be as long as the flash.
    for count in sorted({min(_blocks(files), full), full}):
        try:
            image = _filled(files, count, full, _V2_1 if new else _V2_0)
        except LittleFSError as e:
            error = e
            continue
        used = len(image.rstrip(b"\xff"))
        return image[: -(-used // BLOCK_BYTES) * BLOCK_BYTES]
    total = sum(len(data) for data in files.values())
    raise FileSystemError(
        f"{len(files)} files of {total} bytes do not fit into a file system of {size_bytes} bytes "
        f"({error})"
    )


def _filled(files, count, full, disk_version):
    """Return a file system of `full` blocks that holds the files in its first `count` ones."""
    fs = LittleFS(
        UserContext(full * BLOCK_BYTES),
        block_size=BLOCK_BYTES,
        block_count=count,
        prog_size=_PROGRAM_BYTES,
        read_size=_READ_BYTES,
        disk_version=disk_version,
    )
    for path, data in sorted(files.items()):
        folder = PurePosixPath(path).parent
        if str(folder) != "/":
            fs.makedirs(str(folder), exist_ok=True)
        with fs.open(path, "wb") as file:
            file.write(data)
    if count < full:
        fs.fs_grow(full)
    fs.unmount()
    return bytes(fs.context.buffer)


def _blocks(files):
    """Return how many blocks files and folders need, with a little to spare."""
    folders = {parent for path in files for parent in PurePosixPath(path).parents}
    # A block of a file holds some pointers too; a folder is one pair of blocks or several.
    contents = sum(len(data) // (BLOCK_BYTES - 32) + 1 for data in files.values())
    return 8 + 2 * len(folders) + len(files) // 10 + contents
