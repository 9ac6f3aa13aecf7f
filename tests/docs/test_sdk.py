"""Coming from the Python SDK: the names that the page has are on the sides that it says."""

import os
import re
import subprocess
import sys

import pytest

from tests.support.doc_blocks import ROOT, public_names
from tools.build import engines

PAGE = (ROOT / "docs" / "from-the-python-sdk.md").read_text(encoding="utf-8")
PROGRAM = """
import importlib, sys
import allthingstalk
for name in sys.argv[1:]:
    found = hasattr(allthingstalk, name)
    if not found:
        try:
            found = bool(importlib.import_module("allthingstalk." + name))
        except ImportError:
            pass
    print(name, found)
"""


def names(title):
    section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\|[^|]*\|([^|]*)\|$", section, re.M)
    return re.findall(r"`(\w+)`", " ".join(rows))


def has(side, wanted):
    """Return {name: whether `allthingstalk` of a side has it}."""
    paths = [ROOT / "tests" / "support" / "shims", ROOT / "lib"]
    paths += [engines.folder(engines.UMQTT_NEW), engines.folder(engines.UREQUESTS_NEW)]
    path = os.pathsep.join(map(str, paths)) if side == "here" else ""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *wanted],
        env={**os.environ, "PYTHONPATH": path},
        cwd=ROOT / "docs",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {line.split()[0]: line.endswith("True") for line in done.stdout.splitlines()}


@pytest.mark.parametrize("title", ["The same on both sides", "Only here"])
def test_each_name_is_where_the_page_says(title):
    wanted = names(title)
    assert len(wanted) > 10
    assert [name for name, found in has("here", wanted).items() if not found] == []
    there = {name for name, found in has("there", wanted).items() if found}
    assert there == (set(wanted) if title == "The same on both sides" else set())


def test_no_public_name_is_left_out():
    assert set(public_names()) <= set(names("The same on both sides") + names("Only here"))
