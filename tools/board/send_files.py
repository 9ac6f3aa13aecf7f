"""Makes the files of a board those that deploy wants: what to do, and the programs that do it.

All is written under other names, read back there, and renamed when all has arrived. littlefs caches
so little on an ESP32 that some hundred steps may take minutes: each program prints as it goes.
"""

import ast
import hashlib

from tqdm import tqdm

from tools.board import program_list, serial_link, wanted_files
from tools.board.found_files import FOLDER, OLD, STUB, twin
from tools.board.program_files import LIST, MAIN, NEW
from tools.board.program_list import folders_of

_CHUNK_BYTES = 512
_BLOCK_BYTES = 4096
_FOLDER_BYTES = 2 * _BLOCK_BYTES  # a littlefs keeps each folder twice

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


_REMOVE_EMPTY = """
import os
for d in {folders}:
    try:
        if os.stat(d)[0] & 0x4000:  # littlefs removes files as well
            os.rmdir(d)
        print(d)
    except OSError:  # something is in it, or it is not there
        print("not", d)
"""


class SendError(Exception):
    """The board does not hold what was sent, or has no room for it; the text says what to do."""


def of_library(path):
    """Return whether a file or folder lies in the library's folder."""
    return path.startswith(wanted_files.PACKAGE)


def bring(sender, wanted, seen, say, program=()):
    """Make the board's files those that are wanted. Return (paths sent, paths removed).

    - `program`: the wanted paths that the list of a program's files is to name.

    Of the library a single file that was there is replaced alone. Else all of it is written anew,
    beside the old one, and the folders are swapped: a power cut between two files would leave half
    of the old and half of the new one. Of a program, files that are gone go last, when main.py
    needs them no more. Raises SendError.
    """
    changed = {
        path
        for path, data in wanted.items()
        if seen.files.get(path) != hashlib.sha256(data).digest()
    }
    library = {path for path in wanted if of_library(path)}
    change = program_list.Change({path: wanted[path] for path in program}, seen, changed)
    if problem := change.in_the_way(program, seen):
        raise SendError(f"{problem}: rename it here, or remove that one (mpremote rm -r)")
    for line in change.lines:
        say(line)
    # What an earlier run left half done.
    left = [folder for folder in (FOLDER + NEW, FOLDER + OLD) if folder in seen.folders]
    within = tuple(folder + "/" for folder in left)
    left += [f for f in seen.files if (f == STUB or f.endswith(NEW)) and not f.startswith(within)]
    there = {path for path in seen.files if of_library(path)} - {*left}
    # Modules that are no more, with their folders, and sources that would come first.
    gone = there - library
    gone |= {twin(p) for p in wanted if p.endswith(".mpy") and p not in program} & {*seen.files}
    folders = {f for f in seen.folders if (f + "/").startswith(wanted_files.PACKAGE)}
    gone_folders = sorted(folders - folders_of(library), reverse=True)  # the inner ones first

    news = changed & library
    whole = bool(news) and not (len(news) == 1 and news <= there)
    # main.py last: it starts what the other files are for.
    sent = sorted(changed | (library if whole else set()), key=lambda f: (f == MAIN, f))
    files = {written_as(path, whole): wanted[path] for path in sent}
    old = {path: seen.sizes[path] for path in there} if whole else {}
    past = {path: seen.sizes[path] for path in change.gone}
    lists = {LIST: program_list.text(change.before)} if change.before != seen.listed else {}
    room = fits(files | lists, seen, left, past, old)
    sender.remove(left)
    first = change.first
    if room == "without past" or (past and room == "without old"):
        say("the flash has no room for the old and the new program: what is gone goes first")
        first = change.gone
    sender.remove(first)
    for folder in sender.remove_empty(folders_of(first)):
        if folder in program:
            raise SendError(
                f"the board has a folder {folder} with files of somebody else in it, where the "
                "program has a file: rename it here, or remove that one (mpremote rm -r)"
            )
    if room == "without old":
        say("the flash has no room for two libraries: the old one is removed first")
        sender.remove([FOLDER])
        folders = set()
    # Before what it names: a power cut leaves nothing that nobody knows of.
    sender.replace(lists)
    if files:
        sender.write(files)
        if whole and folders:
            sender.swap()
        elif whole:
            sender.put([FOLDER])
        sender.put([path for path in sent if not (whole and of_library(path))])
    if whole:
        sender.remove([FOLDER + OLD] if folders else [])
        sender.remove(sorted(gone - there))
    else:
        sender.remove(sorted(gone) + gone_folders)
    sender.remove([path for path in change.gone if path not in first])
    if change.after != seen.listed:
        sender.remove_empty(change.folders)
    if change.after != change.before:
        sender.replace({LIST: program_list.text(change.after)} if change.after else {})
        sender.remove([] if change.after else [LIST])
    removed = sorted(gone) + [folder + "/" for folder in gone_folders] + left + change.gone
    return sent, removed


def written_as(path, whole):
    """Return where a file is written until it is renamed, alone or with the `whole` library."""
    if whole and of_library(path):
        return FOLDER + NEW + path[len(FOLDER) :]
    return path + NEW


def fits(files, seen, left, past, old):
    """Return how files, {path: bytes}, fit onto the flash: "beside" what is there, or without it.

    - `left`: files and folders that are removed before.
    - `past`: {path: size} of a program's files that are gone; "without past" if these have to be
      removed first.
    - `old`: the same of the library; "without old" if both have.

    Raises SendError if they fit in no case.
    """

    def room(sizes):
        folders = folders_of(path for path in sizes if path.startswith(FOLDER)) - {"/lib"}
        blocks = sum(size // _BLOCK_BYTES + 1 for size in sizes.values())
        return blocks * _BLOCK_BYTES + len(folders) * _FOLDER_BYTES

    places = tuple(path + "/" for path in left)
    free = seen.free + room({f: n for f, n in seen.sizes.items() if (f + "/").startswith(places)})
    needed = room({path: len(data) for path, data in files.items()})
    own = {path.removesuffix(NEW) for path in files if not path.startswith(FOLDER)}
    folders = folders_of(own) - {"/lib", "/lib/umqtt", "/lib/urequests"}
    needed += len([f for f in folders if f not in seen.kinds]) * _FOLDER_BYTES
    if needed <= free:
        return "beside"
    if needed <= free + room(past):
        return "without past"
    free += room(past) + room(old)
    if needed > free:
        raise SendError(
            f"the board's flash has {free} bytes for this, and {needed} are needed: "
            "remove files of yours (mpremote ls), or put the library into the firmware"
        )
    return "without old"


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
        serial_link.run(self._transport, code, lambda path: self._tell(f"{doing} {path}"))

    def write(self, files):
        """Write files, {path: bytes}, make their folders, read all back. Raises SendError."""
        self._run(_FOLDERS, "making", folders=sorted(folders_of(files)))
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
                    raise SendError(f"{path} has not arrived as it was sent: run it again")

    def swap(self):
        """Have the library that was written take the place of the one that is there."""
        self._run(_SWAP, "renaming")

    def put(self, paths):
        """Rename what was written under `path + NEW` to each path, replacing what is there."""
        if paths:
            self._run(_PUT, "renaming", files=paths)

    def replace(self, files):
        """Write files, {path: bytes}, in place of what is there. Raises SendError."""
        if files:
            self.write({path + NEW: data for path, data in files.items()})
            self.put(list(files))

    def remove_empty(self, folders):
        """Remove the folders that nothing is in; return those that something is in."""
        lines = []
        if folders:
            code = _REMOVE_EMPTY.format(folders=sorted(folders, reverse=True))
            serial_link.run(self._transport, code, lines.append)
        return [line.removeprefix("not ") for line in lines if line.startswith("not ")]

    def remove(self, paths):
        """Remove files, and folders with all that is in them."""
        if paths:
            self._run(_REMOVE, "removing", paths=paths)
