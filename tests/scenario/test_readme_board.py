"""The README's page "On a board", its command word for word, with a virtual board for the board."""

import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tools import board_files, interpreters
from tools.local_platform import LocalPlatform
from tools.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
MPREMOTE = str(Path(sys.executable).with_name("mpremote"))

BOOT = re.search(r"```python\n( +from allthingstalk.clock.*?)```", README, re.S)[1]


@pytest.fixture
def folder(tmp_path):
    """A checkout as the README's reader has it after `make board-files`."""
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    board_files.build(tmp_path / "build" / "board")
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "main.py").write_text((ROOT / "boards" / "main.py").read_text())
    (tmp_path / "boot.py").write_text(textwrap.dedent(BOOT))
    (tmp_path / "ca.der").write_bytes(b"not needed for plain text")
    return tmp_path


def commands():
    """Return the arguments of each mpremote command line of the README."""
    lines = re.findall(r"^ *\.venv/bin/mpremote (.*)$", README, re.M)
    assert lines
    return [shlex.split(line) for line in lines if not line.endswith(" repl")]


@pytest.mark.parametrize("like", ["pico-w", "esp32"])
def test_the_commands_bring_a_board_on_line(folder, like):
    with (
        LocalPlatform() as platform,
        VirtualBoard(flash=folder / "flash.img", littlefs=True, like=like) as board,
    ):
        device = platform.create_device("From the README")
        settings = {"token": device.token, "api": platform.http, "mqtt": f"mqtt://{platform.mqtt}"}
        (folder / "settings.py").write_text(f"CLIENT = {settings!r}\nDEVICE = {device.id!r}\n")
        for command in commands():
            done = subprocess.run(
                [MPREMOTE, "connect", board.port, *command],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        board.wait_for("Wi-Fi name: connected", timeout_s=10)
        assert platform.wait_for(lambda: platform.state(device.id, "count"), timeout_s=15), (
            board.output
        )
        assert platform.wait_for(lambda: platform.is_listening(device.id, "led"))
        platform.send_command(device.id, "led", True)
        assert platform.wait_for(lambda: platform.state(device.id, "led"), timeout_s=10)
        assert board.pin("LED") == 1


def test_a_second_copy_changes_nothing(folder):
    """mpremote compares: what is on the board already is not sent again."""
    with VirtualBoard(flash=folder / "flash") as board:
        copy = [MPREMOTE, "connect", board.port, "cp", "-r", "build/board/lib", ":"]
        for expected in (False, True):
            done = subprocess.run(copy, cwd=folder, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stdout + done.stderr
            assert ("Up to date" in done.stdout) is expected, done.stdout
