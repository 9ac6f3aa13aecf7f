"""The commands of each page, word for word, and what they print as it is shown."""

import time

import pytest

from tests.support.doc_blocks import PAGES, blocks, name
from tests.support.doc_session import Session
from tools import bootstrap
from tools.simulate import interpreters

WITH_COMMANDS = [
    page
    for page in PAGES
    if any(b.language == "console" and "skip" not in b.marks for b in blocks(page))
]
BARE_BOARD = "docs/bare-board.md"


@pytest.fixture
def session(tmp_path):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    if not bootstrap.is_installed(bootstrap.REQUIREMENTS):
        pytest.skip("bootstrap did not make the environment of these tests: make would do so")
    with Session(tmp_path) as running:
        yield running


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name)
def test_a_page_is_followed_from_top_to_end(page, session):
    session.follow(page)
    if name(page) == BARE_BOARD:
        assert_on_line_and_obedient(session)


def assert_on_line_and_obedient(session):
    """The board that the page brought on line counts, and its LED is switched."""
    platform, device = session.platform, session.device
    assert platform.wait_for(lambda: platform.is_listening(device.id, "led"), 30)
    platform.send_command(device.id, "led", True)
    session.board.wait_for_pin(2, 1, 10)
    assert platform.wait_for(lambda: platform.state(device.id, "led"))["value"] is True
    before = len(platform.states(device.id, "count"))
    time.sleep(2.5)
    assert len(platform.states(device.id, "count")) > before
    code, again = session.run("make deploy BOARD=ESP32_GENERIC MAIN=examples/first/main.py")
    assert code == 0 and "nothing to send" in again
