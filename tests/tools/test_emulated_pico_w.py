"""`make emulate` with real firmware on the emulated Pico W: plain, then over verified TLS.

The images come from outside, since no registry has any: FIRMWARE_RPI_PICO_W names MicroPython's
.uf2 for the Pico W, FIRMWARE_RPI_PICO the one for the Pico without Wi-Fi. A test without its image
is skipped and says so.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.simulate.emulator import EmulatedPico

ROOT = Path(__file__).resolve().parents[2]
MPREMOTE = str(Path(sys.executable).with_name("mpremote"))
LIMIT_S = 3600  # for what takes ten minutes on a machine that does nothing else


def image(variable):
    path = os.environ.get(variable)
    if not path:
        pytest.skip(f"no firmware image: set {variable} to a MicroPython .uf2")
    return path


def mpremote(board, *arguments):
    done = subprocess.run(
        [MPREMOTE, "connect", board.port, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def left_behind(group):
    """Return the command lines of the processes that are still there of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rsplit(")", 1)[1].split()
            if int(fields[3]) == group and fields[0] != "Z":
                found.append((path / "cmdline").read_text())
        except (OSError, IndexError):
            continue
    return found


@pytest.fixture
def emulate():
    """Start `make emulate` with options, in a session of its own; it is ended with the test."""
    started = []

    def start(*options):
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tools.simulate.emulate",
                image("FIRMWARE_RPI_PICO_W"),
                *options,
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_the_readmes_program_works_plain_and_over_verified_tls(emulate):
    process = emulate("--tls", f"--time-limit-s={LIMIT_S - 60}")
    out, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, out
    for text in (
        "asset count created",
        "state count = 1",
        "command led true",
        "board | LED on",
        "state led = true",
        "board | LED off",
        "plain: the board obeyed",
        '"mqtt": "mqtts://',
        "TLS, verified: the board obeyed",
    ):
        assert text in out, out
    assert "refused" not in out, out  # the board asked for nothing but the platform and the time
    assert left_behind(process.pid) == []


def test_the_time_limit_ends_it_in_words(emulate):
    process = emulate("--time-limit-s=3")
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "emulate: the time limit" in out and "Traceback" not in out, out
    assert left_behind(process.pid) == []


def test_ctrl_c_ends_it_cleanly(emulate):
    process = emulate()
    for line in process.stdout:
        if "booted" in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "stopped" in out and "Traceback" not in out, out
    assert left_behind(process.pid) == []


def test_the_board_reaches_nothing_but_what_is_named():
    """The Wi-Fi of real firmware, asked for another host, a port that is not named, a name."""
    with EmulatedPico(image("FIRMWARE_RPI_PICO_W"), ports=[1], names=["platform.test"]) as board:
        mpremote(
            board,
            "exec",
            "import network, time\n"
            "w = network.WLAN(network.STA_IF)\n"
            "w.active(True)\n"
            "w.connect('RP2040PY-GUEST')\n"
            "while not w.isconnected(): time.sleep_ms(50)\n",
        )
        said = mpremote(
            board,
            "resume",
            "exec",
            "import socket\n"
            "def tried(f):\n"
            "    try:\n"
            "        f()\n"
            "        return 'done'\n"
            "    except OSError as e:\n"
            "        return 'refused'\n"
            "def to(*address):\n"
            "    socket.socket().connect(address)\n"
            "print(tried(lambda: to('192.0.2.1', 80)), tried(lambda: to('10.0.0.1', 80)),\n"
            "      tried(lambda: socket.getaddrinfo('example.com', 80)),\n"
            "      tried(lambda: socket.getaddrinfo('platform.test', 80)))\n",
        )
        assert said.split() == ["refused", "refused", "refused", "done"]
        for refused in ("TCP to 192.0.2.1:80", "TCP to 10.0.0.1:80", "name example.com"):
            assert f"{refused} refused" in board.refused


def test_a_pico_boots_keeps_a_file_and_ends_without_a_trace(tmp_path):
    (tmp_path / "main.py").write_text(
        "from machine import Pin\nled = Pin('LED', Pin.OUT)\nled.on()\nprint('main runs')\n"
    )
    with EmulatedPico(image("FIRMWARE_RPI_PICO")) as board:
        group = board.process_id
        assert int(mpremote(board, "exec", "import gc; print(gc.mem_free())")) > 150_000
        assert board.led is None
        mpremote(board, "cp", str(tmp_path / "main.py"), ":", "+", "reset")
        board.wait_until("main.py to switch the LED on", lambda: board.led == 1, 120)
        assert "main.py" in mpremote(board, "resume", "fs", "ls")
        assert left_behind(group) != []
    until = time.monotonic() + 5
    while left_behind(group) and time.monotonic() < until:
        time.sleep(0.05)
    assert left_behind(group) == []
