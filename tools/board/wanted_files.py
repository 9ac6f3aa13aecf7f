"""What a board gets, as {path on the board: bytes}: library, engines, programs.

Used by deploy, image and romfs, so that a board that was deployed to and one that was flashed with
an image hold the same files.
"""

import functools
import tempfile
from pathlib import Path

from tools.board import boards, program_check, program_files
from tools.board.pc_files import ContentError, read
from tools.build import board_folder

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "boards" / "shared"
MAIN = ROOT / "examples" / "default" / "main.py"
PACKAGE = "/lib/allthingstalk/"
# An engine, the names it is imported by, what its path starts with.
ENGINES = {
    "umqtt.simple": (("umqtt.simple",), "/lib/umqtt/"),
    "urequests": (("urequests", "requests"), "/lib/urequests"),
}
# The oldest MicroPython with the module `tls`. The tests run the library on 1.25 and later; of 1.23
# its official ESP32 build was seen to do so, in an emulator.
LEAST = (1, 23)
LEAST_TEXT = ".".join(map(str, LEAST))


def _built(put):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        put(root / "lib")
        return {
            "/" + path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }


@functools.cache
def library():
    """Return the library as .mpy."""
    return _built(board_folder.put_library)


@functools.cache
def engines():
    """Return the engines as .mpy."""
    return _built(board_folder.put_engines)


def programs(board=None, main=None, say=None):
    """Return boot.py, the program's files and, where the board is known, its pins.py.

    - `board`: a boards.Board, or None.
    - `main`: the program in place of examples/default/main.py: a file that is to be main.py and
      brings the modules that it imports beside it, or a folder.
    - `say`: is told what stays on the PC, a line each.

    Raises ContentError, also for a module that MicroPython cannot compile or load.
    """
    found, lines = program_files.find(main or MAIN)
    program = program_files.contents(found)
    for path, source in program.items():
        if path.endswith(".py"):
            program_check.check(found[path], source, board and board.mpy_arch)
        elif path.endswith(".mpy"):
            program_check.check_compiled(found[path], source)
    for line in lines if say else ():
        say(line)
    ours = {f"/{path.name}": read(path) for path in sorted(SHARED.glob("*.py"))}
    if board:
        ours["/pins.py"] = read(board.folder / "pins.py")
    return ours | program


def choose(seen, library, engines, programs):
    """Return ({path: bytes} the board shall have, lines that say what it has already).

    - `seen`: a found_files.Seen. The firmware comes before /lib: what is in it is not sent.
    """
    lines = []
    wanted = dict(programs)
    if "allthingstalk" in seen.firmware:
        version = seen.firmware["allthingstalk"]
        lines.append(f"the library ({version}) is in the firmware, where it comes first: not sent")
    else:
        wanted |= library
    for name, (_, start) in ENGINES.items():
        if name in seen.firmware:
            lines.append(f"{name} is in the firmware: not sent")
        else:
            wanted |= {path: data for path, data in engines.items() if path.startswith(start)}
    return wanted, lines


def too_old(version):
    """Return the warning for a MicroPython, such as "1.22.2", that is older than LEAST."""
    return (
        f"take care: the library needs MicroPython {LEAST_TEXT} or later, and this is {version}, "
        "without verified TLS"
    )


def given(firmware):
    """Return the path of the firmware that was named. Raises ContentError if none was."""
    if firmware:
        return Path(firmware)
    raise ContentError(
        "no firmware is named: give FIRMWARE=FILE, MicroPython for this board from its download "
        "page (.bin for an ESP32, .uf2 for a Pico)"
    )


def find_board(name):
    """Return the boards.Board of a name. Raises ContentError."""
    try:
        return boards.find(name)
    except boards.UnknownBoard as e:
        raise ContentError(str(e)) from None


def check_chip(name, chip, board):
    """Refuse the firmware in the file `name` if it is for another chip. Raises ContentError."""
    if chip != board.chip:
        raise ContentError(
            f"{name} is for the chip {chip}, and {board.stock} has the {board.chip}: take the "
            "image of your board, or name the board that you have"
        )
