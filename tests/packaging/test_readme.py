"""The README shows the program that `make run` deploys, and tells the truth about the files."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_the_first_program_is_the_one_that_make_run_deploys():
    first = re.search(r"```python\n(.*?)```", README, re.S)[1]
    assert first == (ROOT / "boards" / "main.py").read_text()


def test_the_program_has_twelve_lines():
    program = (ROOT / "boards" / "main.py").read_text()
    assert len([line for line in program.splitlines() if line.strip()]) == 12


def test_every_file_it_links_to_is_there():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert len(links) > 8
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"make ([a-z-]+)", README)) - {"and"}
    assert named and named <= targets, named - targets


def test_it_is_short():
    assert len(README.splitlines()) <= 205


def test_the_version_is_the_same_everywhere():
    package = (ROOT / "lib" / "allthingstalk" / "__init__.py").read_text()
    version = re.search(r'__version__ = "(.*?)"', package)[1]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
    assert version == newest
