"""The README shows the program that `make run` deploys, and tells the truth about the files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_the_first_program_is_the_one_that_make_run_deploys():
    first = re.search(r"```python\n(.*?)```", README, re.S)[1]
    assert first == (ROOT / "examples" / "first" / "main.py").read_text()
    assert len([line for line in first.splitlines() if line.strip()]) == 15
    assert "Fifteen lines" in README


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_a_page_links_to_is_there(page):
    links = re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_leads_to_the_other_pages_at_once_or_by_one_of_them():
    first = [page for page in PAGES[1:] if f"](docs/{page.name})" in README]
    for page in PAGES[1:]:
        assert page in first or any(f"]({page.name})" in by.read_text() for by in first), page


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"make ([a-z-]+)", README)) - {"and"}
    assert named and named <= targets, named - targets


def test_it_is_short():
    assert len(README.splitlines()) <= 160


def test_the_version_is_the_same_everywhere():
    package = (ROOT / "lib" / "allthingstalk" / "__init__.py").read_text()
    version = re.search(r'__version__ = "(.*?)"', package)[1]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
    assert version == newest


def test_the_code_of_the_recipes_is_that_of_the_examples():
    programs = [path.read_text() for path in (ROOT / "examples").glob("*/main.py")]
    known = {line.strip() for program in programs for line in program.splitlines()}
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "recipes.md").read_text(), re.S)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    assert len(blocks) > 5 and [line for line in lines if line not in known] == []
