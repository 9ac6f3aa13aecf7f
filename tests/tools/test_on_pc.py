"""`make on-pc`: a board's program on CPython, with stand-ins that print what they are told."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.examples_places import OnPC
from tools import bootstrap

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"token": "maker:x", "device": "D", "api": "http://127.0.0.1:9", "timeout": 1}


@pytest.fixture
def pc(tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps(SETTINGS))
    running = OnPC(tmp_path)
    yield running
    running.close()


def run(pc, source):
    (pc.folder / "main.py").write_text(source)
    pc.run("main.py")


def test_a_crash_is_told_ends_the_program_and_is_not_counted(pc):
    there = os.path.exists("/crashes")
    run(pc, "from allthingstalk.board import run\nrun(lambda client, settings: 1 / 0)\n")
    assert pc.process.wait(20) == 1
    pc.wait_for("allthingstalk: the program raised: ZeroDivisionError")
    pc.wait_for("reset: the program ends here, a board would start it anew")
    assert os.path.exists("/crashes") == there


def test_without_settings_it_says_which_file_is_missing(pc):
    (pc.folder / "settings.json").unlink()
    run(pc, "from allthingstalk.board import run\nrun(print)\n")
    pc.wait_for("there is no settings.json", 10)


def test_it_wakes_from_deep_sleep_as_a_new_start(pc):
    run(pc, "import machine\nprint('cause', machine.reset_cause())\nmachine.deepsleep(300)\n")
    pc.wait_for("cause 1\ndeep sleep, 300 ms\ncause 4\ndeep sleep, 300 ms\n", 10)


def test_pins_beside_the_program_come_first_and_arguments_arrive(pc):
    (pc.folder / "pins.py").write_text("LED = 7\n")
    (pc.folder / "main.py").write_text(
        "import sys, pins\nfrom machine import Pin, WDT\nPin(pins.LED, Pin.OUT).on()\n"
        "WDT(timeout=8000).feed()\nprint(sys.argv[0], __name__)\n"
    )
    pc.run("main.py")
    pc.wait_for("pin 7 = 1\nwatchdog 8000 ms\nmain.py __main__\n", 10)


ARGUMENTS = "import sys\nprint(sys.argv)\n"


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("my programs/main.py", ["my programs/main.py"]),
        ("my programs/main.py --fast 'a b' -x", ["my programs/main.py", "--fast", "a b", "-x"]),
        ("'my programs/main.py' --fast", ["my programs/main.py", "--fast"]),
        ("it's $HOME.py", ["it's $HOME.py"]),
        ("my programs --fast", ["my programs/main.py", "--fast"]),
        ("plain.py --name=1 2", ["plain.py", "--name=1", "2"]),
    ],
)
def test_make_on_pc_takes_paths_with_blanks_and_the_programs_options(tmp_path, text, arguments):
    if not bootstrap.STAMP.exists():
        pytest.skip("bootstrap did not make the environment of these tests: make would do so")
    (tmp_path / "my programs").mkdir()
    for name in ("my programs/main.py", "it's $HOME.py", "plain.py"):
        (tmp_path / name).write_text(ARGUMENTS)
    program = text.replace("$", "$$")  # make's way to write it
    # As in a clone: the same recipe, in a folder with the programs.
    for name in ("tools", "tests", "lib", "build", ".venv", "Makefile"):
        (tmp_path / name).symlink_to(ROOT / name)
    out = subprocess.run(
        ["make", "-s", "on-pc", f"PROGRAM={program}", f"PYTHON={sys.executable}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (out.returncode, out.stdout) == (0, f"{arguments}\n"), out.stdout + out.stderr


def test_options_behind_the_program_are_the_programs(pc):
    (pc.folder / "main.py").write_text(ARGUMENTS)
    pc.run("main.py", "--help", "-x", "a b")
    pc.wait_for("['main.py', '--help', '-x', 'a b']", 10)


def test_timers_run_side_by_side_and_one_that_fails_stops_nothing(pc):
    run(
        pc,
        "import time\nfrom machine import Timer\ncounts = {}\n"
        "def tick(timer): counts[timer] = counts.get(timer, 0) + 1\n"
        "a, b, c, d = Timer(), Timer(), Timer(), Timer()\n"
        "a.init(period=20, callback=tick)\nb.init(freq=20, callback=tick)\n"
        "c.init(period=50, mode=Timer.ONE_SHOT, callback=tick)\n"
        "d.init(period=60, callback=lambda _: 1 / 0)\n"
        "time.sleep(1)\na.deinit()\nb.deinit()\nd.deinit()\n"
        "print(counts[a] > 30, 10 < counts[b] < 25, counts[c])\n",
    )
    pc.wait_for("True True 1", 10)
    assert "ZeroDivisionError" in pc.output


def test_a_pin_without_a_number_is_invalid_as_on_a_board(pc):
    run(pc, "from machine import Pin\nPin(None)\n")
    pc.wait_for("ValueError: invalid pin", 10)


def test_ctrl_c_ends_it_without_a_traceback(pc):
    run(pc, "import time\nprint('runs')\ntime.sleep(60)\n")
    pc.wait_for("runs", 10)
    pc.process.send_signal(signal.SIGINT)
    assert pc.process.wait(10) == 1
    pc.wait_for("stopped")
    assert "Traceback" not in pc.output


def test_a_program_that_is_not_there_is_said(pc):
    pc.run(Path("nothing.py"))
    pc.wait_for("there is no program nothing.py", 10)
    assert pc.process.wait(10) == 1


def test_a_folder_is_a_program_with_what_lies_beside_its_main(pc):
    folder = pc.folder / "my program"
    folder.mkdir()
    (folder / "main.py").write_text("import part\nprint('part', part.x)\n")
    (folder / "part.py").write_text("from driver import x\n")
    (folder / "lib").mkdir()
    (folder / "lib" / "driver.py").write_text("x = 5\n")
    pc.run("my program/")
    pc.wait_for("part 5", 10)
    (pc.folder / "empty").mkdir()
    pc.run("empty")
    pc.wait_for("there is no program empty/main.py", 10)
