"""A flash that counts its reads and loses power, under MicroPython's littlefs on a virtual board.

The block device lies in the board's memory, with the size and the parameters that littlefs has on
an ESP32: caches of 4 * 32 bytes. With so little of it cached, work that looks small reads the flash
a hundred thousand times, and the board says nothing meanwhile.
"""

import contextlib

from tools.board import deploy, found_files, send_files, serial_link
from tools.simulate.virtual_board import VirtualBoard

_BLOCKS = 512  # 2 MB
# Runs on the board. All of it is gone with the next soft reset, which brings the board's own file
# system back.
_FLASH = f"""
import gc, machine, os, sys, time, vfs
erased = bytearray(b"\xff" * 4096)
class Flash:
    def __init__(self):
        self.blocks = {{}}
        self.reads = 0
        self.read_us = 0
        self.left = None  # writes until the power goes
    def readblocks(self, n, buffer, offset=0):
        self.reads += 1
        if self.read_us:
            time.sleep_us(self.read_us)
        block = memoryview(self.blocks.get(n, erased))
        buffer[:] = block[offset:offset + len(buffer)]
    def power(self):
        if self.left is not None:
            if not self.left:
                raise OSError(5)
            self.left -= 1
    def writeblocks(self, n, buffer, offset=0):
        self.power()
        memoryview(self.blocks[n])[offset:offset + len(buffer)] = buffer
    def ioctl(self, op, n):
        if op == 4:
            return {_BLOCKS}
        if op == 5:
            return 4096
        if op == 6:
            self.power()
            self.blocks[n] = bytearray(erased)
            return 0
def mount():
    os.chdir("/")
    vfs.umount("/")
    gc.collect()  # files that were open when the power went
    vfs.mount(vfs.VfsLfs2(flash, readsize=32, progsize=32, lookahead=32), "/")
    os.chdir("/")
def keep():
    return {{n: bytes(block) for n, block in flash.blocks.items()}}
def restore(blocks):
    flash.blocks = {{n: bytearray(block) for n, block in blocks.items()}}
flash = Flash()
vfs.VfsLfs2.mkfs(flash, readsize=32, progsize=32, lookahead=32)
mount()
"""


class Counted:
    """A board with such a flash; `transport` is mpremote's, in the raw REPL."""

    def __init__(self, transport):
        self.transport = transport

    def reads(self):
        """Return the number of reads since the last call."""
        return int(self.transport.exec("print(flash.reads)\nflash.reads = 0"))

    def deploy(self, wanted, say=print, program=()):
        """Do what deploy does on a board; return (paths sent, paths removed).

        `program`: the wanted paths that the list of a program's files names.
        """
        tell = deploy.Progress(say)
        names = found_files.may_be_there(wanted, program)
        seen = found_files.look(self.transport, names, tell, program)
        sender = send_files.Sender(self.transport, tell)
        return send_files.bring(sender, wanted, seen, say, program)


@contextlib.contextmanager
def counted(folder):
    """Yield a Counted of a virtual board in `folder`."""
    with VirtualBoard(folder / "flash", heap="24M") as board:
        with serial_link.connected(board.port) as transport:
            transport.exec(_FLASH)
            yield Counted(transport)
