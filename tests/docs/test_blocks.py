"""Each block of the docs is run, compared or read; what cannot be is marked, counted and listed."""

import csv
import json
import re

import pytest

from tests.support.doc_blocks import PAGES, ROOT, blocks, commands, missing, name
from tests.support.examples_places import EXAMPLES

BLOCKS = [block for page in PAGES for block in blocks(page)]
LANGUAGES = {
    "python": {"file", "from", "save", "skip"},
    "console": {"serve", "on", "fails", "skip"},
    "json": {"save"},
    "csv": {"save"},
    "text": set(),
}
# What cannot be done here, and why; everything else is.
SKIPPED = {
    "README.md": ["clone"],
    "boards/README.md": ["sources"],
    "docs/bare-board.md": ["clone", "internet"],
    "docs/memory.md": ["minutes", "sources"],
    "docs/tutorial.md": ["clone"],
}


def where(block):
    return f"{block.page}:{block.line}"


def of(language, mark=None):
    return [b for b in BLOCKS if b.language == language and (not mark or mark in b.marks)]


def test_every_fence_says_a_language_and_only_marks_that_are_known():
    fences = sum(len(re.findall(r"^ *```", page.read_text("utf-8"), re.M)) for page in PAGES)
    assert fences == 2 * len(BLOCKS)
    assert [where(block) for block in BLOCKS if block.language not in LANGUAGES] == []
    wrong = [where(block) for block in BLOCKS if set(block.marks) - LANGUAGES[block.language]]
    assert wrong == []


def test_what_is_not_run_is_counted_and_has_a_reason():
    found = {}
    for block in BLOCKS:
        if "skip" in block.marks:
            found.setdefault(block.page, []).append(block.marks["skip"])
    assert found == SKIPPED
    print(sum(map(len, SKIPPED.values())), "of", len(BLOCKS), "blocks are not run:", SKIPPED)


def test_programs_that_are_shown_whole_are_the_examples():
    assert of("python", "file")
    for block in of("python", "file"):
        path = ROOT / block.marks["file"]
        assert EXAMPLES in path.parents  # tests/device/test_examples.py runs each
        assert block.text == path.read_text(encoding="utf-8"), where(block)


def test_excerpts_are_in_the_examples_word_for_word():
    assert of("python", "from")
    for block in of("python", "from"):
        path = ROOT / block.marks["from"]
        assert EXAMPLES in path.parents
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        shown = [line.strip() for line in block.text.strip().splitlines()]
        found = any(lines[i : i + len(shown)] == shown for i in range(len(lines)))
        assert found, where(block)


@pytest.mark.parametrize("language", ["json", "csv"])
def test_data_can_be_read(language):
    for block in of(language):
        if language == "json":
            json.loads(block.text)
        else:
            rows = list(csv.reader(block.text.splitlines()))
            assert len({len(row) for row in rows}) == 1 and len(rows) > 1, where(block)


def test_every_console_block_begins_with_a_command():
    for block in of("console"):
        assert block.text.startswith("$ ") != ("on" in block.marks), where(block)
        assert "on" in block.marks or all(command.strip() for command, _ in commands(block))


def test_every_make_target_and_option_that_is_named_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(" ".join(re.findall(r"^([a-z -]+):", makefile, re.M)).split())
    for page in PAGES:
        text = page.read_text(encoding="utf-8").split("## Messages of the tools")[0]
        named = set(re.findall(r"(?:`|\$ )make ([a-z][a-z-]*)", text))
        assert named <= targets, (name(page), named - targets)
        assert set(re.findall(r"make [a-z-]+ ([A-Z_]+)=", text)) <= set(
            re.findall(r"[A-Z_]+", makefile)
        ), name(page)


def test_the_comparison_sees_what_is_not_printed():
    printed = "sent /main.py: 489 bytes\nthe board starts anew\nREST http://127.0.0.1:41022\n"
    assert missing(["sent /main.py: 12 bytes", "REST http://127.0.0.1:8080"], printed) is None
    assert missing(["sent …", "REST …"], printed) is None
    assert missing(["REST …", "sent …"], printed) == "sent …"
    assert missing(["sent /main.py: 489 byte"], printed) == "sent /main.py: 489 byte"
    assert missing(["the board starts anew", "the board starts anew"], printed)
