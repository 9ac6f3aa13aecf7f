"""A littlefs image as the board's flash, formatted at the first start."""

from vfs import VfsLfs2

_BLOCK_BYTES = 4096
_BLOCK_COUNT = 4
_BLOCK_SIZE = 5
_ERASE = 6
# rp2 writes pages of 256 bytes; the esp32 port has the same size for littlefs.
_PROGRAM_BYTES = 256


class _Blocks:
    """The block device over an image file, opened while the PC's files could be reached."""

    def __init__(self, path, size_bytes):
        self._file = open(path, "r+b")
        self._count = size_bytes // _BLOCK_BYTES

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * _BLOCK_BYTES + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self._file.seek(block * _BLOCK_BYTES + offset)
        self._file.write(buffer)

    def ioctl(self, operation, argument):
        if operation == _BLOCK_COUNT:
            return self._count
        if operation == _BLOCK_SIZE:
            return _BLOCK_BYTES
        if operation == _ERASE:
            return 0
        return None

    def is_new(self):
        start = bytearray(512)
        self.readblocks(0, start)
        return all(byte == 0xFF for byte in start)


def make_flash(path, size_bytes):
    """Mount the littlefs in the image; format it when it is new."""
    blocks = _Blocks(path, size_bytes)
    if blocks.is_new():
        VfsLfs2.mkfs(blocks, progsize=_PROGRAM_BYTES)
    try:
        return VfsLfs2(blocks, progsize=_PROGRAM_BYTES)
    except OSError as error:
        raise OSError(f"the image holds no littlefs of its size ({error})") from error
