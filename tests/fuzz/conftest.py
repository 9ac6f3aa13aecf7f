"""Puts the library, its shims and its engines on the path, and counts the cases.

    pytest -q -n 2 --dist worksteal tests/fuzz --at-least 100000

The count of all processes is printed at the end; fewer cases than `--at-least` is a failure.
"""

import gc
import importlib
import sys
import time
from pathlib import Path

import hypothesis.configuration
import pytest

from tools.build import engines, library

ROOT = Path(__file__).resolve().parents[2]

sys.path[:0] = [
    str(ROOT / "lib"),
    str(ROOT / "tests" / "support" / "shims"),
    str(ROOT / "tests" / "support"),
    str(engines.folder(engines.UMQTT_NEW)),
    str(engines.folder(engines.UREQUESTS_NEW)),
]
hypothesis.configuration.set_hypothesis_home_dir(ROOT / "build" / "hypothesis")

# What the library loads and lets go again stays: 100,000 imports would take the time. An Overlay
# leaves alone what is there before it; what asks for unload() by itself is told that it happened.
for _name in library.modules():
    if _name.split(".")[0] not in ("__init__", "board", "doctor", "fronts"):
        importlib.import_module("allthingstalk." + _name)
sys.modules["allthingstalk.devices"].unload = lambda folders: None
# What an Overlay of the engine alone asks for.
sys.modules["allthingstalk.umqtt"] = importlib.import_module("umqtt.simple")
# The library collects before each connection, for a board's sake. Here the collector would walk
# through all that hypothesis remembers, a dozen times a case; it still comes by itself.
gc.collect = lambda *_: 0

from tests.fuzz import cases  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent

_started = time.monotonic()
_total = 0  # cases of the other processes of pytest-xdist


def pytest_addoption(parser):
    parser.addoption("--at-least", type=int, default=0, help="fail below so many fuzz cases")


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node, error):
    global _total
    _total += getattr(node, "workeroutput", {}).get("fuzz_cases", 0)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["fuzz_cases"] = cases.ran
    elif _total + cases.ran < session.config.option.at_least and not session.exitstatus:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter, config):
    total = _total + cases.ran
    tests = {what: len(found) for what, found in terminalreporter.stats.items()}
    failed = tests.get("failed", 0) + tests.get("error", 0)
    known = f" ({tests['xfailed']} known ones besides)" if "xfailed" in tests else ""
    took_s = time.monotonic() - _started
    terminalreporter.write_line(f"fuzz: {total:,} cases, {failed} failures{known}, {took_s:.0f} s")
    if total < config.option.at_least:
        terminalreporter.write_line(
            f"fuzz: that is fewer than {config.option.at_least:,}; were tests deselected, or did "
            "one stop at its first failure?"
        )
