"""Makes one file to flash that holds firmware and file system: a board that runs when it is done.

    python -m tools.image --board RPI_PICO_W --firmware image.uf2 [--settings settings.json]
    python -m tools.image --board ESP32_GENERIC --firmware image.bin --settings devices.csv

In the file system: the library, its engines, boot.py, pins.py, the program (main.py with the
modules that it imports beside it, or a folder), and where given settings.json and ca.der, which is
made of a file in PEM or DER with one root or several. A CSV file makes one image a row, named by
its device id; its columns are token, device and as wanted wifi, password, api ... Each image has a
password of its own for the access point with which a board is set up from a phone; it is printed,
and stands in setup-passwords.csv. Images hold secrets: only you may read them. `make flash` writes
them.
"""

import argparse
import os
import sys
from pathlib import Path

from tools.board import (
    certificates,
    checked_settings,
    given_settings,
    program_list,
    text_files,
    wanted_files,
)
from tools.build import library
from tools.image import devices_csv, esp_image, file_system, uf2

library.use()

from allthingstalk.portal import access_point  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "build" / "images"
PASSWORDS = "setup-passwords.csv"
_DER = b"\x30\x82"  # a sequence of more than 255 bytes, as each certificate is


def size(text):
    """Return the bytes of a size such as 8M, 848k or 868352. Raises argparse's error."""
    factor = {"k": 1024, "m": 1024 * 1024}.get(text[-1:].lower(), 1)
    try:
        count = int(text[:-1] if factor > 1 else text, 0) * factor
    except ValueError:
        count = 0
    if count <= 0 or count % file_system.BLOCK_BYTES:
        raise argparse.ArgumentTypeError(f"{text!r} is no size in blocks of 4 KB, such as 4M, 848k")
    return count


class EspFirmware:
    """Firmware of an ESP32 that file systems can be joined to."""

    def __init__(self, data, name, board, flash_bytes=None, fs_bytes=None):
        image = esp_image.read(data, name, board)
        self._image = image
        self.version = file_system.micropython_version(data)
        self.fs_offset, self.fs_bytes = esp_image.file_system(image, name, flash_bytes)
        if fs_bytes and fs_bytes != self.fs_bytes:
            raise esp_image.ImageError(
                f"{name} has a file system of {self.fs_bytes} bytes: leave FS_SIZE away"
            )
        if image.base + len(data) > self.fs_offset:
            raise esp_image.ImageError(f"{name} holds a file system already: take the plain one")

    def join(self, files):
        """Return the bytes to write where the firmware alone would be written."""
        fs = file_system.build(files, self.fs_bytes, self.version)
        gap = self.fs_offset - self._image.base - len(self._image.data)
        return self._image.data + b"\xff" * gap + fs


class PicoFirmware:
    """Firmware of an RP2040 or RP2350 that file systems can be joined to."""

    def __init__(self, data, name, board, flash_bytes=None, fs_bytes=None):
        self._blocks = uf2.read(data, name)
        wanted_files.check_chip(name, uf2.chip(self._blocks, name), board)
        self._family = next(b.family for b in self._blocks if b.family != uf2.ABSOLUTE)
        self.version = file_system.micropython_version(b"".join(b.data for b in self._blocks))
        declared = uf2.file_system(self._blocks)
        if fs_bytes and flash_bytes:
            self.fs_offset, self.fs_bytes = uf2.FLASH + flash_bytes - fs_bytes, fs_bytes
        elif declared:
            self.fs_offset, self.fs_bytes = declared
        else:
            raise uf2.Uf2Error(
                f"{name} does not declare its file system: say FLASH_SIZE=2M FS_SIZE=848k (a "
                "Pico W's), as its board's mpconfigboard.h has them"
            )
        if uf2.end(self._blocks) > self.fs_offset:
            raise uf2.Uf2Error(
                f"{name} reaches into its file system: does it hold one already? Take the plain one"
            )

    def join(self, files):
        """Return the bytes of a UF2 file."""
        fs = file_system.build(files, self.fs_bytes, self.version)
        return uf2.write(self._blocks + uf2.blocks_of(fs, self.fs_offset, self._family))


def open_firmware(path, board, flash_bytes=None, fs_bytes=None):
    """Return the firmware in a file. Raises ImageError, Uf2Error, ContentError."""
    data = wanted_files.read(path)
    kind = EspFirmware if board.port == "esp32" else PicoFirmware
    return kind(data, Path(path).name, board, flash_bytes, fs_bytes)


def read_settings(path):
    """Return [(device id or None, settings.json)], one for each image. Raises InputError."""
    if path is None:
        return [(None, None)]
    if path.suffix.lower() in devices_csv.SUFFIXES:
        return devices_csv.read(path)
    values, places = given_settings.from_file(path)
    return [(None, checked_settings.check(values, str(path), places).data)]


def write_private(path, data):
    """Write a file that nobody else may read, and never half of it under its name."""
    half = path.with_name(path.name + ".part")
    half.unlink(missing_ok=True)
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    half.replace(path)


def _roots(path, say):
    """Return /ca.der for the roots in a file. Raises RootError.

    DER that this PC cannot read goes onto the board as it is, with a warning: mbedTLS is the judge.
    """
    try:
        roots = certificates.read(path, say)
    except certificates.RootError as e:
        if not (path.is_file() and path.read_bytes().startswith(_DER)):
            raise
        say(f"take care: {e}. It goes onto the board as it is; make doctor tells what TLS says")
        return path.read_bytes()
    for root in roots:
        say(f"root      {root}")
    return certificates.as_der(roots)


def make(board, firmware, settings=None, ca=None, main=None, to=IMAGES, say=print):
    """Write the images, and a table of what they are set up with; return {path: password}.

    - `firmware`: from `open_firmware`.
    - `settings`: path of a settings.json or .env, or of a CSV file with a row for each image.
    - `ca`: path of a file of root certificates, of which the board gets all.
    - `main`: the program, a file or a folder.
    - `say`: is told what of it stays on the PC, and which roots the board gets.

    Raises InputError, ContentError, RootError, FileSystemError; nothing is written then.
    """
    devices = read_settings(settings)
    if not ca and any(data and devices_csv.needs_root(data) for _, data in devices):
        raise wanted_files.ContentError(
            "the settings ask for TLS, and without a root certificate the board would refuse every "
            "server: give CA=ca.der, a file in PEM or DER. `make provision` finds it and puts it "
            "onto a board: copy it from there. Nothing was written"
        )
    files = wanted_files.library() | wanted_files.engines()
    programs = wanted_files.programs(board, main, say)
    files |= programs | program_list.file(programs)
    if ca:
        files["/ca.der"] = _roots(ca, say)
    to.mkdir(parents=True, exist_ok=True)
    passwords = {}
    for device, data in devices:
        own = {"/settings.json": data} if data else {}
        password = access_point.new_password()
        own[access_point.PASSWORD] = password.encode()
        path = to / ((device or board.stock) + Path(board.image).suffix)
        write_private(path, firmware.join(files | own))
        passwords[path] = password
    lines = ["image,set-up password", *(f"{path.name},{passwords[path]}" for path in passwords)]
    write_private(to / PASSWORDS, "\n".join([*lines, ""]).encode())
    return passwords


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.image",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--board", required=True, help="name of the board; tools/board/boards.py lists"
    )
    parser.add_argument("--firmware", required=True, help="MicroPython: .bin or .uf2")
    parser.add_argument("--settings", type=Path, help="settings.json, .env, or a .csv of devices")
    parser.add_argument("--ca", type=Path, help="root certificates, PEM or DER")
    parser.add_argument(
        "--main", type=Path, help="the program, a file or a folder (examples/default/main.py)"
    )
    parser.add_argument("--flash-size", type=size, help="of the board, such as 8M (the image's)")
    parser.add_argument("--fs-size", type=size, help="of the file system (the image's)")
    parser.add_argument("--to", type=Path, default=IMAGES, help="folder (build/images)")
    args = parser.parse_args()
    try:
        board = wanted_files.find_board(args.board)
        firmware = open_firmware(
            wanted_files.given(args.firmware), board, args.flash_size, args.fs_size
        )
        passwords = make(board, firmware, args.settings, args.ca, args.main, args.to)
    except (
        esp_image.ImageError,
        uf2.Uf2Error,
        text_files.InputError,
        file_system.FileSystemError,
        wanted_files.ContentError,
        certificates.RootError,
    ) as e:
        sys.exit(f"image: {e}")
    if firmware.version and firmware.version < wanted_files.LEAST:
        print(wanted_files.too_old(".".join(map(str, firmware.version))))
    print(f"file system at 0x{firmware.fs_offset:x}, {firmware.fs_bytes} bytes")
    for path, password in passwords.items():
        print(f"{path}: {path.stat().st_size} bytes, set-up password {password}")


if __name__ == "__main__":
    main()
