"""Brings the library and the programs onto a board that runs MicroPython; only what has changed.

    python -m tools.board.deploy [--port PORT] [--board RPI_PICO_W] [--main PROGRAM]

Sent are the compiled library, the engines that the firmware lacks, boot.py, the board's pins.py and
the program: a file that becomes main.py with the modules that it imports beside it, or a folder
with a main.py, all of it but settings.json, ca.der, README.md, tests and what begins with a dot.
What MicroPython cannot compile is refused. A pulled cable or a power cut at any moment leaves the
library as a whole, and each other file, old or new: run it again, which cleans up. Files of the
program before that are no more in it are removed, and nothing else is touched: settings.json,
ca.der, the outbox, files of yours. A board in safe mode leaves it; one that sleeps deeply is waited
for.
"""

import argparse
import sys
import time
from pathlib import Path

from mpremote.transport import TransportExecError

from tools.board import boards, ports, program_list, send_files, serial_link, wanted_files
from tools.board.found_files import FOLDER, look, may_be_there
from tools.board.program_check import MPY
from tools.build import library

library.use()

from allthingstalk.board import safe_mode  # noqa: E402

PINS = "/pins.py"
_TRIES = 3  # a watchdog that a program has armed may reset the board in the midst
_MANY = 5
_SAY_S = 1
# Not safe_mode.forget(): the library on the board may be an older one, or broken.
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


def check(seen, say):
    """Refuse a board that the library does not run on. Raises DeployError."""
    version = ".".join(str(n) for n in seen.version)
    if seen.mpy != MPY:
        raise DeployError(
            f"the board's MicroPython {version} does not load .mpy files of version {MPY}: flash a "
            f"newer one (make flash), {wanted_files.LEAST_TEXT} or later"
        )
    if seen.version < wanted_files.LEAST:
        say(wanted_files.too_old(version))
    if seen.shadow:
        raise DeployError(
            "the board has a folder /allthingstalk, which Python finds before /lib/allthingstalk: "
            "remove it with `mpremote rm -r :allthingstalk`"
        )


def deploy(port, board=None, main=None, restart=True, say=print, wait_s=serial_link.WAIT_S):
    """Bring all files onto the board at `port`; `say` is told what happens, a line each.

    - `wait_s`: how long a board that sleeps deeply is waited for.

    Returns (paths sent, paths removed). Raises LinkError, DeployError, ContentError.
    """
    programs = wanted_files.programs(board, main, say)
    tracked = program_list.tracked(programs)
    modules, engines = wanted_files.library(), wanted_files.engines()
    progress = Progress(say)
    for left in reversed(range(_TRIES)):
        try:
            with serial_link.connected(port, wait_s, say) as transport:
                names = may_be_there([*modules, *engines, *programs, PINS], tracked)
                seen = look(transport, names, progress, tracked)
                check(seen, say)
                if PINS not in programs:
                    programs |= wanted_files.programs(board_of(seen.build, say), main)
                wanted, lines = wanted_files.choose(seen, modules, engines, programs)
                for line in lines:
                    say(line)
                sender = send_files.Sender(transport, progress)
                sent, removed = send_files.bring(sender, wanted, seen, say, tracked)
                told(sent, removed, wanted, say)
                if transport.exec(_LEAVE_SAFE_MODE.format(path=safe_mode.PATH)):
                    say("the crashes that were counted are forgotten: safe mode is left")
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
        except send_files.SendError as e:
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
        folder = FOLDER if send_files.of_library(path) else folder
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
    parser.add_argument(
        "--main", type=Path, help="the program, a file or a folder (examples/default/main.py)"
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=serial_link.WAIT_S,
        metavar="SECONDS",
        help="for a board that sleeps deeply to wake (%(default)s)",
    )
    parser.add_argument("--no-reset", action="store_true", help="leave the board at its prompt")
    args = parser.parse_args()
    try:
        board = wanted_files.find_board(args.board) if args.board else None
        say = serial_link.say_now
        port = ports.awaited(args.port, args.wait, say)
        say(f"deploy to {port}")
        deploy(port, board, args.main, not args.no_reset, say, args.wait)
    except (
        ports.PortError,
        serial_link.LinkError,
        wanted_files.ContentError,
        DeployError,
    ) as e:
        sys.exit(f"deploy: {e}")
    except KeyboardInterrupt:
        sys.exit("\ndeploy: stopped; each file on the board is as it was, or new: run it again")


if __name__ == "__main__":
    main()
