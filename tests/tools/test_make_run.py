"""`make run`, as a newcomer types it: it ends well, Ctrl-C ends it too, nothing stays behind."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.support.doc_blocks import blocks, commands, missing
from tools.simulate import interpreters

ROOT = Path(__file__).resolve().parents[2]
(SHOWN,) = [
    shown
    for block in blocks(ROOT / "README.md")
    if block.language == "console"
    for command, shown in commands(block)
    if command == "make run"
]


@pytest.fixture
def options():
    """What `make run` is given as RUN_OPTIONS; a test may give others as a parameter."""
    return []


@pytest.fixture
def demo(options):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.simulate.run_demo", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()


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


def test_values_arrive_and_the_board_obeys(demo):
    out, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0, out
    for text in (
        "asset count created",
        "state count = 2",
        "command led true",
        "pin LED = 1",
        "state led = true",
        "state led = false",
        "the board obeyed",
        "The same with a real board",
    ):
        assert text in out, out
    assert missing(SHOWN, out) is None, out
    assert left_behind(demo.pid) == []


def test_no_token_is_printed_whole(demo):
    out, _ = demo.communicate(timeout=60)
    assert "token maker:" in out and "…" in out
    assert not [
        word for word in out.split() if word.strip("\",'").startswith("maker:") and "…" not in word
    ]


def test_ctrl_c_ends_it_cleanly(demo):
    for line in demo.stdout:
        if "state count = 0" in line:
            break
    os.killpg(demo.pid, signal.SIGINT)
    out, _ = demo.communicate(timeout=15)
    assert "stopped" in out
    assert "Traceback" not in out, out
    until = time.monotonic() + 5
    while left_behind(demo.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert left_behind(demo.pid) == []


@pytest.mark.parametrize("options", [["--keep"]])
def test_with_keep_the_page_stays_until_ctrl_c(demo):
    address = None
    for line in demo.stdout:
        found = re.search(r"look at (http://127\.0\.0\.1:\d+/)", line)
        if found:
            address = found[1]
            break
    assert address
    for line in demo.stdout:  # the board goes on meanwhile
        if "state count = " in line:
            break
    with urllib.request.urlopen(address, timeout=15) as page:
        assert b"<title>Local platform</title>" in page.read()
    os.killpg(demo.pid, signal.SIGINT)
    out, _ = demo.communicate(timeout=15)
    assert demo.returncode == 0 and "All done in" in out and "Traceback" not in out, out
    assert left_behind(demo.pid) == []
