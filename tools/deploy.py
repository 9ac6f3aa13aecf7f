#!/usr/bin/env python3
"""Brings the library and the programs onto a board that runs MicroPython; only what has changed.

    tools/deploy.py [--port PORT] [--board RPI_PICO_W] [--main my_program.py]

Sent are the compiled library, the engines that the firmware lacks, boot.py, main.py and the
board's pins.py. A pulled cable or a power cut at any moment leaves the library as a whole, and each
other file, old or new: run it again, which cleans up. What else is on the board (settings.json,
ca.der, the outbox, files of yours) is not touched. A board in safe mode leaves it; one that sleeps
deeply is waited for.
"""

import argparse
import hashlib
import sys
import time
from pathlib import Path, PurePosixPath

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mpremote.transport import TransportExecError

from tools import board_content, board_link, board_send, boards, library, ports
from tools.board_look import FOLDER, NEW, OLD, STUB, look, may_be_there, twin

library.use()

from allthingstalk.board import safe_mode  # noqa: E402

PINS = "/pins.py"
MPY = 6  # version of the .mpy files that mpy-cross makes
_TRIES = 3  # a watchdog that a program has armed may reset the board in the midst
_BLOCK_BYTES = 4096
_FOLDER_BYTES = 2 * _BLOCK_BYTES  # a littlefs keeps each folder twice
_MANY = 5
_SAY_S = 1
_LEAVE_SAFE_MODE = """
import os
try:
    os.remove({path!r})
    print("left")
except OSError:  # no crash was counted
    pass
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
    for name, (_, start) in board_content.ENGINES.items():
        if name in seen.firmware:
            lines.append(f"{name} is in the firmware: not sent")
        else:
            wanted |= {path: data for path, data in engines.items() if path.startswith(start)}
    return wanted, lines


def check(seen, say):
    """Refuse a board that the library does not run on. Raises DeployError."""
    version = ".".join(str(n) for n in seen.version)
    if seen.mpy != MPY:
        raise DeployError(
            f"the board's MicroPython {version} does not load .mpy files of version {MPY}: flash a "
            f"newer one (make flash), {board_content.LEAST_TEXT} or later"
        )
    if seen.version < board_content.LEAST:
        say(board_content.too_old(version))
    if seen.shadow:
        raise DeployError(
            "the board has a folder /allthingstalk, which Python finds before /lib/allthingstalk: "
            "remove it with `mpremote rm -r :allthingstalk`"
        )


def folders_of(paths):
    """Return the folders that files lie in, and those that these lie in."""
    return {str(folder) for path in paths for folder in PurePosixPath(path).parents}


def of_library(path):
    """Return whether a file or folder lies in the library's folder."""
    return path.startswith(board_content.PACKAGE)


def bring(sender, wanted, seen, say):
    """Make the board's files those that are wanted. Return (paths sent, paths removed).

    Of the library a single file that was there is replaced alone. Else all of it is written anew,
    beside the old one, and the folders are swapped: a power cut between two files would leave half
    of the old and half of the new one.
    """
    changed = {
        path
        for path, data in wanted.items()
        if seen.files.get(path) != hashlib.sha256(data).digest()
    }
    library = {path for path in wanted if of_library(path)}
    # What an earlier run left half done.
    left = [folder for folder in (FOLDER + NEW, FOLDER + OLD) if folder in seen.folders]
    within = tuple(folder + "/" for folder in left)
    left += [f for f in seen.files if (f == STUB or f.endswith(NEW)) and not f.startswith(within)]
    there = {path for path in seen.files if of_library(path)} - {*left}
    # Modules that are no more, with their folders, and sources that would come first.
    gone = there - library
    gone |= {twin(path) for path in wanted if path.endswith(".mpy")} & {*seen.files}
    folders = {f for f in seen.folders if (f + "/").startswith(board_content.PACKAGE)}
    gone_folders = sorted(folders - folders_of(library), reverse=True)  # the inner ones first

    news = changed & library
    whole = bool(news) and not (len(news) == 1 and news <= there)
    # main.py last: it starts what the other files are for.
    sent = sorted(changed | (library if whole else set()), key=lambda f: (f == "/main.py", f))
    files = {written_as(path, whole): wanted[path] for path in sent}
    old = {path: seen.sizes[path] for path in there} if whole else {}
    both = fits_beside(files, seen, left, old)
    sender.remove(left)
    if not both:
        say("the flash has no room for two libraries: the old one is removed first")
        sender.remove([FOLDER])
        folders = set()
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
    return sent, sorted(gone) + [folder + "/" for folder in gone_folders] + left


def written_as(path, whole):
    """Return where a file is written until it is renamed, alone or with the `whole` library."""
    if whole and of_library(path):
        return FOLDER + NEW + path[len(FOLDER) :]
    return path + NEW


def fits_beside(files, seen, left, old):
    """Return whether files, {path: bytes}, fit onto the flash beside the `old`, {path: size}.

    `left`, files and folders, are removed before. Raises DeployError if they fit in no case.
    """

    def room(sizes):
        folders = folders_of(path for path in sizes if path.startswith(FOLDER)) - {"/", "/lib"}
        blocks = sum(size // _BLOCK_BYTES + 1 for size in sizes.values())
        return blocks * _BLOCK_BYTES + len(folders) * _FOLDER_BYTES

    places = tuple(path + "/" for path in left)
    free = seen.free + room({f: n for f, n in seen.sizes.items() if (f + "/").startswith(places)})
    needed = room({path: len(data) for path, data in files.items()})
    if needed > free + room(old):
        raise DeployError(
            f"the board's flash has {free + room(old)} bytes for this, and {needed} are needed: "
            "remove files of yours (mpremote ls), or put the library into the firmware"
        )
    return needed <= free


def deploy(port, board=None, main=None, restart=True, say=print, wait_s=board_link.WAIT_S):
    """Bring all files onto the board at `port`; `say` is told what happens, a line each.

    - `wait_s`: how long a board that sleeps deeply is waited for.

    Returns (paths sent, paths removed). Raises LinkError, DeployError, ContentError.
    """
    programs = board_content.programs(board, main)
    modules, engines = board_content.library(), board_content.engines()
    progress = Progress(say)
    for left in reversed(range(_TRIES)):
        try:
            with board_link.connected(port, wait_s, say) as transport:
                names = may_be_there([*modules, *engines, *programs, PINS])
                seen = look(transport, names, progress)
                check(seen, say)
                if PINS not in programs:
                    programs |= board_content.programs(board_of(seen.build, say), main)
                wanted, lines = choose(seen, modules, engines, programs)
                for line in lines:
                    say(line)
                sender = board_send.Sender(transport, progress)
                sent, removed = bring(sender, wanted, seen, say)
                told(sent, removed, wanted, say)
                if transport.exec(_LEAVE_SAFE_MODE.format(path=safe_mode.PATH)):
                    say("the crashes that were counted are forgotten: safe mode is left")
                if restart:
                    board_link.restart(transport)
                    say("the board starts anew; make repl shows what it prints")
            return sent, removed
        except board_link.LinkLost as e:
            if not left:
                raise
            say(f"once more: {e}")
            board_link.wait_for(port)
            board_link.hard_reset(port)
        except board_send.NotArrived as e:
            raise DeployError(str(e)) from None
        except TransportExecError as e:
            raise DeployError(in_words(e.error_output)) from None


class Progress:
    """Says what is being done, once a second."""

    def __init__(self, say):
        self._say = say
        self._said = time.monotonic()

    def __call__(self, text):
        now = time.monotonic()
        if now - self._said >= _SAY_S:
            self._say(text)
            self._said = now


def told(sent, removed, wanted, say):
    """Say which files were sent and removed."""
    for line in summary("sent", {path: len(wanted[path]) for path in sent}):
        say(line)
    for path in removed:
        say(f"removed {path}")
    if not sent:
        say(f"nothing to send: all {len(wanted)} files are on the board already")


def summary(did, sizes):
    """Return lines about files, {path: bytes}: one each, or one for a folder with many.

    The library with its folders counts as one folder.
    """
    folders = {}
    for path, size in sizes.items():
        folder = path.rpartition("/")[0]
        folder = FOLDER if of_library(path) else folder
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


def say(text):
    """Print a line at once, wherever the output goes."""
    print(text, flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", help="serial port of the board (the one that is plugged in)")
    parser.add_argument("--board", help="name of the board (what its firmware says)")
    parser.add_argument("--main", type=Path, help="file to be main.py (boards/shared/main.py)")
    parser.add_argument(
        "--wait",
        type=float,
        default=board_link.WAIT_S,
        metavar="SECONDS",
        help="for a board that sleeps deeply to wake (%(default)s)",
    )
    parser.add_argument("--no-reset", action="store_true", help="leave the board at its prompt")
    args = parser.parse_args()
    try:
        board = board_content.find_board(args.board) if args.board else None
        port = ports.awaited(args.port, args.wait, say)
        say(f"deploy to {port}")
        deploy(port, board, args.main, not args.no_reset, say, args.wait)
    except (
        ports.PortError,
        board_link.LinkError,
        board_content.ContentError,
        DeployError,
    ) as e:
        sys.exit(f"deploy: {e}")


if __name__ == "__main__":
    main()
