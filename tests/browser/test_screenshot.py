"""`make screenshot`: the README's picture, from the running page."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import browser

ROOT = Path(__file__).resolve().parents[2]


def screenshot(path, **environ):
    return subprocess.run(
        [sys.executable, "-m", "tools.simulate.screenshot", "--to", path],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_picture_is_small_and_of_the_page(tmp_path):
    if not shutil.which("chromium"):
        pytest.skip("no chromium here; on Debian: apt install chromium")
    path = tmp_path / "page.png"
    done = screenshot(path)
    assert done.returncode == 0, done.stderr
    assert path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size < 200_000
    browser.SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, browser.SCREENSHOTS / "make-screenshot.png")


def test_without_a_browser_it_says_what_is_missing(tmp_path):
    done = screenshot(tmp_path / "page.png", PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "screenshot: there is no chromium here; on Debian: apt install chromium\n"
