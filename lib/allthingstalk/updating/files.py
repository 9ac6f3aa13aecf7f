"""The files of a release: brought from where they are into a slot, and checked there."""

import os
from binascii import hexlify
from hashlib import sha256

from micropython import const

from . import FOLDER

_NAME_MAX = const(128)
_READ = const(512)
_SYNC = const(4096)  # bytes after which what was written survives a power cut


def bring_files(source, slot, start, say):
    """Bring what a slot lacks of the files on its list."""
    total = sum([size for size, _, _ in entries(slot)])
    told, done = -1, 0
    for size, digest, name in entries(slot):
        path = FOLDER + "/" + slot + "/" + name
        make_folder(path[: path.rindex("/")])
        if not (yield from _is_whole(path, size, digest)):
            yield from _bring(source, path, start + done, size)
            if not (yield from _is_whole(path, size, digest)):
                raise ValueError("%s arrived damaged" % name)
        done += size
        share = 100 * done // (total or 1)
        if share // 5 != told:
            told = share // 5
            say("%d %%" % share)


def _bring(source, path, start, size):
    """Write the rest of a file whose first byte is at `start` in the release."""
    try:
        have = os.stat(path)[6]
    except OSError:
        have = 0
    source.seek(start + have)
    synced = 0
    with open(path, "ab") as f:
        while have < size:
            piece = yield from source.read()
            if not piece:
                raise source.Interrupted("the release was cut off")
            if len(piece) > size - have:
                source.back(len(piece) - (size - have))
                piece = piece[: size - have]
            f.write(piece)
            have += len(piece)
            synced += len(piece)
            if synced >= _SYNC:
                f.flush()
                synced = 0
            yield True


def _is_whole(path, size, digest):
    """Return whether a file has this size and SHA-256; one that never will have is removed."""
    try:
        found = os.stat(path)[6]
    except OSError:
        return False
    if found < size:
        return False
    hashed = sha256()
    with open(path, "rb") as f:
        while piece := f.read(_READ):
            hashed.update(piece)
            yield True
    if found == size and hexlify(hashed.digest()) == digest:
        return True
    os.remove(path)
    return False


def entry(line):
    """Return (size, SHA-256 in hex, name) of a line that names a file, None for another line.

    Raises ValueError for a name that would lie elsewhere, and for what is not written as we do.
    """
    if not line[:1].isdigit():
        return None
    size, _, rest = line.decode().partition(" ")
    digest, _, name = rest[:-1].partition(" ")
    parts = name.split("/")
    if len(name) <= _NAME_MAX and not [part for part in parts if part in ("", ".", "..")]:
        if len(digest) == 64 and size.isdigit():
            if line == ("%d %s %s\n" % (int(size), digest.lower(), name)).encode():
                return int(size), digest.encode(), name
    raise ValueError("it names a file that cannot be: %s" % name[:40])


def list_of(slot):
    return FOLDER + "/" + slot + ".txt"


def entries(slot):
    """Yield (size, SHA-256 in hex, name) of each file on a slot's list."""
    with open(list_of(slot), "rb") as f:
        for line in f:
            if line[:10] == b"signature ":
                return
            found = entry(line)
            if found:
                yield found


def same(path, other):
    """Return whether two files are there and alike."""
    try:
        with open(path, "rb") as f, open(other, "rb") as g:
            while True:
                a, b = f.read(_READ), g.read(_READ)
                if a != b:
                    return False
                if not a:
                    return True
    except OSError:  # there is no other
        return False


def make_folder(path):
    """Make a folder, and those above it."""
    for n in range(1, len(path) + 1):
        if n == len(path) or path[n] == "/":
            try:
                os.mkdir(path[:n])
            except OSError as e:
                if e.args[0] != 17:  # EEXIST
                    raise
