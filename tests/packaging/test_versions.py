"""One version everywhere, and package.json and the packages of the index name all modules."""

import json
import re
from pathlib import Path

import pytest
from test_import_graph import MODULES, own

from tools import mip_index

ROOT = Path(__file__).resolve().parents[2]
PACKAGE_JSON = json.loads((ROOT / "package.json").read_text())
# A part that is loaded by the core when it is asked for by name, and by whom.
ASKED_FOR = {("clients", "aio"), ("client_setup", "outbox_file"), ("background", "board.watchdog")}


def test_package_json_the_package_and_the_changelog_agree():
    source = (ROOT / "lib" / "allthingstalk" / "__init__.py").read_text()
    version = re.search(r'^__version__ = "(.*?)"', source, re.M)[1]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
    assert version == newest == PACKAGE_JSON["version"] == mip_index.version()


def test_package_json_is_up_to_date():
    """If this fails: tools/mip_index.py --package-json writes it anew."""
    assert (ROOT / "package.json").read_text() == mip_index.package_json()


def test_package_json_names_every_module_once_and_each_is_there():
    urls = PACKAGE_JSON["urls"]
    assert {url for _, url in urls} == {
        f"lib/allthingstalk/{mip_index.path_of(name)}.py" for name in MODULES
    }
    assert len(urls) == len(MODULES)
    assert all((ROOT / url).is_file() and "lib/" + target == url for target, url in urls)


def test_each_module_is_in_the_core_or_in_one_part():
    parts = [name for names, _, _ in mip_index.PARTS.values() for name in names]
    assert sorted(parts + mip_index.core()) == sorted(MODULES)


@pytest.mark.parametrize("module", mip_index.core())
def test_the_core_needs_no_part_to_be_imported(module):
    optional = mip_index.optional()
    assert not own(MODULES[module], only_at_top=True) & optional
    later = {(module, name) for name in own(MODULES[module]) & optional}
    assert later <= ASKED_FOR, "the core would fail without that part: move it into the core"


@pytest.mark.parametrize("part", mip_index.PARTS)
def test_a_part_depends_on_all_that_it_imports(part):
    names, needs, _ = mip_index.PARTS[part]
    have = {*mip_index.core(), *names}
    for need in needs:
        have |= set(mip_index.PARTS[need][0])
    assert set().union(*(own(MODULES[name]) for name in names)) <= have
