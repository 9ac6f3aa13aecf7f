"""Installs a release: fetched piece by piece, checked whole, and only then made the next start's.

What is on the flash says how far it is, so that one that was interrupted, by the network or by a
power cut, goes on where it was.
"""

import gc
import os

from micropython import const

from ..overlay import Overlay, unload
from . import FOLDER, MAIN

_HEAD_MAX = const(65536)
_SPARE_BLOCKS = const(8)  # for folders, and for what the program writes meanwhile


def install(client, place, force, keys, runs, say):
    """Install the release at `place`: a generator that yields, True where it need not wait.

    - `force`: take a version that is not higher than `runs`.
    - `keys`: public keys as bytes, one of which has to have signed it.
    - `say(version, text)`: is told each step.

    Returns its version; the next start is with it. Raises ValueError for a release that cannot be
    taken, and then nothing has changed; for the network what has `passing`; OSError for the flash.
    """
    slot = _free_slot()
    try:
        version, seconds, start = yield from _bring_head(client, place, force, keys, runs, slot)
        from .files import bring_files

        with Overlay("rest"):
            from ..rest.get import Source

            source = Source(client, place)
            try:
                yield from bring_files(source, slot, start, lambda text: say(version, text))
            finally:
                source.close()
        from .slots import switch

        switch(slot, version, seconds)
    except OSError as e:
        if e.args and e.args[0] == 28:  # ENOSPC
            _clear(slot)
            raise ValueError("the flash is full")
        raise
    return version


def _free_slot():
    from .slots import read, running

    slot = "b" if running() == "a" else "a"
    state = read()
    if state["slot"] == slot and state["left"] is not None:
        raise ValueError("another one waits for its trial")
    return slot


def _bring_head(client, place, force, keys, runs, slot):
    """Bring the head of the release into a slot, which keeps its files if they are this one's."""
    from .files import list_of, make_folder

    new, kept = FOLDER + "/new", list_of(slot)
    make_folder(FOLDER)
    del list_of, make_folder
    unload(("updating",))
    with Overlay("rest"):
        from ..rest.get import Source

        source = Source(client, place)
        try:
            with open(new, "wb") as f:
                yield from _copy_head(source, f)
        finally:
            source.close()
    gc.collect()
    from ..release.check import check

    try:
        found = check(
            new, keys, runs, force, client and client.watchdog and client.watchdog.progress
        )
    except ValueError:
        os.remove(new)
        raise
    finally:
        del check
        unload(("release",))
        gc.collect()
    from .files import same

    if not same(new, kept):
        _clear(slot)
        os.rename(new, kept)
    _check_space(slot)
    unload(("updating",))
    return found


def _copy_head(source, f):
    """Write what comes to a file, up to the empty line."""
    size, last = 0, 0
    while size < _HEAD_MAX:
        piece = yield from source.read()
        for n in range(len(piece)):
            if piece[n] == last == 10:
                f.write(bytes(piece[: n + 1]))
                return
            last = piece[n]
        if not piece:
            break
        f.write(piece)
        size += len(piece)
    raise ValueError("it is no release, or it was cut off")


def _check_space(slot):
    """Raise ValueError where the files of a slot do not fit the flash."""
    from .files import entries

    block, _, _, _, free = os.statvfs(FOLDER)[:5]
    needed = _SPARE_BLOCKS + os.stat(MAIN)[6] // block
    folders = set()
    for size, _, name in entries(slot):
        folders.add(name.rpartition("/")[0])
        try:
            size -= os.stat(FOLDER + "/" + slot + "/" + name)[6]
        except OSError:
            pass
        needed += (size + block - 1) // block
    needed += 2 * len(folders)
    if needed > free:
        _clear(slot)
        raise ValueError(
            "the flash has %d KB free, and it needs %d"
            % (max(free, 0) * block >> 10, needed * block >> 10)
        )


def _clear(slot):
    """Empty a slot."""
    from .slots import remove

    remove(FOLDER + "/" + slot + ".txt")
    _remove(FOLDER + "/" + slot)


def _remove(folder):
    try:
        names = os.listdir(folder)
    except OSError:  # it was not there
        return
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            _remove(path)
        else:
            os.remove(path)
    os.rmdir(folder)
