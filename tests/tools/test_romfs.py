"""The ROMFS image of the library runs in place, and boards without a partition are told so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.board import romfs, wanted_files
from tools.build import board_folder
from tools.simulate import emulate, interpreters
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
IMPORT = """
import sys, vfs
with open({image!r}, "rb") as f:
    vfs.mount(vfs.VfsRom(f.read()), "/rom")
sys.path[:] = ["/rom/lib", ".frozen"]
from allthingstalk import Client, Device, IntegerAsset
from umqtt.simple import MQTTClient
import allthingstalk, urequests
print(allthingstalk.__file__, urequests.__file__, Client("maker:x", api="h").http)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    path = tmp_path_factory.mktemp("romfs") / "library.romfs"
    command = [sys.executable, "-m", "tools.board.romfs", "--build", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == f"{path}: {path.stat().st_size} bytes\n"
    return path


@pytest.mark.parametrize("name", ["mp64", "mp32"])
def test_the_library_is_imported_from_the_image(name, built):
    try:
        command = interpreters.find(name)
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    done = subprocess.run(
        [*command, "-c", IMPORT.format(image=str(built))],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "MICROPYPATH": ".frozen"},
    )
    expected = "/rom/lib/allthingstalk/__init__.mpy /rom/lib/urequests/__init__.mpy https://h:443\n"
    assert done.stdout == expected, done.stderr


def test_the_image_holds_the_compiled_files_unchanged(built):
    data = built.read_bytes()
    for content in (wanted_files.library() | wanted_files.engines()).values():
        assert content in data


def test_a_board_without_romfs_is_told_in_a_sentence(tmp_path):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    with VirtualBoard(tmp_path / "flash") as board:
        command = [sys.executable, "-m", "tools.board.romfs", "--port", board.port]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("romfs: this firmware was built without ROMFS. The library can")


# As a firmware with the library in it: what runs in place comes before /lib.
IN_PLACE = """
import sys, vfs
with open("/library.romfs", "rb") as f:
    vfs.mount(vfs.VfsRom(f.read()), "/rom")
sys.path.insert(1, "/rom/lib")
"""


@pytest.fixture
def in_place(built, tmp_path):
    """A virtual board with library and engines in its firmware."""
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    flash = tmp_path / "flash"
    flash.mkdir()
    (flash / "library.romfs").write_bytes(built.read_bytes())
    (flash / "boot.py").write_text(IN_PLACE)
    with VirtualBoard(flash, heap="1M") as board:
        yield board


def test_a_board_that_has_the_library_in_its_firmware_is_told_that_nothing_is_needed(in_place):
    command = [sys.executable, "-m", "tools.board.romfs", "--port", in_place.port]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "is in this board's firmware" in done.stdout and "nothing is needed" in done.stdout
    assert "built without ROMFS" not in done.stdout + done.stderr


@pytest.mark.parametrize("frozen", [True, False])
def test_make_emulate_copies_only_what_the_firmware_lacks(in_place, tmp_path, frozen, capsys):
    if not frozen:
        (tmp_path / "flash" / "boot.py").unlink()
    board_folder.build(tmp_path / "board")
    (tmp_path / "settings.py").write_text("")
    with LocalPlatform() as platform:
        run = emulate.Run(platform, in_place, tmp_path, emulate.Deadline(60))
        run.deploy(tmp_path / "settings.py")
    flash = tmp_path / "flash"
    assert (flash / "main.py").exists() and (flash / "settings.py").exists()
    assert (flash / "lib" / "allthingstalk").exists() != frozen
    assert (flash / "lib" / "umqtt").exists() != frozen
    assert ("allthingstalk is in the firmware: not sent" in capsys.readouterr().out) == frozen


def test_the_partition_is_read_from_what_mpremote_prints():
    query = "ROMFS0 partition has size 131072 bytes (32 blocks of 4096 bytes each)\n  Raw contents:"
    assert romfs.partition_bytes(query) == 131072
    with pytest.raises(romfs.RomfsError, match="no ROMFS partition"):
        romfs.partition_bytes("No ROMFS partitions available\n")
