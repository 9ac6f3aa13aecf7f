"""README and docs: short, linked with each other, true about files, versions and figures."""

import re

import pytest

from tests.support.doc_blocks import PAGES, ROOT, name

toc = pytest.importorskip("markdown.extensions.toc", reason="mkdocs is not here: make test has it")

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = sorted((ROOT / "docs").rglob("*.md"))
LINKED = [*PAGES, ROOT / "CHANGELOG.md", *sorted((ROOT / "examples").glob("*/README.md"))]
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


def text(page):
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def anchors(page):
    headings = re.findall(r"^#+ (.*?)(?: \{.*\})?$", text(page), re.M)
    return {toc.slugify(re.sub(r"[`*]", "", heading), "-") for heading in headings}


@pytest.mark.parametrize("page", LINKED, ids=name)
def test_every_file_and_heading_that_a_page_links_to_is_there(page):
    for path, anchor in _LINK.findall(text(page)):
        target = page.parent / path if path else page
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target), (path, anchor)


def test_the_readme_leads_to_every_page():
    left, seen = [ROOT / "README.md"], set()
    while left:
        page = left.pop()
        if page in seen:
            continue
        seen.add(page)
        links = [(page.parent / path).resolve() for path, _ in _LINK.findall(text(page)) if path]
        left += [link for link in links if link.suffix == ".md" and link.exists()]
    assert set(DOCS) - seen == set()


def test_the_readme_is_one_screen_and_a_half():
    assert len(README.splitlines()) <= 115
    assert "Fifteen lines" in README
    program = (ROOT / "examples" / "first" / "main.py").read_text(encoding="utf-8")
    assert len([line for line in program.splitlines() if line.strip()]) == 15


def test_the_version_is_the_same_everywhere():
    package = (ROOT / "lib" / "allthingstalk" / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'__version__ = "(.*?)"', package)[1]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert version == re.search(r"^## (\S+)", changes, re.M)[1]


def test_what_the_readme_says_it_costs_is_what_was_measured():
    measured = (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8")
    table = README.split("## What it costs")[1].split("\n## ")[0]
    figures = re.findall(r"\b\d+,\d{3}\b", " ".join(re.findall(r"^\| .*$", table, re.M)))
    assert len(figures) == 14
    assert [figure for figure in figures if figure not in measured] == []
    for word in ("budget", "aim"):
        assert not re.search(rf"\b{word}s?\b", README)


def test_every_example_is_in_a_recipe_or_another_page():
    everything = "".join(text(page) for page in PAGES)
    for folder in (ROOT / "examples").iterdir():
        assert f"examples/{folder.name}/main.py" in everything, folder.name
