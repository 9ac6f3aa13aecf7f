"""When something fails: every message of the library is there and explained, and of the tools."""

import re

from tests.support.doc_blocks import ROOT
from tools.build import library
from tools.docs import explanations, failures, messages

library.use()

from allthingstalk.board import status_led  # noqa: E402
from allthingstalk.connect import connack_codes, error_texts  # noqa: E402

PAGE = (ROOT / "docs" / "when-something-fails.md").read_text(encoding="utf-8")
EXPLAINED = explanations.EXPLAINED


def test_the_page_is_what_the_code_says_now():
    assert failures.page(PAGE) == PAGE, "out of date: make docs writes it anew"


def test_each_message_of_the_library_is_explained_by_itself_or_with_its_module():
    found = messages.of_library()
    assert len(found) > 250
    for message in found:
        about, own = EXPLAINED.get(message.module, ("", {}))
        assert about or own.get(message.text), f"tools/docs/explanations.py lacks {message}"


def test_nothing_is_explained_that_nobody_says_any_more():
    said = {(message.module, message.text) for message in messages.of_library()}
    modules = {module for module, _ in said}
    assert set(EXPLAINED) <= modules
    for module, (_, own) in EXPLAINED.items():
        assert [text for text in own if (module, text) not in said] == [], module
    for module, names in messages.NOT_SAID.items():
        root = ROOT if module.startswith("tools/") else messages.LIBRARY.parent
        source = (root / module).read_text(encoding="utf-8")
        assert [name for name in names.split() if name not in source] == [], module


def test_each_error_number_of_the_core_has_its_words_and_is_explained():
    core = "".join(p.read_text("utf-8") for p in (messages.LIBRARY / "core").glob("*.py"))
    raised = sorted(re.findall(r"^_\w+ = const\(-(1\d\d\d)\)", core, re.M))
    words = [line.split(" ")[0] for line in error_texts._OURS.strip().split("\n")]
    assert raised == words == sorted(str(number) for number in explanations.OURS)


def test_messages_are_found_however_they_are_made():
    path = messages.LIBRARY / "devices.py"  # where a file counts as the library's
    found = {message.text for message in messages.of_file(path, messages.SAYS)}
    assert "Device has no client: pass client=Client(token)" in found
    every = {message.text for message in messages.of_library()}
    assert "…; next try in ….… s" in every  # put together with %
    assert "the clock is not …: no time server answered (…: …)" in every  # returned
    assert "wrong password; if it is right, wait: it is also said when the router restarts" in every
    assert "Wi-Fi …: connected, …" in every  # said by a method of its own
    assert "the settings name no network" in every  # one of two
    tools = {message.text for message in messages.of_tools()}
    assert (
        "this Python cannot make virtual environments; on Debian: apt install python3-venv" in tools
    )
    assert "…: device … is on line … already" in tools  # an f-string
    assert (
        "the board's flash is full: remove files of yours (mpremote ls) and run it again" in tools
    )
    assert "no board found: no USB serial port is there." in tools  # a constant
    assert "on-pc: name a program: make on-pc PROGRAM=examples/first/main.py" in tools


def test_connack_numbers_and_the_leds_patterns_are_all_there():
    for code in connack_codes._TEXTS:
        assert f"| CONNACK {code} |" in PAGE
        assert explanations.CONNACK[code]
    table = PAGE.split("## What the LED says")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\w[^|]*?) \|", table, re.M)[1:]
    patterns = [name for name in vars(status_led) if name.isupper() and not name.startswith("_")]
    assert len(rows) == len(patterns) + 1  # and dark
