"""Which files make up a program: main.py and what it imports beside it, or a whole folder.

They go to the board's root with their sub-folders. What would take the place of a file of ours, or
be found before it, is refused; settings and certificates come from `make provision` alone.
"""

import functools
import os
from pathlib import Path

from tools.board import program_imports
from tools.board.pc_files import ContentError, read
from tools.build import library

MAIN = "/main.py"
OURS = ("/boot.py", "/pins.py")  # deploy's own; they come with the library
LIST = "/deployed.json"  # which files of a program are on the board: see program_list
NEW = ".new"  # a file or folder that is being sent is called so, until all are there
_PRIVATE = ("/settings.json", "/ca.der")
_ENGINES = ("umqtt", "urequests", "requests")
# MicroPython's own that are a board's: a file of that name is a stand-in for use on a PC.
_HARDWARE = ("machine", "network", "micropython", "esp", "esp32", "rp2", "bluetooth")
_LEFT_OUT = ("__pycache__", "tests", "README.md")
_MOST_BYTES = 16 << 20  # no flash of a board is larger
_NAME_BYTES = 255 - len(NEW)  # littlefs
_MOST_FILES = 500


def find(main):
    """Return ({path on the board: file}, lines that say what is left out) of a program.

    - `main`: a folder with a main.py, or a file that is to be main.py.

    Raises ContentError.
    """
    main = Path(main)
    if main.is_dir():
        files, lines = _in_folder(main)
        if MAIN not in files:
            there = [path[1:] for path in files if path.casefold() == MAIN]
            raise ContentError(
                f"the folder {main} has no main.py, which a board starts"
                + (f": rename {there[0]}, a board tells capitals apart" if there else "")
            )
    else:
        files, lines = _imported(main)
    _check_names(files)
    return files, lines


def contents(files):
    """Return {path: bytes} of files. Raises ContentError, also if it is more than a flash holds."""
    for file in files.values():
        if file.exists() and not file.is_file():
            raise ContentError(f"{file} is no file that a board can hold: remove it")
    total = sum(file.stat().st_size for file in files.values() if file.exists())
    if total > _MOST_BYTES or len(files) > _MOST_FILES:
        raise ContentError(
            f"the program has {len(files)} files of {total} bytes, which no board has room for: "
            "does MAIN name the right folder?"
        )
    return {path: read(file) for path, file in files.items()}


def _in_folder(folder):
    """Return (files, lines) of all that is in a folder, but what stays on the PC."""
    files, left, seen = {}, [], set()

    def failed(e):
        raise ContentError(f"{e.filename} cannot be read: {e.strerror}")

    for root, folders, names in os.walk(folder, onerror=failed, followlinks=True):
        here = "/" + Path(root).relative_to(folder).as_posix() + "/"
        here = "/" if here == "/./" else here
        seen.add(os.path.realpath(root))
        within = []
        for name in sorted(folders):
            if _stays(here, name):
                left.append(here[1:] + name + "/")
            elif os.path.realpath(os.path.join(root, name)) not in seen:  # a link in a circle
                within.append(name)
        folders[:] = within
        for name in sorted(names):
            path = here + name
            if _stays(here, name) or path.casefold() in _PRIVATE or _module(path) in _HARDWARE:
                left.append(path[1:])
            else:
                if reason := refused(path):
                    raise ContentError(f"{Path(root) / name} {reason}")
                files[path] = Path(root) / name
    line = f"stays here: {', '.join(left)}".encode("utf-8", "backslashreplace").decode()
    return files, [line] if left else []


def _stays(here, name):
    """Return whether a file or folder is none of a board's."""
    return name.startswith(".") or name == "__pycache__" or (here == "/" and name in _LEFT_OUT)


def _imported(main):
    """Return (files, lines) of a program's file and the modules that it imports beside it."""

    def wanted(path):
        if _module(path) in _HARDWARE:
            return False
        reason = refused(path)
        if reason and path.startswith("/lib/"):  # it comes with the library
            return False
        if reason:
            raise ContentError(f"{main} imports {main.parent / path[1:]}, which {reason}")
        return True

    found, unread = program_imports.beside(main.parent, main, wanted)
    if found.pop(MAIN, main) != main:
        raise ContentError(
            f"{main} imports the main.py beside it, and on the board it is main.py itself: move "
            "what both need into a module of another name"
        )
    lines = [
        f"take care: Python on this PC cannot read {file}, so that what it imports is not looked "
        "for: give the program's folder (MAIN=folder/) if it has other files"
        for file in unread
    ]
    return {MAIN: main, **found}, lines


def _module(path):
    """Return the name that a file or folder in the root is imported by, "" for all others."""
    name, slash, _ = path[1:].partition("/")
    stem, _, ending = name.partition(".")
    return stem if slash or ending in ("py", "mpy") else ""


@functools.cache
def _used():
    """Return the names of MicroPython's modules that the library uses."""
    names = set()
    for path in library.sources().values():
        names |= {module[0] for module in program_imports.imports(path.read_bytes())}
    return names - {library.NAME, *_ENGINES}


def refused(path):
    """Return why a program's file cannot be at a path of the board, None if it can."""
    low = path.casefold()
    module = _module(low)
    if low in OURS:
        return (
            f"would take the place of the board's own {low[1:]}, which comes with the library: "
            "give it another name"
        )
    if low in (LIST, *_PRIVATE, "/crashes") or low.startswith("/slots/"):
        return f"would take the place of {low}, which is not the program's: give it another name"
    below = "/" + low.removeprefix("/lib/") if low.startswith("/lib/") else low
    if _module(below) == library.NAME:
        return (
            f"would be found before the library in /lib/{library.NAME} or take its place: deploy "
            "brings the library itself; leave it out, or give it another name"
        )
    robust = below != low and below.startswith("/umqtt/") and not _simple(below)
    if _module(below) in _ENGINES and not robust:
        return (
            f"would be found before the library's engine {_module(below)} or take its place: "
            "deploy brings that itself; leave it out, or give it another name"
        )
    if module in _used():
        return (
            f"has the name of MicroPython's module {module}, which the library needs: give it "
            "another name"
        )
    return None


def _simple(path):
    return path.rpartition("/")[2].partition(".")[0] in ("simple", "__init__")


def _check_names(files):
    """Refuse names that a board's file system or Python cannot tell apart. Raises ContentError."""
    low, folders = {}, {}
    for path, file in files.items():
        try:
            fits = all(len(part.encode()) <= _NAME_BYTES for part in path.split("/"))
        except UnicodeEncodeError:
            raise ContentError(
                f"the name of {os.fsencode(file)!r} is no UTF-8: rename it"
            ) from None
        if not fits or not path.isprintable() or path.endswith(NEW):
            raise ContentError(
                f"a board cannot have a file {path!r}: names have {_NAME_BYTES} bytes at most, no "
                f"control characters, and {NEW} at their end is for files that are being sent"
            )
        parts = path.split("/")
        for n in range(2, len(parts) + 1):
            name = "/".join(parts[:n])
            if low.setdefault(name.casefold(), name) != name:
                raise ContentError(
                    f"{low[name.casefold()][1:]} and {name[1:]} differ in capitals only: not each "
                    "file system, of boards and PCs, tells them apart; rename one"
                )
            if n < len(parts):
                folders.setdefault(name, []).append(path)
    for path in files:
        stem = path.removesuffix(".py")
        if stem != path and stem in folders and stem + "/__init__.py" not in files:
            raise ContentError(
                f"{path[1:]} would never be found: MicroPython takes the folder {stem[1:]}/ for "
                f"the module {stem.rpartition('/')[2]}; rename one"
            )
