"""Runs another program in place from an image of a read-only file system, as from ROMFS.

Arguments: the image, the program, its arguments. The image lies in the heap here; on a board it
does not: what is measured as a whole heap has its length taken off.
"""

import os
import sys

import vfs

size = os.stat(sys.argv[1])[6]
image = bytearray(size)  # first thing of all, and of the exact size: no gap is left behind it
with open(sys.argv[1], "rb") as f:
    f.readinto(image)
vfs.mount(vfs.VfsRom(image), "/rom")
sys.path[:] = ["/rom", ".frozen"]
del sys.argv[1]
__import__(sys.argv.pop(1))
