"""Keeps track of a program's files on a board, so that those go again which deploy has sent.

A list on the board names each with the beginning of its SHA-256. A file that is not in it, or is
not as it was sent, was put there by somebody else: it is never removed.
"""

import hashlib
import json
from pathlib import PurePosixPath

from tools.board.program_files import LIST, MAIN, OURS, refused

_DIGITS = 16


def digest(sha256):
    """Return how the list writes a file's SHA-256."""
    return sha256.hex()[:_DIGITS]


def tracked(programs):
    """Return the paths in boot.py, main.py, pins.py and a program that the list is to name.

    The three are on each board, and are never removed.
    """
    return {path for path in programs if path not in (MAIN, *OURS)}


def text(listed):
    """Return the bytes of the list of {path: digest}."""
    # MicroPython's json does not join escaped surrogates: nothing is escaped.
    return json.dumps(listed, ensure_ascii=False, sort_keys=True).encode()


def file(programs):
    """Return {path: bytes} of the list for a board that gets all of a program's files at once."""
    paths = tracked(programs)
    listed = {path: digest(hashlib.sha256(programs[path]).digest()) for path in paths}
    return {LIST: text(listed)} if listed else {}


def folders_of(paths):
    """Return the folders that files lie in, and those that these lie in, without "/"."""
    return {str(folder) for path in paths for folder in PurePosixPath(path).parents} - {"/"}


def names(program):
    """Return the names of which it matters whether the board has a file or a folder there."""
    return sorted({*program, *folders_of(program), *_before(program)})


def _before(program):
    """Return {what MicroPython would load in place of a module: the module}."""
    found = {}
    for path in program:
        stem = path.removesuffix(".py").removesuffix(".mpy")
        if stem != path and not stem.endswith("/__init__"):
            found[stem] = path
        if path == stem + ".mpy":
            found[stem + ".py"] = path
    return found


class Change:
    """What becomes of a program's files on a board, and of the list.

    - `gone`: paths to be removed, those that deploy has sent and the program has no more.
    - `folders`: what these lay in, or were to lie in, and the program's files do not.
    - `before`, `after`: {path: digest} to be on the board until they are, and then.
    - `lines`: what there is to say.
    """

    def __init__(self, program, seen, changed):
        """Find out.

        - `program`: {path: bytes} of its files that the list names.
        - `seen`: a found_files.Seen.
        - `changed`: the paths that are sent.
        """
        listed = seen.listed
        there = {path: digest(seen.files[path]) for path in listed if path in seen.files}
        past = [path for path in there if path not in program and _may_go(path)]
        self.gone = sorted(path for path in past if there[path] == listed[path])
        mine = folders_of(filter(_may_go, listed))
        self.folders = mine - folders_of(program) - {"/lib"}
        kept = sorted({*past} - {*self.gone})
        # What was there with the same content, and is not in the list, is somebody else's.
        self.after = {
            path: digest(hashlib.sha256(data).digest())
            for path, data in program.items()
            if path in changed or path in listed
        }
        self.before = self.after | {path: listed[path] for path in self.gone}
        self.lines = [f"{path} stays: it is not as deploy has sent it" for path in kept]
        for name, path in _before(program).items():
            if name in seen.kinds and name not in {*program, *self.gone, *folders_of(program)}:
                if name not in folders_of(self.gone):
                    self.lines.append(
                        f"take care: MicroPython takes {name} on the board for the module, and not "
                        f"{path}: rename one, or remove it with `mpremote rm -r :{name}`"
                    )
        # A folder takes the place of a file, or a file that of a folder.
        self.first = [path for path in self.gone if path in folders_of(program)]
        self.first += [path for path in self.gone if {*program} & folders_of([path])]

    def in_the_way(self, program, seen):
        """Return a sentence on what is no file of deploy's and takes a file's place, or None."""
        for folder in sorted(folders_of(program)):
            if seen.kinds.get(folder) is False and folder not in self.gone:
                return f"the board has a file {folder}, where the program has a folder"
        for path in sorted(program):
            if seen.kinds.get(path) and path not in folders_of(self.gone):
                return f"the board has a folder {path}, where the program has a file"
        return None


def _may_go(path):
    """Return whether a path in the list can be one that deploy has written."""
    parts = path.split("/")
    return not parts[0] and ".." not in parts and path != MAIN and not refused(path)
