"""Brings the library and the programs onto a board that runs MicroPython; only what has changed.

    python -m tools.board.deploy [--port PORT] [--board RPI_PICO_W] [--main my_program.py]

Sent are the compiled library, the engines that the firmware lacks, boot.py, main.py and the
board's pins.py. Files and new folders are written under temporary names and renamed together at the
end: a cable that is pulled before leaves the board as it was; run it again. What else is on the
board (settings.json, ca.der, the outbox, files of yours) is not touched.
"""

import argparse
import hashlib
import sys
from pathlib import Path, PurePosixPath

from mpremote.transport import TransportExecError
from tqdm import tqdm

from tools.board import boards, ports, serial_link, wanted_files
from tools.board.found_files import NEW, look, may_be_there, twin

PINS = "/pins.py"
MPY = 6  # version of the .mpy files that mpy-cross makes; MicroPython loads them from 1.23 on
_TRIES = 3  # a watchdog that a program has armed may reset the board in the midst
_BLOCK_BYTES = 4096
_FOLDER_BYTES = 2 * _BLOCK_BYTES  # a littlefs keeps each folder twice
_MANY = 5
_CHUNK_BYTES = 512

_RENAME = """
import os
for f in {paths}:
    try:
        os.rename(f + {new}, f)
    except OSError:  # FAT does not replace
        os.remove(f)
        os.rename(f + {new}, f)
"""
_REMOVE = "import os\nfor f in {files}:\n os.remove(f)\nfor d in {folders}:\n os.rmdir(d)\n"
_FOLDERS = """
import os
for d in {folders}:
    try:
        os.mkdir(d)
    except OSError as e:
        if e.errno != 17:  # it is there
            raise
"""


class DeployError(Exception):
    """The board cannot take the files; the text says why and what to do."""


def choose(seen, library, engines, programs):
    """Return ({path: bytes} the board shall have, lines that say what it has already)."""
    lines = []
    wanted = dict(programs)
    if "allthingstalk" in seen.firmware:
        version = seen.firmware["allthingstalk"]
        lines.append(f"the library ({version}) is in the firmware, where it comes first: not sent")
    else:
        wanted |= library
    for name, (_, start) in wanted_files.ENGINES.items():
        if name in seen.firmware:
            lines.append(f"{name} is in the firmware: not sent")
        else:
            wanted |= {path: data for path, data in engines.items() if path.startswith(start)}
    return wanted, lines


def check(seen):
    """Refuse a board that the library does not run on. Raises DeployError."""
    if seen.mpy != MPY:
        version = ".".join(str(n) for n in seen.version)
        raise DeployError(
            f"the board's MicroPython {version} does not load .mpy files of version {MPY}: flash a "
            "newer one (make flash), 1.25 or later"
        )
    if seen.shadow:
        raise DeployError(
            "the board has a folder /allthingstalk, which Python finds before /lib/allthingstalk: "
            "remove it with `mpremote rm -r :allthingstalk`"
        )


def folders_of(paths):
    """Return the folders that files lie in, and those that these lie in."""
    return {str(folder) for path in paths for folder in PurePosixPath(path).parents}


def of_library(folder):
    """Return whether a folder is the library's, or lies in it."""
    return (folder + "/").startswith(wanted_files.PACKAGE)


def written_as(paths, folders):
    """Return {path: what is renamed to bring the file there}: the file, or a folder it lies in.

    A folder of the library that is none of `folders` comes as a whole: half of it, or an empty one,
    would hide the module of that name that an older version has.
    """
    found = {}
    for path in paths:
        new = [f for f in folders_of([path]) if of_library(f) and f not in folders]
        found[path] = min(new, default=path, key=len)
    return found


def send(transport, files, folders):
    """Write files and rename them together; {path: bytes}. `folders` of the library are there."""
    renamed = written_as(files, folders)
    half = {path: start + NEW + path[len(start) :] for path, start in renamed.items()}
    transport.exec(_FOLDERS.format(folders=sorted(folders_of(half.values()) - {"/"})))
    total, sent = sum(len(data) for data in files.values()), 0
    with tqdm(total=total, unit="B", unit_scale=True, disable=None, leave=False) as bar:
        for path, data in files.items():
            bar.set_description(path.rpartition("/")[2])

            def progress(written, _, before=sent):
                bar.update(before + written - bar.n)

            transport.fs_writefile(half[path], data, _CHUNK_BYTES, progress)
            sent += len(data)
    transport.exec(_RENAME.format(paths=list(dict.fromkeys(renamed.values())), new=repr(NEW)))


def remove(transport, files, folders):
    """Remove files, and folders that are empty then. Return the paths; a folder's ends with "/"."""
    folders = sorted(folders, reverse=True)  # the inner ones first
    if files or folders:
        transport.exec(_REMOVE.format(files=files, folders=folders))
    return files + [folder + "/" for folder in folders]


def bring(transport, wanted, seen):
    """Make the board's files those that are wanted. Return (paths sent, paths removed)."""
    changed = {
        path: data
        for path, data in wanted.items()
        if seen.files.get(path) != hashlib.sha256(data).digest()
    }
    # What an earlier run left half sent, modules that are no more, sources that would come first.
    halves = [path for path in seen.files if is_half(path)]
    old = [path for path in seen.files if path.startswith(wanted_files.PACKAGE)]
    old += [twin(path) for path in wanted if path.endswith(".mpy") and twin(path) in seen.files]
    old = sorted(set(old) - {*wanted, *halves})
    needed = folders_of(wanted)
    folders = {folder for folder in seen.folders if not is_half(folder)}
    gone = folders - needed
    added = {folder for folder in needed - folders if of_library(folder)}
    removed = remove(transport, halves, seen.folders - folders)
    # main.py last: it starts what the other files are for.
    order = sorted(changed, key=lambda path: (path == "/main.py", path))
    free = seen.free - len(added) * _FOLDER_BYTES
    for batch in batches({path: changed[path] for path in order}, free):
        send(transport, batch, folders)
        folders |= folders_of(batch)
    return order, removed + remove(transport, old, gone)


def is_half(path):
    """Return whether a file or folder is one that an earlier run was about to send."""
    return any(part.endswith(NEW) for part in path.split("/"))


def batches(files, free_bytes):
    """Return the files to be renamed together: all of them, or one by one where room is short."""

    def blocks(data):
        return (len(data) // _BLOCK_BYTES + 1) * _BLOCK_BYTES

    if not files:
        return []
    if sum(blocks(data) for data in files.values()) <= free_bytes:
        return [files]
    largest = max(blocks(data) for data in files.values())
    if largest > free_bytes:
        raise DeployError(
            f"the board's flash has {free_bytes} bytes free, and {largest} are needed at least: "
            "remove files of yours (mpremote ls), or put the library into the firmware"
        )
    return [{path: data} for path, data in files.items()]


def deploy(port, board=None, main=None, restart=True, say=print):
    """Bring all files onto the board at `port`; `say` is told what happens, a line each.

    Returns (paths sent, paths removed). Raises LinkError, DeployError, ContentError.
    """
    programs = wanted_files.programs(board, main)
    library, engines = wanted_files.library(), wanted_files.engines()
    for left in reversed(range(_TRIES)):
        try:
            with serial_link.connected(port) as transport:
                seen = look(transport, may_be_there([*library, *engines, *programs, PINS]))
                check(seen)
                if PINS not in programs:
                    programs |= wanted_files.programs(board_of(seen.build, say), main)
                wanted, lines = choose(seen, library, engines, programs)
                for line in lines:
                    say(line)
                sent, removed = update(transport, wanted, seen, say)
                if restart:
                    serial_link.restart(transport)
                    say("the board starts anew; make repl shows what it prints")
            return sent, removed
        except serial_link.LinkLost as e:
            if not left:
                raise
            say(f"once more: {e}")
            serial_link.wait_for(port)
            serial_link.hard_reset(port)
        except TransportExecError as e:
            raise DeployError(in_words(e.error_output)) from None
        except OSError as e:  # mpremote makes those of the board's file system such
            raise DeployError(in_words(str(e))) from None


def update(transport, wanted, seen, say):
    """Bring the files, see that they have arrived, say it all. Return (paths sent, removed)."""
    sent, removed = bring(transport, wanted, seen)
    for line in summary("sent", {path: len(wanted[path]) for path in sent}):
        say(line)
    for path in removed:
        say(f"removed {path}")
    if not sent:
        say(f"nothing to send: all {len(wanted)} files are on the board already")
        return sent, removed
    arrived = look(transport, sent).files
    for path in sent:
        if arrived.get(path) != hashlib.sha256(wanted[path]).digest():
            raise DeployError(f"{path} has not arrived as it was sent: run it again")
    return sent, removed


def summary(did, sizes):
    """Return lines about files, {path: bytes}: one each, or one for a folder with many.

    The library with its folders counts as one folder.
    """
    folders = {}
    for path, size in sizes.items():
        folder = path.rpartition("/")[0]
        folder = wanted_files.PACKAGE.rstrip("/") if of_library(folder) else folder
        folders.setdefault(folder, {})[path] = size
    lines = []
    for folder, files in folders.items():
        if len(files) > _MANY:
            lines.append(f"{did} {folder}/: {len(files)} files, {sum(files.values())} bytes")
        else:
            lines += [f"{did} {path}: {size} bytes" for path, size in files.items()]
    return lines


def board_of(build, say):
    """Return the Board that the firmware was built for, None where that cannot be told."""
    try:
        return boards.find(build)
    except boards.UnknownBoard:
        say("which board this is cannot be told: pins.py is not sent; name it with BOARD=…")
        return None


def in_words(error):
    """Return what the text of an exception on the board means."""
    last = error.strip().splitlines()[-1]
    if "ENOSPC" in last or "Errno 28" in last:
        return "the board's flash is full: remove files of yours (mpremote ls) and run it again"
    if "MemoryError" in last:
        return "the board's memory is full: press its reset button and run it again"
    return f"the board said: {last}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", help="serial port of the board (the one that is plugged in)")
    parser.add_argument("--board", help="name of the board (what its firmware says)")
    parser.add_argument("--main", type=Path, help="file to be main.py (examples/default/main.py)")
    parser.add_argument("--no-reset", action="store_true", help="leave the board at its prompt")
    args = parser.parse_args()
    try:
        board = wanted_files.find_board(args.board) if args.board else None
        port = ports.find(args.port)
        print(f"deploy to {port}", flush=True)
        deploy(port, board, args.main, restart=not args.no_reset)
    except (
        ports.PortError,
        serial_link.LinkError,
        wanted_files.ContentError,
        DeployError,
    ) as e:
        sys.exit(f"deploy: {e}")


if __name__ == "__main__":
    main()
