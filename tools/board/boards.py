"""Knows the boards: one folder of boards/ each, and the MicroPython that they are made for.

    python -m tools.board.boards         a table of them
    python -m tools.board.boards NAME    the facts of one, a line each

A name may leave out the prefix ALLTHINGSTALK_ and may be in any case: esp32_generic_c3.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ROOT / "boards"
PIN = BOARDS / "micropython.json"
PREFIX = (
    "ALLTHINGSTALK_"  # a folder's name is the board's in the build: ours must not be upstream's
)

# What follows from the chip: MicroPython's port, mpy-cross -march, how its image file ends.
CHIPS = {
    "esp32": ("esp32", "xtensawin", ".bin"),
    "esp32s3": ("esp32", "xtensawin", ".bin"),
    "esp32c3": ("esp32", "rv32imc", ".bin"),
    "rp2040": ("rp2", "armv6m", ".uf2"),
    "rp2350": ("rp2", "armv7emsp", ".uf2"),
}


class UnknownBoard(ValueError):
    """No board has that name; the text lists those there are."""


@dataclass(frozen=True)
class Board:
    """A board that firmware is built for, as its folder says.

    - `name`: the folder's name, which is the board's in MicroPython's build.
    - `folder`: path of the folder.
    - `port`: MicroPython's port, "esp32" or "rp2".
    - `chip`: as in board.json ("mcu"); esptool takes the ESP32 ones.
    - `mpy_arch`: mpy-cross -march for native code.
    - `flash_offset`: address in flash that the image is written to; None on an rp2, which takes
      UF2 files.
    - `image`: name of the file that `make firmware` leaves in build/firmware.
    - `stock`: name of upstream's board that this one starts from.
    """

    name: str
    folder: Path
    port: str
    chip: str
    mpy_arch: str
    flash_offset: int | None
    image: str
    stock: str


def read(folder):
    """Return the Board that a folder describes. Raises ValueError with what is wrong in it."""
    path = folder / "board.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        chip = facts["mcu"]
        port, mpy_arch, suffix = CHIPS[chip]
        options = facts.get("deploy_options", {})
        offset = int(options["flash_offset"], 0) if port == "esp32" else None
    except (KeyError, TypeError, ValueError) as e:
        raise ValueError(
            f"{path.parent.name}/board.json is not one of ours ({type(e).__name__}: {e}); it needs "
            f'"mcu" (one of {", ".join(CHIPS)}) and, for an ESP32, deploy_options.flash_offset'
        ) from None
    return Board(
        name=folder.name,
        folder=folder,
        port=port,
        chip=chip,
        mpy_arch=mpy_arch,
        flash_offset=offset,
        image=folder.name + suffix,
        stock=folder.name.removeprefix(PREFIX),
    )


def all_boards(folder=BOARDS):
    """Return all boards, {name: Board}, in the order of their names."""
    return {path.parent.name: read(path.parent) for path in sorted(folder.glob("*/board.json"))}


def find(name, folder=BOARDS):
    """Return the Board of that name, with or without the prefix. Raises UnknownBoard."""
    boards = all_boards(folder)
    for board in boards.values():
        if name.strip().upper() in (board.name.upper(), board.stock.upper()):
            return board
    known = ", ".join(board.stock for board in boards.values())
    said = f'there is no board "{name}"' if name.strip() else "no board is named"
    raise UnknownBoard(f"{said}; there are: {known}. Give one, for instance BOARD=RPI_PICO_W")


def micropython_versions():
    """Return the MicroPython releases that the boards are made for, such as "1.29.0" first."""
    return json.loads(PIN.read_text(encoding="utf-8"))["releases"]


def shown_offset(board):
    return "-" if board.flash_offset is None else hex(board.flash_offset)


def table(boards):
    """Return the boards as lines of a table."""
    rows = [("BOARD", "port", "chip", "mpy", "flash at", "image")]
    for b in boards:
        rows.append((b.stock, b.port, b.chip, b.mpy_arch, shown_offset(b), b.image))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in rows]


def main():
    lines = [
        f"for MicroPython {' or '.join(micropython_versions())}:",
        *table(all_boards().values()),
    ]
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="the facts of this board alone")
    name = parser.parse_args().name
    if name is None:
        print("\n".join(lines))
        return
    try:
        board = find(name)
    except UnknownBoard as e:
        sys.exit(f"boards: {e}")
    for key, value in vars(board).items():
        print(f"{key}: {shown_offset(board) if key == 'flash_offset' else value}")


if __name__ == "__main__":
    main()
