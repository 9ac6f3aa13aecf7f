"""Writes, swaps and removes files on a board, for deploy: the programs that do it there.

All is written under other names, read back there, and renamed when all has arrived. littlefs caches
so little on an ESP32 that some hundred steps may take minutes: each program prints as it goes.
"""

import ast
import hashlib
from pathlib import PurePosixPath

from tqdm import tqdm

from tools import board_link
from tools.board_look import FOLDER, NEW, OLD, STUB

_CHUNK_BYTES = 512

_FOLDERS = """
import os
for d in {folders}:
    try:
        os.mkdir(d)
    except OSError as e:
        if e.errno != 17:  # it is there
            raise
    print(d)
"""
# Reading on in the open file spares littlefs the search for it, which is a hundred reads.
_READ_BACK = """
import hashlib
def read_back(f):
    f.flush()
    f.seek(0)
    h = hashlib.sha256()
    b = memoryview(bytearray(512))
    n = f.readinto(b)
    while n:
        h.update(b[:n])
        n = f.readinto(b)
    f.close()
    print(h.digest())
"""
_PUT = """
import os
for f in {files}:
    try:
        os.rename(f + {new!r}, f)
    except OSError:  # FAT does not replace
        os.remove(f)
        os.rename(f + {new!r}, f)
    print(f)
"""
# No rename replaces a folder. While there is none, Python finds the stub, which ends the work.
_SWAP = """
import os
with open({stub!r}, "w") as f:
    f.write({code!r})
print({stub!r})
for old, new in (({folder!r}, {folder!r} + {old!r}), ({folder!r} + {new!r}, {folder!r})):
    os.rename(old, new)
    print(new)
os.remove({stub!r})
"""
_STUB = f"""import os, machine
os.rename({FOLDER + NEW!r}, {FOLDER!r})
machine.reset()
"""
_REMOVE = """
import os
def remove(f):
    try:
        os.remove(f)
    except OSError:  # a folder
        for e in list(os.ilistdir(f)):
            remove(f + "/" + e[0])
        os.rmdir(f)
    print(f)
for f in {paths}:
    remove(f)
"""


class NotArrived(Exception):
    """A file is not on the board as it was sent; the text says which."""


class Sender:
    """Changes the files of the board that `transport`, mpremote's, is connected to.

    - `tell(text)`: hears of each step; the raw REPL is entered already.

    All methods raise TransportExecError for an error of the board's file system.
    """

    def __init__(self, transport, tell):
        self._transport = transport
        self._tell = tell

    def _run(self, code, doing, **values):
        values |= {"folder": FOLDER, "new": NEW, "old": OLD, "stub": STUB, "code": _STUB}
        code = code.format(**values)
        board_link.run(self._transport, code, lambda path: self._tell(f"{doing} {path}"))

    def write(self, files):
        """Write files, {path: bytes}, make their folders, read all back. Raises NotArrived."""
        folders = {str(folder) for path in files for folder in PurePosixPath(path).parents}
        self._run(_FOLDERS, "making", folders=sorted(folders - {"/"}))
        self._transport.exec(_READ_BACK)
        total = sum(map(len, files.values()))
        with tqdm(total=total, unit="B", unit_scale=True, disable=None, leave=False) as bar:
            sent = 0
            for path, data in files.items():
                bar.set_description(path.rpartition("/")[2])
                self._transport.exec(f"f = open({path!r}, 'w+b')")
                for at in range(0, len(data), _CHUNK_BYTES):
                    chunk = data[at : at + _CHUNK_BYTES]
                    self._transport.exec(f"f.write({chunk!r})")
                    bar.update(len(chunk))
                    sent += len(chunk)
                    if bar.disable:  # no terminal
                        self._tell(f"sending {path}: {sent} of {total} bytes")
                digest = ast.literal_eval(self._transport.exec("read_back(f)").decode())
                if digest != hashlib.sha256(data).digest():
                    raise NotArrived(f"{path} has not arrived as it was sent: run it again")

    def swap(self):
        """Have the library that was written take the place of the one that is there."""
        self._run(_SWAP, "renaming")

    def put(self, paths):
        """Rename what was written under `path + NEW` to each path, replacing what is there."""
        if paths:
            self._run(_PUT, "renaming", files=paths)

    def remove(self, paths):
        """Remove files, and folders with all that is in them."""
        if paths:
            self._run(_REMOVE, "removing", paths=paths)
