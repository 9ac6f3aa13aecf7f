"""The local platform's make targets, as a newcomer types them; what they say when they cannot."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools import bootstrap

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120


@pytest.fixture
def clone(tmp_path):
    """A clone, whose settings.json and build are its own."""
    if not bootstrap.STAMP.exists():
        pytest.skip("bootstrap did not make the environment of these tests: make would do so")
    for name in ("tools", "lib", "boards", "examples", ".venv", "Makefile", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.fixture
def make(clone):
    """Run a target to its end; return its exit status and all that it printed."""

    def run(*arguments):
        done = subprocess.run(
            ["make", "-s", *arguments, f"PYTHON={sys.executable}"],
            cwd=clone,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
        )
        return done.returncode, done.stdout

    return run


@pytest.fixture
def options():
    """More PLATFORM_OPTIONS; a test may give others as a parameter."""
    return ""


@pytest.fixture
def platform(clone, options):
    """`make platform`; yields the lines that it prints."""
    process = subprocess.Popen(
        ["make", "-s", "platform", f"PLATFORM_OPTIONS=--http-port 0 --mqtt-port 0 {options}"],
        cwd=clone,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Stop with" in line:
            break
    yield lines
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=TIMEOUT_S)


def test_what_make_device_makes_is_commanded_without_its_id(platform, make, clone):
    assert re.fullmatch(r"page http://127\.0\.0\.1:\d+/\n", platform[2])
    assert "make device" in platform[3] and "make command ASSET=led VALUE=true" in platform[3]
    assert make("command", "ASSET=led", "VALUE=true")[1].startswith("The platform has no device")
    code, out = make("device", "TITLE=Green house")
    device, token = re.match(r"device (\w{24})\ntoken  (maker:\w{40})\n", out).groups()
    path = clone / "settings.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    assert (settings["device"], settings["token"]) == (device, token)
    assert platform[0] == f"REST {settings['api']}\n" and path.stat().st_mode & 0o077 == 0
    assert make("devices") == (0, f"{device}  0 assets  Green house\n")

    code, out = make("device")
    assert code and "settings.json is there already" in out and "--overwrite" in out
    assert make("devices")[1].count("\n") == 1  # nothing was made
    assert make("device", "DEVICE_OPTIONS=--overwrite")[0] == 0
    assert json.loads(path.read_text(encoding="utf-8"))["device"] != device
    path.unlink()
    code, out = make("states")
    assert code and "Which device?" in out and device in out


def test_states_commands_and_events_are_sent(platform, make, clone):
    make("device")
    program = clone / "main.py"
    program.write_text(
        "import json\n"
        "from allthingstalk import *\n"
        "class D(Device):\n"
        "    count = IntegerAsset()\n"
        "    led = BooleanAsset(kind='actuator')\n"
        "    text = StringAsset()\n"
        "s = json.load(open('settings.json'))\n"
        "c = Client(s['token'], api=s['api'], mqtt=s['mqtt'])\n"
        "D(client=c, id=s['device'])\n"
    )
    code, out = make("on-pc", "PROGRAM=main.py")
    assert code == 0, out
    for value, shown in (("-5", "-5"), ("7", "7")):
        code, out = make("state", "ASSET=count", f"VALUE={value}")
        assert code == 0 and out.startswith(f"state count = {shown}  at 20"), out
    assert make("state", "ASSET=text", 'VALUE=-it\'s "odd"')[0] == 0
    assert "count = 7  at 20" in make("states")[1] and 'text = -it\'s "odd"' in make("states")[1]
    assert make("command", "ASSET=led", "VALUE=true")[1].startswith("command led = true  at 20")
    assert make("event", "ASSET=led", "VALUE=false")[1].startswith("event led = false  at 20")
    code, out = make("state", "ASSET=count", "VALUE=warm")
    assert code and "has to be a number" in out
    code, out = make("command", "ASSET=led")
    assert code and "make command ASSET=led VALUE=true" in out
    assert make("fault", "FAULT=rest-status", "VALUE=503", "COUNT=2")[1] == (
        "rest-status 503  2 times\n"
    )
    assert make("fault")[1] == "rest-status 503  2 times\n"
    assert make("fault", "FAULT=off")[1] == "no faults\n"
    assert re.match(r"ground \w{24}\ntoken  maker:", make("ground")[1])


@pytest.mark.parametrize("options", ["--host 0.0.0.0"])
def test_where_others_reach_the_page_its_address_says_that_it_asks_for_a_token(platform):
    assert re.fullmatch(
        r"page http://[\d.]+:\d+/  \(asks for a token; make ground: for all\)\n", platform[2]
    )


@pytest.mark.parametrize("target", ["device", "devices", "states", "command", "state", "fault"])
def test_without_a_running_platform_the_targets_say_so(make, clone, target):
    code, out = make(target, "ASSET=led", "VALUE=true")
    assert code and "No local platform runs" in out and "make platform" in out
    assert not (clone / "settings.json").exists()
