"""The head of a release: what it is for, its files, and the signature over both.

    allthingstalk release 1
    version 1.2.0
    library 0.2.0
    micropython 1.23
    boards RPI_PICO_W ESP32_GENERIC
    seconds 300
    489 <SHA-256 in hex> main.py
    signature <Ed25519 in hex>

and an empty line; then come the files, one behind the other. `boards` may be missing. Signed is the
SHA-256 of all lines above the signature's.
"""

import sys
from binascii import unhexlify
from hashlib import sha256

from micropython import const

from .. import __version__
from ..updating.files import entry
from .ed25519 import verify

_LINE_MAX = const(300)
_KEYS = const(("version", "library", "micropython", "boards", "seconds"))


def check(path, keys, runs, force, beat=None):
    """Return (version, seconds of the trial, size of the head) of a release's head in a file.

    - `keys`: public keys as bytes, one of which has to have signed it.
    - `runs`: the version that runs. `force`: take one that is not higher.
    - `beat()`: is called now and then, for this takes seconds on a board.

    Raises ValueError for one that is damaged, forged, or not for this board; the text says why.
    """
    found = {"boards": ""}
    hashed, size = sha256(), 0
    with open(path, "rb") as f:
        line = f.readline(_LINE_MAX)
        if line != b"allthingstalk release 1\n":
            raise ValueError("it is no release that this library can read")
        while line[:10] != b"signature ":
            if line[-1:] != b"\n":
                raise ValueError("it is not signed, or a line of its head is too long")
            size += len(line)
            hashed.update(line)
            _note(found, line)
            line = f.readline(_LINE_MAX)
        if f.readline(2) != b"\n" or f.read(1):  # what follows is signed by nobody
            raise ValueError("its head goes on behind the signature")
    digest = hashed.digest()
    try:
        signature = unhexlify(line[10:].strip())
    except ValueError:
        signature = b""
    if not any(verify(key, digest, signature, beat) for key in keys):
        raise ValueError("it is signed by nobody that this program trusts, or was changed since")
    for key in ("version", "library", "micropython", "seconds", "main.py"):
        if key not in found:
            raise ValueError("it names no " + key)
    _check_fits(found, runs, force)
    return found["version"], int(found["seconds"]), size + len(line) + 1


def _note(found, line):
    """Take what a line says into `found`, where a name in a file's place is there as well."""
    file = entry(line)
    if file:
        if file[2] == "main.py":
            found["main.py"] = ""
        elif file[2][:18] == "lib/allthingstalk/":
            found["brings"] = "library"
        return
    word, _, rest = line.decode().strip().partition(" ")
    if word in _KEYS:
        found[word] = rest


def _check_fits(found, runs, force):
    version, library, least = found["version"], found["library"], found["micropython"]
    if not force and _numbers(version) <= _numbers(runs):
        raise ValueError("%s runs, which is not older; 'force' before the name takes it" % runs)
    if "brings" not in found and _numbers(__version__) < _numbers(library):
        raise ValueError("it needs the library %s, and this is %s" % (library, __version__))
    own = ".".join([str(n) for n in sys.implementation.version[:3]])
    if _numbers(own) < _numbers(least):
        raise ValueError("it needs MicroPython %s, and this is %s" % (least, own))
    board = getattr(sys.implementation, "_build", "") or sys.platform
    if board[:14] == "ALLTHINGSTALK_":
        board = board[14:]
    board = board.split("-")[0]
    boards = found["boards"].split()
    if boards and board not in boards and sys.platform not in boards:
        raise ValueError("it is for %s, and this is %s" % (" ".join(boards), board))


def _numbers(version):
    """Return a version such as "1.2.0" as numbers to compare."""
    try:
        found = [int(part) for part in version.split("-")[0].split(".")]
    except ValueError:
        raise ValueError("%s is no version" % version)
    while found and not found[-1]:
        found.pop()
    return found
