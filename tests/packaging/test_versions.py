"""One version everywhere, and package.json and the packages of the index name all modules."""

import json
import re
from pathlib import Path

import pytest
from test_import_graph import MODULES, arrows

from tools.board import wanted_files
from tools.build import library, mip_index

ROOT = Path(__file__).resolve().parents[2]
PACKAGE_JSON = json.loads((ROOT / "package.json").read_text())
# A part that is loaded when it is asked for by name, or where it started the program; and by whom.
ASKED_FOR = {
    *(("calls", "outbox_file"), ("fronts", "board.watchdog")),
    *(("board.runner", "board.setup_portal"), ("board.runner", "updating.slots")),
}


def test_package_json_the_package_and_the_changelog_agree():
    source = (ROOT / "lib" / "allthingstalk" / "__init__.py").read_text()
    version = re.search(r'^__version__ = "(.*?)"', source, re.M)[1]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
    assert version == newest == PACKAGE_JSON["version"] == mip_index.version()


def test_package_json_is_up_to_date():
    """If this fails: python -m tools.build.mip_index --package-json writes it anew."""
    assert (ROOT / "package.json").read_text() == mip_index.package_json()


def test_package_json_names_every_module_once_and_each_is_there():
    urls = PACKAGE_JSON["urls"]
    there = [path.relative_to(ROOT).as_posix() for path in (ROOT / "lib").rglob("*.py")]
    assert sorted(url for _, url in urls) == sorted(there)
    assert all((ROOT / url).is_file() and "lib/" + target == url for target, url in urls)


def test_each_module_is_in_the_core_or_in_one_part():
    parts = {part: mip_index.modules_of(part) for part in (None, *mip_index.PARTS)}
    assert sorted(sum(parts.values(), [])) == sorted(MODULES)
    assert all(parts.values())


def test_the_parts_name_what_is_there():
    entries = [entry for names, _, _ in mip_index.PARTS.values() for entry in names]
    assert len(set(entries)) == len(entries) and set(entries) <= set(MODULES)


def test_a_folder_goes_with_its_part_and_a_file_of_it_may_be_another(monkeypatch, tmp_path):
    for name in ("__init__", "core/__init__", "core/session", "board/__init__", "board/run"):
        path = tmp_path / "allthingstalk" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('__version__ = "1"\n')
    (tmp_path / "allthingstalk" / "board" / "clock.py").write_text("")
    (tmp_path / "allthingstalk" / "boards.py").write_text("")
    monkeypatch.setattr(library, "LIB", tmp_path)
    parts = {"board": (["board"], ["clock"], ""), "clock": (["board.clock"], [], "")}
    monkeypatch.setattr(mip_index, "PARTS", parts)
    found = {package.name: list(package.modules) for package in mip_index.packages()}
    assert found["allthingstalk-board"] == [
        "allthingstalk/board/__init__.py",
        "allthingstalk/board/run.py",
    ]
    assert found["allthingstalk-clock"] == ["allthingstalk/board/clock.py"]
    assert found["allthingstalk"] == [
        "allthingstalk/__init__.py",
        "allthingstalk/boards.py",
        "allthingstalk/core/__init__.py",
        "allthingstalk/core/session.py",
    ]
    urls = json.loads(mip_index.package_json())["urls"]
    assert ["allthingstalk/board/run.py", "lib/allthingstalk/board/run.py"] in urls


@pytest.mark.parametrize("module", mip_index.core())
def test_the_core_needs_no_part_to_be_imported(module):
    optional = set(MODULES) - set(mip_index.core())
    assert not arrows(module, only_at_top=True) & optional
    later = {(module, name) for name in arrows(module) & optional}
    assert later <= ASKED_FOR, "the core would fail without that part: move it into the core"


@pytest.mark.parametrize("part", mip_index.PARTS)
def test_a_part_depends_on_all_that_it_imports(part):
    names = mip_index.modules_of(part)
    have = {*mip_index.core(), *names}
    for need in mip_index.PARTS[part][1]:
        have |= set(mip_index.modules_of(need))
    needed = {(name, other) for name in names for other in arrows(name)} - ASKED_FOR
    assert {other for _, other in needed} <= have


def test_the_oldest_micropython_is_said_as_the_tools_have_it():
    for name in ("README.md", "CONTRIBUTING.md", "boards/README.md"):
        said = re.findall(r"MicroPython(?:\*\*)? >= ([\d.]+)", (ROOT / name).read_text())
        assert said == [wanted_files.LEAST_TEXT], name
