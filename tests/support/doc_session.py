"""Follows the commands of a page in a folder that looks like a clone, beside boards and platforms.

What a page calls "your board" is a virtual one behind the port that `make` finds; what it flashes
is a mock of the ESP32's boot loader; the platform that its settings name is a local one behind TLS,
with a certificate that this PC trusts. `make platform` and `make board` are what the page starts.
"""

import json
import os
import re
import signal
import subprocess
import threading
import time
from contextlib import ExitStack

from esp32_mock_bootloader import mock_bootloader

from tests.support.doc_blocks import ROOT, blocks, commands, missing
from tests.support.firmware_files import esp32
from tools.simulate.fault_proxy import FaultProxy
from tools.simulate.fault_proxy.certificates import Certificates
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

LIMIT_S = 120  # of a command
SHOWN_S = 40  # until a command that goes on has printed what the page shows
CLONE = ("Makefile", "boards", "docs", "examples", "lib", "tests", "tools", ".venv")


class Session:
    """The folder, what runs beside it, and what was printed. A context manager."""

    def __init__(self, folder):
        self.folder = folder
        self.device = None  # on the platform that "your board" is given to
        self.outputs = {}  # of commands that go on: command -> lines
        self._serving = []
        self._stack = ExitStack()

    def __enter__(self):
        for name in CLONE:
            (self.folder / name).symlink_to(ROOT / name)
        (self.folder / "build").mkdir()
        (self.folder / "build" / "images").symlink_to(ROOT / "build" / "images")
        (self.folder / "firmware.bin").write_bytes(esp32())
        enter = self._stack.enter_context
        self.platform = enter(LocalPlatform())
        certificates = Certificates()
        tls = {"tls": "good", "certificates": certificates}
        self.rest = enter(FaultProxy(self.platform.http_port, **tls))
        self.mqtt = enter(FaultProxy(self.platform.mqtt_port, **tls))
        (self.folder / "store.pem").write_bytes(certificates.ca_pem)
        (self.folder / "ca.der").write_bytes(certificates.ca_pem)
        self.chip = enter(mock_bootloader(chip="esp32"))
        self.board = enter(
            VirtualBoard(flash=self.folder / "flash.img", littlefs=True, like="esp32")
        )
        return self

    def __exit__(self, *_):
        for process in self._serving:
            os.killpg(process.pid, signal.SIGINT)
        for process in self._serving:
            process.wait(20)
        self._stack.close()

    def follow(self, page):
        """Do what a page says, block by block; fail where it shows something else."""
        for block in blocks(page):
            place = f"{block.page}:{block.line}"
            if "skip" in block.marks:
                continue
            if block.language == "console":
                self._console(block, place)
            elif "save" in block.marks:
                text = block.text
                if block.marks["save"] == "settings.json":
                    text = json.dumps(self._filled_in(json.loads(text)))
                (self.folder / block.marks["save"]).write_text(text, encoding="utf-8")

    def _console(self, block, place):
        if "on" in block.marks:
            shown = block.text.splitlines()
            self._until_shown(block.marks["on"], shown, place)
            return
        for command, shown in commands(block):
            command = self._with_id(command)
            if "serve" in block.marks:
                self._serve(command)
                self._until_shown(command, shown, place)
                continue
            code, output = self.run(command)
            assert bool(code) == ("fails" in block.marks), f"{place}\n{output}"
            absent = missing(shown, output)
            assert absent is None, f"{place}: not printed: {absent}\n{output}"
            if self.device:
                assert self.device.token not in output, place

    def environment(self, command):
        """Return what makes the commands of a page find what a reader would have."""
        return {
            **os.environ,
            "PORT": self.chip.url() if "make flash" in command else self.board.port,
            "PLATFORM_OPTIONS": "--http-port 0 --mqtt-port 0",
            "RUN_OPTIONS": f"--work {self.folder / 'run'}",  # another test runs it meanwhile
            "SSL_CERT_FILE": str(self.folder / "store.pem"),
            "SSL_CERT_DIR": str(self.folder / "none"),
            "PYTHONUNBUFFERED": "1",
        }

    def run(self, command):
        """Run a command as a shell does; return its status and what it printed."""
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            env=self.environment(command),
        )
        return done.returncode, done.stdout

    def _serve(self, command):
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=self.environment(command),
        )
        self._serving.append(process)
        lines = self.outputs[command] = []
        threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True).start()

    def _until_shown(self, word, shown, place):
        (lines,) = [lines for command, lines in self.outputs.items() if word in command]
        until = time.monotonic() + SHOWN_S
        while (absent := missing(shown, "".join(lines))) is not None:
            printed = "".join(lines)
            assert time.monotonic() < until, f"{place}: not printed: {absent}\n{printed}"
            time.sleep(0.05)

    def _with_id(self, command):
        """Put the device's id in the place of a word such as "6c4fc38d…"."""
        if "…" not in command:
            return command
        settings = json.loads((self.folder / "settings.json").read_text(encoding="utf-8"))
        return re.sub(r"\w*…", settings["device"], command)

    def _filled_in(self, settings):
        """Return settings with what the platform gives: a device, and where the platform is."""
        self.device = self.platform.create_device("A device")
        return {
            **settings,
            "token": self.device.token,
            "device": self.device.id,
            "http": f"localhost:{self.rest.port}",
            "mqtt": f"mqtts://localhost:{self.mqtt.port}",
        }
