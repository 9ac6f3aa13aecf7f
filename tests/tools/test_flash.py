"""Flashing: esptool against a mock of the chips' boot loader, UF2 files onto a drive."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from esp32_mock_bootloader import mock_bootloader

from tests.support.firmware_files import FLASH, MB, PARTITIONS, RP2350, esp32, pico
from tools.board import boards, flash
from tools.image import __main__ as image
from tools.image import esp_image
from tools.simulate import interpreters
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
ESPTOOL = [sys.executable, "-m", "esptool"]
RP2040_INFO = "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n"
RP2350_INFO = "UF2 Bootloader v1.0\nModel: Raspberry Pi RP2350\nBoard-ID: RP2350\n"


def run(*arguments):
    """Run the program; return its exit status and all that it printed."""
    command = [sys.executable, "-m", "tools.board.flash", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180)
    return done.returncode, done.stdout + done.stderr


def refused(*arguments):
    """Run the program, which has to refuse; return its words."""
    code, out = run(*arguments)
    assert code == 1 and out.startswith("flash: "), out
    return out


# ESP32


@pytest.fixture(scope="module")
def esp32_chip():
    """The port of a mock ESP32 in its boot loader, with 4 MB of flash."""
    with mock_bootloader(chip="esp32") as chip:
        yield chip.url()


def read_flash(port, offset, size, folder):
    """Return what is in the flash; without the stub, which the mock cannot read by."""
    path = folder / "read.bin"
    command = [*ESPTOOL, "--chip", "esp32", "--port", port, "--no-stub", "read-flash"]
    subprocess.run(
        [*command, hex(offset), hex(size), path], check=True, capture_output=True, timeout=120
    )
    return path.read_bytes()


def test_an_esp32_image_is_written_verified_and_there(esp32_chip, tmp_path):
    path = tmp_path / "esp32.bin"
    path.write_bytes(esp32())
    board = ["--board", "ESP32_GENERIC", "--port", esp32_chip]
    code, out = run(*board, "--firmware", path, "--erase")
    assert code == 0, out
    assert "erased successfully" in out and "Verification successful" in out
    assert out.endswith("the ESP32_GENERIC has esp32.bin; next: make deploy\n")
    table = read_flash(esp32_chip, 0x8000, 0x1000, tmp_path)
    assert table == esp32()[0x7000:0x8000]
    names = [p.name for p in esp_image.read_partitions(table)]
    assert names == ["nvs", "phy_init", "factory", "vfs"]
    code, out = run(*board, "--erase-only")
    assert code == 0 and "the ESP32_GENERIC is erased" in out
    assert read_flash(esp32_chip, 0x8000, 0x100, tmp_path) == b"\xff" * 0x100


def test_micropython_runs_main_from_what_was_flashed(esp32_chip, tmp_path):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    firmware_path = tmp_path / "firmware.bin"
    # A small file system: the mock is read 64 bytes at a time.
    partitions = (*PARTITIONS[:-1], ("vfs", 1, 0x81, 0x200000, 0x20000))
    firmware_path.write_bytes(esp32(partitions=partitions))
    board = boards.find("ESP32_GENERIC")
    firmware = image.open_firmware(firmware_path, board)
    path = tmp_path / "full.bin"
    image.write_private(path, firmware.join({"/main.py": b"print('FLASHED', 6 * 7)\n"}))
    flash.flash(board, path, esp32_chip)
    region = tmp_path / "vfs.img"
    region.write_bytes(read_flash(esp32_chip, 0x200000, 0x20000, tmp_path))
    with VirtualBoard(region, littlefs=True) as virtual:
        virtual.wait_for("FLASHED 42", timeout_s=15)


def test_another_chip_at_the_port_is_told_in_a_sentence(esp32_chip, tmp_path):
    path = tmp_path / "c3.bin"
    path.write_bytes(esp32("esp32c3", base=0))
    code, out = run("--board", "ESP32_GENERIC_C3", "--port", esp32_chip, "--firmware", path)
    assert code == 1 and "This chip is ESP32, not ESP32-C3" in out
    assert "Name the board that you have" in out and "Traceback" not in out


def test_a_chip_that_does_not_answer_is_told_in_a_sentence(tmp_path):
    path = tmp_path / "esp32.bin"
    path.write_bytes(esp32())
    with VirtualBoard(tmp_path / "flash") as no_chip:  # MicroPython, not a boot loader
        port = ["--board", "ESP32_GENERIC", "--port", no_chip.port]
        code, out = run(*port, "--firmware", path)
    assert code == 1 and "hold BOOT, press and let go RESET" in out, out


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (pico(), "is a UF2 file: an ESP32 takes the .bin"),
        (b"\x7fELF" + bytes(100), "is an ELF file"),
        (b"<html>not found</html>", "is no ESP32 firmware"),
        (esp32()[0xF000:], "has no partition table: it is the application alone"),
        (esp32("esp32s3", base=0), "is for the chip esp32s3, and ESP32_GENERIC has the esp32"),
        (esp32() + bytes(5 * MB), "more than the flash it was built for"),
    ],
    ids=["empty", "uf2", "elf", "html", "application", "chip", "size"],
)
def test_a_file_that_is_not_for_the_board_is_refused_before_the_port_is_touched(
    data, words, tmp_path
):
    path = tmp_path / "file.bin"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=words):
        flash.flash(boards.find("ESP32_GENERIC"), path, "/dev/no-such-port")


def test_a_merged_image_that_begins_at_0_is_written_there(tmp_path):
    path = tmp_path / "merged.bin"
    path.write_bytes(b"\xff" * 0x1000 + esp32())
    assert flash.check(boards.find("ESP32_GENERIC"), path) == 0
    path.write_bytes(esp32())
    assert flash.check(boards.find("ESP32_GENERIC"), path) == 0x1000
    path.write_bytes(esp32("esp32c3", base=0))
    assert flash.check(boards.find("ESP32_GENERIC_C3"), path) == 0


# Pico


@pytest.fixture
def firmware(tmp_path):
    path = tmp_path / "pico.uf2"
    path.write_bytes(pico())
    return path


def make_drive(folder, info=RP2040_INFO):
    folder.mkdir(parents=True)
    (folder / "INFO_UF2.TXT").write_text(info)
    return folder


def test_a_uf2_is_copied_to_the_drive_of_the_boot_loader(firmware, tmp_path):
    drive = make_drive(tmp_path / "media" / "user" / "RPI-RP2")
    for where in (drive, tmp_path / "media"):
        (drive / "pico.uf2").unlink(missing_ok=True)
        code, out = run("--board", "pico", "--firmware", firmware, "--drive", where)
        assert code == 1 and 'no board "pico"' in out
        code, out = run("--board", "RPI_PICO_W", "--firmware", firmware, "--drive", where)
        assert code == 0, out
        assert (drive / "pico.uf2").read_bytes() == firmware.read_bytes()


def test_a_pico_that_runs_micropython_is_sent_into_its_boot_loader(firmware, tmp_path):
    media = tmp_path / "media"
    with VirtualBoard(tmp_path / "flash") as board:

        def show_drive():
            until = time.monotonic() + 30
            while not board.in_boot_loader and time.monotonic() < until:
                time.sleep(0.05)
            if board.in_boot_loader:
                make_drive(media / "RPI-RP2")

        shower = threading.Thread(target=show_drive)
        shower.start()
        options = ["--port", board.port, "--drive", media]
        code, out = run("--board", "RPI_PICO_W", "--firmware", firmware, *options)
        shower.join(timeout=30)
    assert code == 0, out
    assert (media / "RPI-RP2" / "pico.uf2").read_bytes() == firmware.read_bytes()


def test_a_drive_of_another_chip_is_not_written_to(firmware, tmp_path):
    drive = make_drive(tmp_path / "RP2350", RP2350_INFO)
    options = ["--firmware", firmware, "--drive", drive]
    assert "the drive of another chip than the rp2040" in refused("--board", "RPI_PICO_W", *options)
    assert list(drive.iterdir()) == [drive / "INFO_UF2.TXT"]


def test_of_several_boards_in_their_boot_loader_one_has_to_be_chosen(firmware, tmp_path):
    for name in ("A", "B"):
        make_drive(tmp_path / "media" / name)
    options = ["--firmware", firmware, "--drive", tmp_path / "media"]
    out = refused("--board", "RPI_PICO_W", *options)
    assert "choose one with DRIVE=" in out and str(tmp_path / "media" / "B") in out


def test_without_a_drive_it_says_how_to_get_into_the_boot_loader(firmware, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # no picotool there
    with pytest.raises(flash.FlashError, match="BOOTSEL"):
        flash.flash(boards.find("RPI_PICO_W"), firmware, within=(tmp_path,), listed=list)


def test_an_esp32_is_not_sent_into_the_boot_loader_in_place_of_a_pico(
    firmware, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    with VirtualBoard(tmp_path / "flash") as board:
        listed = [SimpleNamespace(device=board.port, vid=0x303A)]
        with pytest.raises(flash.FlashError, match="BOOTSEL"):
            flash.flash(
                boards.find("RPI_PICO_W"), firmware, within=(tmp_path,), listed=lambda: listed
            )
        assert not board.in_boot_loader and board.starts == ["power-on"]


def test_picotool_writes_where_no_drive_is_mounted(firmware, tmp_path, monkeypatch):
    tool = tmp_path / "bin" / "picotool"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/said\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=":")
    flash.flash(boards.find("RPI_PICO_W"), firmware, erase=True, within=(tmp_path,), listed=list)
    said = (tmp_path / "said").read_text().splitlines()
    assert said == ["erase -a", f"load -v -x {firmware}"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (esp32(), "is an ESP32 image: a Pico takes a .uf2"),
        (pico()[:-7], "ends in the midst of a block"),
        (pico()[:1024] + bytes(512), "is damaged in block 2"),
        (pico(RP2350, (FLASH + MB, MB)), "is for the chip rp2350, and RPI_PICO_W has the rp2040"),
        (pico(0xD42BA06C), r"other chips than RP2040 or RP2350 \(families: 0xd42ba06c\)"),
    ],
    ids=["empty", "esp32", "short", "damaged", "rp2350", "family"],
)
def test_a_file_that_is_not_for_the_pico_is_refused_before_the_drive_is_touched(
    data, words, tmp_path
):
    path = tmp_path / "file.uf2"
    path.write_bytes(data)
    drive = make_drive(tmp_path / "RPI-RP2")
    with pytest.raises(ValueError, match=words):
        flash.flash(boards.find("RPI_PICO_W"), path, within=(drive,), listed=list)
    assert list(drive.iterdir()) == [drive / "INFO_UF2.TXT"]


def test_the_program_wants_a_file_or_an_erasure():
    code, out = run("--board", "ESP32_GENERIC")
    assert code == 1 and "no firmware is named: give FIRMWARE=FILE" in out
    code, out = run("--board", "ESP32_GENERIC", "--firmware", "x.bin", "--erase-only")
    assert code == 2 and "give --firmware FILE, or --erase-only" in out
    assert "no board is named; there are: " in refused("--board", "", "--erase-only")
