"""Fixtures of device and tools: the three interpreters, and a virtual board with the library."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import run
from tests.support.device_process import Interpreter
from tools.build import board_folder
from tools.simulate import interpreters
from tools.simulate.virtual_board import VirtualBoard


@pytest.fixture(params=interpreters.NAMES)
def interpreter(request, tmp_path):
    """An Interpreter; all programs that it started are ended with the test."""
    try:
        name = "mp32" if request.param == "compiled" else request.param
        command = interpreters.find(name)
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    if request.param == "compiled":
        board_folder.build(run.COMPILED)
    started = Interpreter(request.param, command, tmp_path)
    yield started
    started.close()


@pytest.fixture(scope="session")
def board_content(tmp_path_factory):
    """The folder whose `lib` is what goes onto a board."""
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    return board_folder.build(tmp_path_factory.mktemp("board"))


@pytest.fixture
def like():
    """The kind of board; a test may give `like="esp32"` as a parameter."""
    return "pico-w"


@pytest.fixture
def board(board_content, tmp_path, like):
    """A virtual board with the library on its flash."""
    with VirtualBoard(tmp_path / "flash.img", littlefs=True, like=like) as running:
        mpremote = Path(sys.executable).with_name("mpremote")
        copy = [mpremote, "connect", running.port, "fs", "cp", "-r", board_content / "lib", ":"]
        subprocess.run(copy, check=True, capture_output=True, timeout=60)
        yield running
