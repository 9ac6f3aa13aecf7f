"""Where the tests run an example: on a virtual board that it is deployed to, or on this PC."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.support.virtual_board_console import mpremote
from tools.board import boards, deploy

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def prepare(folder, platform, topic, token, changes, time_servers=None):
    """Write settings.json and main.py of an example; return the device, and main.py's path.

    `changes` are new values of names that main.py sets.
    """
    device = platform.create_device()
    main = EXAMPLES / topic / "main.py"
    source = main.read_text(encoding="utf-8")
    for name, value in changes.items():
        source, count = re.subn(f"(?m)^{name} = .*$", f"{name} = {value!r}", source)
        assert count == 1, name
    if changes:
        main = folder / "main.py"
        main.write_text(source, encoding="utf-8")
    settings = {
        "token": token or device.token,
        "device": device.id,
        "api": platform.http,
        "mqtt": platform.mqtt if platform.roots_pem else f"mqtt://{platform.mqtt}",
        "wifi": [["home", "passw0rd"]],
        "timeout": 2,
    }
    if platform.roots_pem:
        settings["ca"] = platform.roots_pem
    if time_servers:
        settings["time_servers"] = time_servers
    (folder / "settings.json").write_text(json.dumps(settings))
    return device, main


class OnBoard:
    """A virtual board; `board` has the library already, so that deploying takes a second."""

    def __init__(self, board, folder):
        self.board = board
        self.folder = folder
        self.wait_for = board.wait_for
        self.wait_for_pin = board.wait_for_pin

    def start(self, topic, platform, token=None, stock="RPI_PICO_W", time_servers=None, **changes):
        device, main = prepare(self.folder, platform, topic, token, changes, time_servers)
        mpremote(self.board, "fs", "cp", str(self.folder / "settings.json"), ":")
        deploy.deploy(self.board.port, boards.find(stock), main, say=lambda _: None)
        return device


class OnPC:
    """A process of CPython, started as `make on-pc` does."""

    def __init__(self, folder):
        self.folder = folder
        self.output = ""
        self.process = None

    def start(self, topic, platform, token=None, **changes):
        device, main = prepare(self.folder, platform, topic, token, changes)
        self.run(main)
        return device

    def run(self, main, *arguments):
        """Start a program in the folder."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.simulate.on_pc", main, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.output += line

    def wait_for(self, text, timeout_s=5):
        until = time.monotonic() + timeout_s
        while text not in self.output:
            assert time.monotonic() < until, f"not printed: {text}\n{self.output}"
            time.sleep(0.02)

    def wait_for_pin(self, name, level, timeout_s=5):
        until = time.monotonic() + timeout_s
        while re.findall(rf"^pin {name} = (.)$", self.output, re.M)[-1:] != [str(level)]:
            assert time.monotonic() < until, f"no pin {name} = {level}\n{self.output}"
            time.sleep(0.02)

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
