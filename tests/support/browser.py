"""A real headless Chromium, Debian's, for the pages that people see.

    with browser.open_page(**browser.PHONE) as page:
        page.goto(address)

A page that asks for anything outside this machine fails the test: what we serve is complete.
"""

import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
PC = {"viewport": {"width": 1280, "height": 800}}
# As root, as CI is, it has no sandbox; and nothing that it does by itself leaves this machine.
_OPTIONS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")
_LOCAL = ("127.0.0.1", "localhost", "::1")


@contextmanager
def open_page(**options):
    """Yield a page of a new browser; `options` are those of playwright's new_context()."""
    program = shutil.which("chromium")
    if not program:
        pytest.skip("no chromium here; on Debian: apt install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("no playwright here: make test installs it")
    outside = []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        page = running.new_context(**options).new_page()
        page.set_default_timeout(15000)
        page.on("request", lambda request: _is_local(request.url) or outside.append(request.url))
        try:
            yield page
        finally:
            running.close()
    assert not outside, f"the page asked for {outside}"


def _is_local(address):
    parts = urlsplit(address)
    return parts.scheme in ("data", "blob", "about") or parts.hostname in _LOCAL


def screenshot(page, name):
    """Keep a picture of the page in build/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
