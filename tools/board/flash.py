"""Writes MicroPython, or an image with a file system, into a board's flash; or erases it.

    python -m tools.board.flash --board ESP32_GENERIC --firmware image.bin [--port PORT] [--erase]
    python -m tools.board.flash --board RPI_PICO_W --firmware image.uf2 [--drive FOLDER]
    python -m tools.board.flash --board ESP32_GENERIC --erase-only

The file is looked at first: is it for this chip, and whole? ESP32: esptool writes and verifies.
Pico: the .uf2 is copied to the drive that the board shows in its boot loader, into which a running
MicroPython is sent; without a drive picotool does it where it is installed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from serial.tools.list_ports import comports

from tools.board import ports, serial_link, wanted_files
from tools.image import esp_image, uf2

BAUD = 460800
_ESPTOOL_S = 600  # 16 MB at 460,800 bits a second
_PICOTOOL_S = 300
_DRIVE_S = 20
DRIVES = ("/media", "/run/media", "/Volumes", "/mnt")
INFO = "INFO_UF2.TXT"
# What the drives say of themselves in INFO_UF2.TXT.
DRIVE_IDS = {"rp2040": "RPI-RP2", "rp2350": "RP2350"}
BOOTSEL = (
    "no Pico in its boot loader is seen. Hold its BOOTSEL button while you plug the USB cable in: "
    "it shows up as a drive. Then run this again; a drive that is mounted elsewhere: DRIVE=folder"
)


class FlashError(Exception):
    """The flash cannot be written; the text says why and what to do."""


def check(board, path):
    """Return where in flash a file belongs, None for a UF2. Raises ImageError, Uf2Error."""
    data = wanted_files.read(path)
    if board.port == "rp2":
        chip = uf2.chip(uf2.read(data, path.name), path.name)
        wanted_files.check_chip(path.name, chip, board)
        return None
    image = esp_image.read(data, path.name, board)
    last = max(image.partitions, key=lambda p: p.offset)
    if image.base + len(data) > max(last.end, image.flash_bytes):
        raise esp_image.ImageError(
            f"{path.name} has {len(data)} bytes, more than the flash it was built for "
            f"({image.flash_bytes} bytes): is it damaged?"
        )
    return image.base


# ESP32


def esptool(board, port, *arguments):
    """Run esptool and show what it says. Raises FlashError."""
    command = [sys.executable, "-m", "esptool", "--chip", board.chip, "--port", port]
    command += ["--baud", str(BAUD), *arguments]
    said = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        limit = threading.Timer(_ESPTOOL_S, process.kill)
        limit.start()
        try:
            for line in process.stdout:
                said.append(line)
                if line.strip():
                    print("  " + line.rstrip(), flush=True)
        finally:
            limit.cancel()
    if process.returncode:
        raise FlashError(why_esptool_failed("".join(said), port))


def why_esptool_failed(said, port):
    """Return the words for esptool's failure."""
    if "Wrong chip" in said or "This chip is" in said:
        line = next(line for line in said.splitlines() if "his chip is" in line)
        return f"{line.partition('occurred: ')[2] or line.strip()} Name the board that you have"
    if "Failed to connect" in said or "No serial data received" in said:
        return (
            f"the chip at {port} does not answer in its boot loader: hold BOOT, press and let go "
            "RESET, let go BOOT, and run it again. Is the cable one that carries data?"
        )
    if "ermission denied" in said:
        return ports.not_allowed(Path(port))
    if "busy" in said or "could not open" in said.lower():
        return serial_link.BUSY.format(port=port)
    if "does not fit" in said or "beyond" in said or "exceeds" in said:
        return "the image is larger than the board's flash: take the one for your board"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return "esptool failed: " + (lines[-1] if lines else "it said nothing")


def flash_esp(board, path, offset, port, erase):
    """Write an image with esptool and verify it."""
    if erase:
        esptool(board, port, "erase-flash")
    esptool(board, port, "write-flash", hex(offset), str(path))
    esptool(board, port, "verify-flash", hex(offset), str(path))


# Pico


def drives(within=DRIVES):
    """Return [(folder, what its INFO_UF2.TXT says)] of the boot loader drives that are mounted."""
    found = []
    for top in map(Path, within):
        for info in [top / INFO, *top.glob(f"*/{INFO}"), *top.glob(f"*/*/{INFO}")]:
            try:
                found.append((info.parent, info.read_text(encoding="utf-8", errors="replace")))
            except OSError:
                continue  # not there, or a drive of somebody else
    return found


def drive_of(board, within):
    """Return the folder of the board's drive, None if there is none. Raises FlashError."""
    found = drives(within)
    fitting = [folder for folder, text in found if DRIVE_IDS[board.chip] in text]
    if len(fitting) > 1:
        raise FlashError(
            "several boards are in their boot loader: choose one with DRIVE=…\n"
            + "\n".join(f"  {folder}" for folder in fitting)
        )
    if found and not fitting:
        raise FlashError(
            f"{found[0][0]} is the drive of another chip than the {board.chip} of {board.stock}"
        )
    return fitting[0] if fitting else None


def copy_uf2(path, folder):
    """Copy a UF2 onto a boot loader's drive; the board restarts by itself when it has it all."""
    target = folder / path.name
    written = False
    try:
        with open(target, "wb") as file:
            file.write(path.read_bytes())
            file.flush()
            written = True
            os.fsync(file.fileno())
    except OSError as e:
        # The board leaves with its drive as soon as it has the last block: too soon for some.
        if not written or folder.exists():
            raise FlashError(f"copying to {folder} failed: {e.strerror}; try again") from None


def flash_pico(board, path, port, within, listed):
    """Copy the file to the board's drive; send the board into its boot loader where it runs."""
    folder = drive_of(board, within)
    if not folder and enter_boot_loader(port, listed):
        folder = wait_for_drive(board, within)
    if folder:
        print(f"  copying {path.name} to {folder}", flush=True)
        copy_uf2(path, folder)
        return
    picotool = shutil.which("picotool")
    if not picotool:
        raise FlashError(BOOTSEL)
    run_picotool(picotool, "load", "-v", "-x", str(path))


def enter_boot_loader(port, listed):
    """Ask a running MicroPython to enter the boot loader; return whether one was there."""
    try:
        if not port:  # an ESP32 that happens to be plugged in is not meant
            port = ports.find(listed=lambda: [p for p in listed() if p.vid == ports.PICO])
            print(f"  sending the board at {port} into its boot loader", flush=True)
        serial_link.mpremote(port, "bootloader", timeout_s=20)
    except ports.PortError:
        return False
    except serial_link.LinkError as e:
        raise FlashError(f"{e}\n{BOOTSEL}") from None
    return True


def wait_for_drive(board, within):
    """Return the folder where the board's drive appears, None if it does not."""
    until = time.monotonic() + _DRIVE_S
    while time.monotonic() < until:
        folder = drive_of(board, within)
        if folder:
            return folder
        time.sleep(0.3)
    return None


def run_picotool(picotool, *arguments):
    """Run picotool. Raises FlashError."""
    try:
        code = subprocess.run([picotool, *arguments], timeout=_PICOTOOL_S).returncode
    except subprocess.TimeoutExpired:
        code = 1
    if code:
        raise FlashError(f"picotool {arguments[0]} failed. {BOOTSEL}")


# Both


def erase_board(board, port):
    """Erase the whole flash."""
    if board.port == "esp32":
        esptool(board, ports.find(port), "erase-flash")
        return
    picotool = shutil.which("picotool")
    if not picotool:
        raise FlashError(
            "a Pico's flash is erased by picotool, which is not installed. Flashing an image made "
            "by `make image` replaces firmware and file system without it"
        )
    run_picotool(picotool, "erase", "-a")


def flash(board, path, port=None, erase=False, within=DRIVES, listed=comports):
    """Check a file and write it.

    - `port`: of the board; None to look for it among the ports that `listed()` returns.
    - `within`: folders below which a Pico's drive may be mounted.

    Raises FlashError, ImageError, Uf2Error, PortError, ContentError.
    """
    offset = check(board, path)
    if board.port == "esp32":
        flash_esp(board, path, offset, ports.find(port, listed), erase)
    else:
        if erase:
            erase_board(board, port)
        flash_pico(board, path, port, within, listed)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--board", required=True, help="name of the board; tools/board/boards.py lists"
    )
    parser.add_argument("--firmware", default="", help="the file to write: .bin or .uf2")
    parser.add_argument("--port", help="serial port of the board (the one that is plugged in)")
    parser.add_argument("--drive", help="folder of the Pico's drive (looked for where media go)")
    parser.add_argument("--erase", action="store_true", help="erase the whole flash first")
    parser.add_argument("--erase-only", action="store_true", help="erase, and write nothing")
    args = parser.parse_args()
    if args.firmware and args.erase_only:
        parser.error("give --firmware FILE, or --erase-only")
    try:
        board = wanted_files.find_board(args.board)
        if args.erase_only:
            erase_board(board, args.port)
        else:
            within = (args.drive,) if args.drive else DRIVES
            flash(board, wanted_files.given(args.firmware), args.port, args.erase, within)
    except (
        FlashError,
        ports.PortError,
        serial_link.LinkError,
        wanted_files.ContentError,
        esp_image.ImageError,
        uf2.Uf2Error,
    ) as e:
        sys.exit(f"flash: {e}")
    done = "is erased" if args.erase_only else f"has {Path(args.firmware).name}; next: make deploy"
    print(f"the {board.stock} {done}")


if __name__ == "__main__":
    main()
