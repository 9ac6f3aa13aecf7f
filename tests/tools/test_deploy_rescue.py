"""A board gets out of every trap by the tools alone: crashes, safe mode, deep sleep.

Nothing here touches the board's flash but deploy, provision and doctor.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen

import pytest

from tools.board import deploy, ports, serial_link
from tools.simulate import interpreters
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = ROOT / "examples" / "deep_sleep" / "main.py"
PROGRAM = """
from allthingstalk import Device, IntegerAsset
from allthingstalk.board import run

class Meter(Device):
    count = IntegerAsset()

def program(client, settings):
    meter = Meter(client=client, id=settings.device)
    meter.count = {count}
    client.flush(5)
    {then}

run(program)
"""


@pytest.fixture
def board(tmp_path):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    with VirtualBoard(tmp_path / "flash.img", littlefs=True, like="esp32") as running:
        yield running


@pytest.fixture
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def main(tmp_path):
    """Return a function that writes a program and returns its file."""

    def write(source):
        path = tmp_path / "main.py"
        path.write_text(source, encoding="utf-8")
        return path

    return write


def tool(name, board, *arguments):
    """Run a tool on the board; return its exit status and all that it printed."""
    command = [
        sys.executable,
        "-m",
        f"tools.board.{name}",
        "--port",
        board.port,
        *map(str, arguments),
    ]
    if name == "deploy":
        command += ["--board", "ESP32_GENERIC"]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120
    )
    return done.returncode, done.stdout


def sleeper(sleep_s, reachable_s):
    """Return the example with other times."""
    source = SLEEPER.read_text(encoding="utf-8")
    for name, value in (("SLEEP_S", sleep_s), ("REACHABLE_S", reachable_s)):
        (line,) = [line for line in source.splitlines() if line.startswith(name + " = ")]
        source = source.replace(line, f"{name} = {value}")
    return source


def values(platform, device, asset):
    return [state["value"] for state in platform.states(device.id, asset)]


def test_crashes_then_a_mended_program_then_deep_sleep_then_another(
    board, platform, main, tmp_path
):
    device = platform.create_device("Rescued")
    settings = {"token": device.token, "device": device.id, "timeout": 2}
    settings |= {"api": platform.http, "mqtt": f"mqtt://{platform.mqtt}"}
    settings |= {"wifi": [["home", "passw0rd"]]}
    (tmp_path / "settings.json").write_text(json.dumps(settings))

    # Three crashes lead to safe mode, which the console says again and again.
    code, out = tool("deploy", board, "--main", main(PROGRAM.format(count=1, then="1 / 0")))
    assert code == 0, out
    code, out = tool("provision", board, "--from", tmp_path / "settings.json")
    assert code == 0, out
    at = board.wait_for("safe mode, since the program crashed 3 times in a row", 90)
    board.wait_for("safe mode, since the program crashed 3 times in a row", 20, at)
    assert "make deploy" in board.output[at:]

    # The doctor names it, and changes nothing about it.
    code, out = tool("doctor", board)
    assert code == 12, out
    (line,) = [line for line in out.splitlines() if line[6:].startswith("program")]
    assert line.startswith("FAIL ") and "3 crashes in a row" in line and "safe mode" in line
    assert "make deploy" in line
    board.wait_for("safe mode, since", 20, len(board.output))

    # A mended program is deployed, and runs.
    mended = main(PROGRAM.format(count=2, then="client.wait(600)"))
    code, out = tool("deploy", board, "--main", mended)
    assert code == 0 and "safe mode is left" in out, out
    assert platform.wait_for(lambda: values(platform, device, "count")[-1] == 2, 30)
    code, out = tool("doctor", board)
    assert code == 0, out

    # So is the example that sleeps deeply.
    code, out = tool("deploy", board, "--main", main(sleeper(sleep_s=4, reachable_s=2)))
    assert code == 0 and "safe mode" not in out, out
    board.wait_for("make deploy", 10, len(board.output) - 200)
    assert platform.wait_for(lambda: len(values(platform, device, "temperature")) >= 2, 30)
    # After a wake it goes to work at once.
    assert board.starts[-1] == "deep sleep"
    assert board.output.count("reachable for 2 s") == 1

    # It is caught when it wakes, by the doctor and by a deployment.
    code, out = tool("doctor", board)
    assert code == 0, out
    assert platform.wait_for(lambda: len(values(platform, device, "temperature")) >= 4, 30)
    last = main(PROGRAM.format(count=3, then="client.wait(600)"))
    code, out = tool("deploy", board, "--main", last)
    assert code == 0, out
    assert platform.wait_for(lambda: values(platform, device, "count")[-1] == 3, 30)


# Awake for a second, as a board that only measures and sends is.
NAP = "import machine, time\nprint('AWAKE')\ntime.sleep(1)\nmachine.deepsleep({ms})\n"


def asleep(board, main, ms):
    """Deploy a program that sleeps most of the time; return when it does."""
    deploy.deploy(board.port, main=main(NAP.format(ms=ms)), say=print)
    board.wait_for("AWAKE", 10)
    time.sleep(1.5)


def test_a_board_in_deep_sleep_is_waited_for_and_caught(board, main):
    asleep(board, main, 7000)
    said, at = [], [time.monotonic()]

    def say(text):
        said.append(text)
        at.append(time.monotonic())

    sent, _ = deploy.deploy(board.port, main=main("print('CAUGHT')\n"), say=say)
    assert sent == ["/main.py"]
    board.wait_for("CAUGHT", 5)
    # It was caught by a wake, then reset softly for the deployment and for the new program.
    assert board.starts[-3:] == ["deep sleep", "soft reset", "soft reset"]
    assert "sleeps deeply" in said[0] and "reset button" in said[0]
    assert max(b - a for a, b in zip(at, at[1:], strict=False)) < 7, said


def test_a_board_that_does_not_wake_in_time_is_named(board, main):
    asleep(board, main, 0)
    code, out = tool("deploy", board, "--wait", 5.5)
    assert code == 1 and "Traceback" not in out
    assert "waiting for the board to wake" in out
    assert "Does it sleep deeply?" in out and "--wait SECONDS" in out
    command = [sys.executable, "-m", "tools.board.doctor", "--port", board.port, "--wait", "3"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Popen(command, cwd=ROOT, stdout=PIPE, stderr=STDOUT, text=True, env=env) as run:
        assert "sleeps deeply" in run.stdout.readline()
        said = time.monotonic()
        assert "Does it sleep deeply?" in run.stdout.read()
    assert run.returncode == 100
    assert time.monotonic() - said > 2  # it was said before the wait, into a pipe too
    threading.Timer(5.5, board.reset).start()  # the reset button, as the words say
    assert deploy.deploy(board.port, main=main("print('CAUGHT')\n"), say=print)[0] == ["/main.py"]


def test_a_port_that_is_gone_while_its_board_sleeps_is_waited_for(board, main, tmp_path):
    """As a board with USB of its own: here a link that comes a second later."""
    link = tmp_path / "ttyACM0"
    said = []
    threading.Timer(1, lambda: link.symlink_to(board.port)).start()
    assert ports.awaited(str(link), 10, said.append) == str(link)
    assert "there is no port" in said[0] and "sleeps deeply" in said[0]
    link.unlink()
    threading.Timer(1, lambda: link.symlink_to(board.port)).start()
    assert "/main.py" in deploy.deploy(str(link), main=main("print(1)\n"), say=said.append)[0]
    link.unlink()
    with pytest.raises(ports.NotThere):
        ports.awaited(str(link), 0.2, said.append)
    with pytest.raises(serial_link.LinkError, match="cannot be opened"):
        deploy.deploy(str(link), say=said.append, wait_s=0.2)
