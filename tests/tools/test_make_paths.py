"""What is given to make as NAME=… arrives as it is: paths with blanks and quotes are one word."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.firmware_files import esp32
from tools import bootstrap

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
RECIPES = [line for line in MAKEFILE.splitlines() if line.startswith("\t")]
# Words for the shell: what they hold is options, quoted by whoever gives them.
OPTIONS = re.compile(r"TESTS|\w+_OPTIONS|VENV_PYTHON")
ODD = 'it\'s "my" folder'


@pytest.fixture
def clone(tmp_path):
    """A clone in a folder with a blank, with files in a folder of an odd name."""
    if not bootstrap.STAMP.exists():
        pytest.skip("bootstrap did not make the environment of these tests: make would do so")
    folder = tmp_path / "a clone"
    (folder / ODD).mkdir(parents=True)
    for name in ("tools", "tests", "lib", "build", "boards", "examples", ".venv", "Makefile"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ODD / "esp 32.bin").write_bytes(esp32())
    (folder / ODD / "ca.der").write_bytes(b"\x30\x82root")
    (folder / ODD / "main.py").write_text("print(1)\n")
    (folder / ODD / "devices.csv").write_text("token,device\nmaker:secret,odd-paths\n")
    return folder


def make(clone, *arguments, **variables):
    done = subprocess.run(
        ["make", "-s", *arguments, f"PYTHON={sys.executable}"],
        cwd=clone,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        env={**os.environ, **variables},
    )
    return done.returncode, done.stdout


def test_no_recipe_leaves_what_it_is_given_to_the_shell():
    for line in RECIPES:
        for name in re.findall(r"\$\((?!if )(\w+)\)", re.sub(r"\$\(if \$\(\w+\)", "", line)):
            assert OPTIONS.fullmatch(name), line
        for found in re.finditer(r"\$\$[A-Z]+\b", line):
            assert line.count('"', 0, found.start()) % 2, line  # within quotes


def test_an_image_is_made_of_files_in_any_folder(clone):
    files = {"FIRMWARE": "esp 32.bin", "SETTINGS": "devices.csv", "CA": "ca.der", "MAIN": "main.py"}
    given = [f"{name}={ODD}/{file}" for name, file in files.items()]
    status, said = make(clone, "image", "BOARD=ESP32_GENERIC", *given)
    assert status == 0 and "odd-paths.bin" in said, said
    (ROOT / "build" / "images" / "odd-paths.bin").unlink()


def test_no_setting_of_the_environments_python_keeps_a_tool_from_running(clone):
    variables = {"PYTHONHOME": str(clone), "PYTHONPATH": str(clone), "PYTHONSAFEPATH": "1"}
    variables |= {"PYTHONOPTIMIZE": "2", "PYTHONINSPECT": "1", "PYTHONWARNINGS": "error"}
    status, said = make(clone, "doctor", "SETTINGS=none.json", **variables)
    assert status != 0 and "none.json cannot be read" in said and "Traceback" not in said, said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["flash", "BOARD=ESP32_GENERIC", "FIRMWARE={odd}/none.bin"], "{odd}/none.bin cannot be"),
        (["flash", "BOARD={odd}", "PORT={odd}"], 'no board "{odd}"'),
        (["erase", "BOARD=ESP32_GENERIC", "PORT={odd}"], "{odd} is not a serial port"),
        (["romfs", "PORT={odd}"], "{odd} is not a serial port"),
        (["repl", "PORT={odd}"], "{odd} is not a serial port"),
        (["deploy", "BOARD={odd}", "PORT=x"], "{odd}"),
        (["provision", "PORT={odd}"], "{odd} is not a serial port"),
        (["doctor", "SETTINGS={odd}/none.json"], "{odd}/none.json cannot be read"),
        (["doctor", "PORT={odd}", "DOCTOR_OPTIONS=--wait 0"], "{odd} is not a serial port"),
        (["firmware", "BOARD=RPI_PICO_W", "MICROPYTHON={odd}"], "{odd} is not MicroPython's"),
        (["emulate", "FIRMWARE={odd}/none.uf2"], "{odd}/none.uf2 cannot be read"),
        (["image", "BOARD={odd}", "FIRMWARE=x"], "{odd}"),
    ],
)
def test_every_target_takes_what_it_is_given_as_one_word(clone, arguments, words):
    status, said = make(clone, *(text.format(odd=ODD) for text in arguments))
    assert status != 0 and words.format(odd=ODD) in said, said
    assert "Syntax error" not in said and "unrecognized" not in said, said
