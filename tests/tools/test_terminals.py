"""Terminals that cannot show a character: the tools print a replacement, never a traceback."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.virtual_board_console import mpremote
from tools.board import wanted_files
from tools.image import file_system
from tools.simulate import interpreters
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
TERMINALS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "C": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}
NAME = "Café 😀"
FLASH_BYTES = 848 * 1024
# Run by MicroPython, which has no encodings.
ON_BOARDS = ("programs", "modules", "frozen_library.py")


@pytest.fixture(params=TERMINALS)
def terminal(request):
    """The environment of a terminal that cannot show a character."""
    left_out = ("PYTHONIOENCODING", "PYTHONUTF8", "LC_ALL", "LC_CTYPE")
    return {k: v for k, v in os.environ.items() if k not in left_out} | TERMINALS[request.param]


@pytest.fixture
def board(tmp_path):
    """A virtual board with the library."""
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    files = {**wanted_files.library(), **wanted_files.engines()}
    flash = tmp_path / "flash.img"
    flash.write_bytes(file_system.build(files, FLASH_BYTES).ljust(FLASH_BYTES, b"\xff"))
    with VirtualBoard(flash, littlefs=True, like="pico-w") as running:
        yield running


def run(terminal, *arguments, folder=ROOT, said=""):
    """Run a tool; return (exit status, what it printed)."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        input=said.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=90,
        env={**terminal, "PYTHONPATH": str(ROOT)},
    )
    out = done.stdout.decode("latin-1")
    assert "Traceback" not in out and "UnicodeEncodeError" not in out, out
    return done.returncode, out


@pytest.mark.parametrize("module", ("tools", "tests.run", "tools.board.serial_link"))
def test_what_is_printed_by_any_tool_is_replaced(terminal, module):
    status, out = run(terminal, "-c", f"import {module}; print('a \\U0001f600 b')")
    assert (status, out) == (0, "a ? b\n")


def test_the_readmes_program_is_run(terminal, tmp_path):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    status, out = run(terminal, "-m", "tools.simulate.run_demo", "--work", tmp_path)
    assert status == 0 and "All done" in out, out


def test_a_program_on_this_pc_prints_what_it_would_on_a_board(terminal, tmp_path):
    program = (
        "from machine import Pin\nPin('\\U0001f600', Pin.OUT).on()\nprint('\\U0001f600 done')\n"
    )
    (tmp_path / "main.py").write_text(program)
    status, out = run(terminal, "-m", "tools.simulate.on_pc", "main.py", folder=tmp_path)
    assert (status, out) == (0, "pin ? = 1\n? done\n")


def test_a_board_is_provisioned_and_asked(terminal, board, tmp_path):
    with LocalPlatform() as platform:
        device = platform.create_device("Café")
        values = {"token": device.token, "device": device.id, "api": platform.http, "timeout": 3}
        values |= {"mqtt": f"mqtt://{platform.mqtt}", "wifi": [[NAME, None]]}
        (tmp_path / "given.json").write_text(json.dumps(values))
        arguments = ["--port", board.port, "--from", tmp_path / "given.json"]
        status, out = run(terminal, "-m", "tools.board.provision", *arguments)
        assert status == 0 and "Caf" in out, out
        assert json.loads(mpremote(board, "fs", "cat", ":settings.json"))["wifi"] == [[NAME, None]]
        status, out = run(terminal, "-m", "tools.board.doctor", "--port", board.port)
        assert status == 0 and "ok    Wi-Fi" in out, out


def test_a_name_that_the_terminal_cannot_say_is_refused_in_words(terminal, board):
    arguments = ["--port", board.port, "--token-stdin", "--device", "x", "--open-wifi", "Café"]
    status, out = run(terminal, "-m", "tools.board.provision", *arguments, said="maker:é\n")
    assert status == 1 and "provision: " in out, out


def texts_without_encoding(path):
    """Yield the calls that leave the encoding of a text to the locale."""
    for call in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(call, ast.Call):
            function = getattr(call.func, "attr", getattr(call.func, "id", ""))
            given = {keyword.arg for keyword in call.keywords}
            named = "encoding" in given or function == "read_text" and call.args
            if function in ("read_text", "write_text") and not named:
                yield f"{path.name}:{call.lineno} {function}"
            if {"text", "universal_newlines", "errors"} & given and "encoding" not in given:
                if function in ("run", "Popen", "check_output"):
                    yield f"{path.name}:{call.lineno} {function}"


def test_no_text_is_left_to_the_locale():
    files = [p for p in (ROOT / "tools").rglob("*.py") if not set(p.parts) & set(ON_BOARDS)]
    assert [where for path in files for where in texts_without_encoding(path)] == []
