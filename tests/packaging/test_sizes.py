"""The library does not grow unnoticed, and the measuring itself can tell good from bad."""

import json
import logging
from pathlib import Path

import pytest

from tools import interpreters, sizes
from tools.size_measures import Measures, build

RATCHET = Path(__file__).with_name("sizes.json")


@pytest.fixture(scope="module")
def measures(tmp_path_factory):
    """The figures' source on 32-bit MicroPython."""
    try:
        command = interpreters.find("mp32")
    except interpreters.Missing as e:
        pytest.skip(str(e))
    # A program that runs out of memory drops its connections: the platform need not report it.
    logging.disable(logging.CRITICAL)
    with Measures(command, build(tmp_path_factory.mktemp("sizes"))) as measures:
        yield measures
    logging.disable(logging.NOTSET)


def test_no_figure_is_more_than_2_percent_over_its_best(measures):
    best = json.loads(RATCHET.read_text(encoding="utf-8"))
    figures = measures.all(search=False)
    assert {"mpy held", "ram import", "ram connected", "publish"} <= set(figures)
    assert sizes.grown(figures, best) == []


def test_the_whole_job_needs_more_than_8_kib_and_runs_in_the_heap_of_an_esp32(measures):
    assert not measures.job_runs(8 * 1024)
    assert measures.job_runs(110_000)


def test_run_in_place_the_library_takes_less_than_loaded(measures):
    figures = measures.all(search=False)
    assert 0 < figures["ram import, romfs"] < figures["ram import"]


def test_growth_over_2_percent_is_refused_with_the_figure_and_the_module():
    best = {"ram import": 10000, "ram of allthingstalk.session": 3000, "ram of urequests": 1000}
    now = {"ram import": 10400, "ram of allthingstalk.session": 3400, "ram of urequests": 1000}
    figure, _, module = sizes.grown(now, best)
    assert figure == "ram import: 10,400 bytes, was 10,000"
    assert module == "ram of allthingstalk.session: 3,400 bytes, was 3,000"
    assert not any("urequests" in line for line in sizes.grown(now, best))


def test_growth_of_2_percent_and_code_that_moves_between_modules_are_taken():
    best = {"ram import": 10000, "mpy of allthingstalk.a": 3000, "mpy of allthingstalk.b": 3000}
    now = {"ram import": 10200, "mpy of allthingstalk.a": 5900, "mpy of allthingstalk.b": 100}
    assert sizes.grown(now, best) == []


def test_a_module_that_is_new_is_named_when_the_whole_grows():
    best = {"mpy held": 10000}
    now = {"mpy held": 12000, "mpy of allthingstalk.new": 2000}
    assert "allthingstalk.new" in sizes.grown(now, best)[-1]
