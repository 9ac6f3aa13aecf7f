"""The README's page "From a bare board": its commands word for word, its output as shown.

Flashed is a mock of the ESP32's boot loader, all else goes to a virtual board. In what is shown,
"…" stands for anything and numbers for numbers; lines may be left out.
"""

import json
import os
import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from esp32_mock_bootloader import mock_bootloader

from tests.support.firmware_files import esp32
from tools.simulate import interpreters
from tools.simulate.fault_proxy import FaultProxy
from tools.simulate.fault_proxy.certificates import Certificates
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = README.split("## From a bare board")[1].split("\n## ")[0]
BLOCKS = re.findall(r"^ *```\n *\$ (make .*)\n([\s\S]*?)^ *```", PAGE, re.M)
LIMIT_S = 120


@pytest.fixture
def folder(tmp_path):
    """What looks like a checkout to `make`, so that the files of the page are not put into ours."""
    for name in ("Makefile", "boards", "examples", "lib", "tests", "tools", ".venv", "build"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "firmware.bin").write_bytes(esp32())
    return tmp_path


@pytest.fixture
def chip():
    with mock_bootloader(chip="esp32") as mock:
        yield mock


@pytest.fixture
def board(tmp_path):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    with VirtualBoard(flash=tmp_path / "flash.img", littlefs=True, like="esp32") as running:
        yield running


def follow(command, folder, environment):
    """Run a command of the page in the folder; return what it printed."""
    done = subprocess.run(
        shlex.split(command),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def pattern(shown):
    """Return a regular expression for a line that the page shows."""
    parts = re.split(r"(…|\d+)", shown.strip())
    known = {"…": ".*"}
    return "".join(known.get(part, r"\d+" if part.isdigit() else re.escape(part)) for part in parts)


def assert_printed(block, output):
    """Each line shown is there, in this order."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", output)]
    at = 0
    for shown in filter(str.strip, block.splitlines()):
        while at < len(lines) and not re.fullmatch(pattern(shown), lines[at]):
            at += 1
        assert at < len(lines), f"not printed: {shown.strip()}\n{output}"


def test_the_page_shows_four_commands():
    assert "MAIN=examples/first/main.py" in BLOCKS[1][0]  # the program that the README begins with
    assert [command.split()[1] for command, _ in BLOCKS] == [
        "flash",
        "deploy",
        "provision",
        "doctor",
    ]


def test_the_page_brings_a_bare_board_on_line_whose_led_obeys(folder, chip, board):
    certificates = Certificates()
    with (
        LocalPlatform() as platform,
        FaultProxy(platform.http_port, tls="good", certificates=certificates) as rest,
        FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as mqtt,
    ):
        device = platform.create_device("From a bare board")
        settings = {
            **json.loads(re.search(r"```json\n(.*)\n", PAGE)[1]),
            "token": device.token,
            "device": device.id,
            "http": f"localhost:{rest.port}",
            "mqtt": f"mqtts://localhost:{mqtt.port}",
        }
        (folder / "settings.json").write_text(json.dumps(settings))
        (folder / "store.pem").write_bytes(certificates.ca_pem)
        store = {"SSL_CERT_FILE": str(folder / "store.pem"), "SSL_CERT_DIR": str(folder / "none")}
        for command, block in BLOCKS:
            port = chip.url() if "flash" in command else board.port
            output = follow(command, folder, {**store, "PORT": port})
            assert_printed(block, output)
            assert device.token not in output
            if "provision" in command:  # it starts anew, creates its assets and publishes
                assert platform.wait_for(lambda: platform.state(device.id, "count"), 30)
        again = follow(BLOCKS[1][0], folder, {"PORT": board.port})
        assert "nothing to send" in again
        assert platform.wait_for(lambda: platform.is_listening(device.id, "led"), 30)
        platform.send_command(device.id, "led", True)
        board.wait_for_pin(2, 1, 10)
        assert platform.wait_for(lambda: platform.state(device.id, "led"))["value"] is True
        before = len(platform.states(device.id, "count"))
        time.sleep(2.5)
        assert len(platform.states(device.id, "count")) > before
