"""The library does not grow unnoticed, and the measuring itself can tell good from bad."""

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tools.measure import svg_bars
from tools.measure.sizes import __main__ as sizes
from tools.measure.sizes import build, frozen
from tools.measure.sizes.figures import (
    BUDGETS,
    GATED,
    bar_rows,
    budget_rows,
    grown,
    over_budget,
    tables,
)
from tools.measure.sizes.measures import GROUPS
from tools.measure.sizes.runs import BY_HAND

RATCHET = Path(__file__).with_name("sizes.json")
BLOCK_BYTES = 16


@pytest.fixture(scope="module")
def gated(measures):
    """The figures that the gate compares."""
    return sizes.kept(measures.gated())


def test_no_figure_is_more_than_2_percent_over_its_best(gated):
    best = json.loads(RATCHET.read_text(encoding="utf-8"))
    assert set(gated) >= GATED
    assert GATED <= set(best)
    assert grown(gated, best) == []


def test_no_figure_that_the_gate_measures_is_newly_over_its_budget(gated):
    """What was over it at its best may not grow: a debt that `make size` names."""
    assert set(BUDGETS) - set(gated) == {"peak connect, growth"}  # test_held
    assert over_budget(gated, json.loads(RATCHET.read_text(encoding="utf-8"))) == []


def test_run_in_place_the_library_takes_less_than_loaded(gated):
    assert 0 < gated["ram import, romfs"] < gated["ram import, mpy"]


def test_ram_grows_from_import_to_connect_and_connect_has_a_peak(gated):
    assert gated["ram import, mpy"] < gated["ram connected, mpy"] < gated["peak connect, mpy"]
    assert gated["peak connect, mpy"] <= gated["peak job, mpy"]


def test_the_modules_add_up_to_what_stays_loaded(gated):
    held = [key for key in gated if key.startswith("ram of ") and key.endswith(", mpy")]
    assert sum(gated[key] for key in held) == gated["ram import, mpy"]
    sizes_of_held = [gated["mpy of " + key[7:-5]] for key in held]
    assert sum(sizes_of_held) == gated["files held, mpy"]


def test_the_peak_is_the_same_in_each_run(measures):
    peaks = [measures.peak("mpy")["peak job, mpy"] for _ in range(3)]
    assert max(peaks) - min(peaks) <= 8 * BLOCK_BYTES


def test_the_job_runs_in_a_little_more_heap_than_its_peak_and_not_in_less(measures, gated):
    peak = gated["peak job, mpy"]
    assert not measures.job_runs(int(peak * 0.9))  # what paints takes a little itself
    assert measures.job_runs(int(peak * 1.15))


def test_the_job_by_hand_runs_and_takes_less(measures, gated):
    found = measures.peak("mpy", BY_HAND)
    assert 8 * 1024 < found["peak job, mpy"] < gated["peak job, mpy"]
    assert measures.job_runs(found["peak job, mpy"] * 2, maker=BY_HAND)


def test_a_reconnect_of_mqtt_alone_takes_no_more_than_one_that_looks_at_the_assets_again(gated):
    assert gated["ram connected, mpy"] < gated["peak reconnect of MQTT, mpy"]
    of_mqtt, with_rest = (gated[f"peak reconnect{of}, mpy"] for of in (" of MQTT", ""))
    assert of_mqtt <= with_rest + 8 * BLOCK_BYTES


def test_three_lost_links_lose_nothing_in_two_thirds_of_the_heap_of_an_esp32(measures):
    assert measures.outages_survived(72_000)
    assert not measures.outages_survived(24_000)


def test_with_tls_the_job_runs_in_the_heap_of_an_esp32(measures):
    with measures.tls() as options:
        assert measures.job_runs(110_000, **options)
        assert not measures.job_runs(16 * 1024, **options)


def test_growth_over_2_percent_is_refused_with_the_figure_and_the_module():
    best = {
        "ram import, mpy": 10000,
        "ram of allthingstalk.session, mpy": 3000,
        "ram of umqtt.simple, mpy": 1000,
    }
    now = {**best, "ram import, mpy": 10400, "ram of allthingstalk.session, mpy": 3400}
    figure, _, module = grown(now, best)
    assert figure == "ram import, mpy: 10,400 bytes, was 10,000"
    assert module == "ram of allthingstalk.session, mpy: 3,400 bytes, was 3,000"


def test_growth_of_2_percent_and_code_that_moves_between_modules_are_taken():
    best = {
        "ram import, mpy": 10000,
        "mpy of allthingstalk.a": 3000,
        "mpy of allthingstalk.b": 3000,
    }
    now = {"ram import, mpy": 10200, "mpy of allthingstalk.a": 5900, "mpy of allthingstalk.b": 100}
    assert grown(now, best) == []


def test_a_module_that_is_new_is_named_when_the_whole_grows():
    best = {"files held, mpy": 10000}
    now = {"files held, mpy": 12000, "mpy of allthingstalk.new": 2000}
    assert "allthingstalk.new" in grown(now, best)[-1]


def test_a_poll_that_begins_to_allocate_is_refused_and_sources_may_grow():
    best = {"poll": 0, "py of allthingstalk.session": 1000}
    assert grown({"poll": 32, "py of allthingstalk.session": 9000}, best) == [
        "poll: 32 bytes, was 0"
    ]


def test_what_the_gate_compares_is_what_the_ratchet_keeps():
    figures = {"poll": 0.4, "mpy of allthingstalk.a": 7, "ram of a, mpy": 5, "files, py": 9}
    assert sizes.kept(figures) == {"poll": 0, "mpy of allthingstalk.a": 7, "ram of a, mpy": 5}


def test_a_ratchet_file_that_cannot_be_read_ends_with_the_way_out(tmp_path):
    with pytest.raises(SystemExit, match="--update"):
        sizes.read_best(tmp_path / "none.json")


def test_a_figure_over_its_budget_is_named_with_both_and_the_form():
    now = {"heap job, py": 47_105, "heap job, romfs": 22_528, "publish int, QoS 0": 48}
    assert over_budget(now) == [
        "smallest heap for the whole job, .py: 47,105 bytes, budget 47,104",
        "heap per publish of int, QoS 0: 48 bytes, budget 32",
    ]


def test_a_figure_that_was_over_its_budget_at_its_best_is_a_known_debt():
    now = {"heap job, py": 50_000, "heap job, romfs": 23_000}
    best = {"heap job, py": 49_000, "heap job, romfs": 22_000}
    assert [line.partition(":")[0] for line in over_budget(now, best)] == [
        "smallest heap for the whole job, in place"
    ]


def test_budgets_are_shown_form_by_form_with_what_became_of_them():
    now = {"heap job, mpy": 40_000, "heap job, romfs": 18_432, "peak connect, growth": 300}
    _, mpy, romfs, growth = budget_rows({**now, "ram import, mpy": 1})
    assert mpy[1:] == ["40,000", "34,816", "28,672", "over the budget"]
    assert romfs[1:] == ["18,432", "22,528", "18,432", "held"]
    assert growth[1:] == ["300", "256", "–", "over the budget"]
    assert budget_rows({"heap job, py": 40_000})[1][-1] == "over the aim"


def test_single_groups_of_figures_can_be_asked_for(capsys, monkeypatch):
    monkeypatch.setattr(sizes, "figures_of_32_bits", lambda group: {"heap job, py": 1, "odd": 2})
    sizes.show_only(["heap-py"])
    assert "47,104" in (text := capsys.readouterr().out) and text.endswith("odd  2\n")
    assert {"connected", "peak", "heap"} < set(GROUPS)


FIGURES = {
    "files, py": 90000,
    "files, mpy": 30000,
    "ram import, mpy": 20000,
    "heap job, mpy": 19000,
    "poll": 0,
    "py of allthingstalk.held": 3000,
    "mpy of allthingstalk.held": 1000,
    "ram of allthingstalk.held, mpy": 2048,
    "py of allthingstalk.wifi": 4000,
    "mpy of allthingstalk.wifi": 2000,
    "ram added by allthingstalk.wifi, mpy": 4096,
}


def test_the_tables_show_each_figure_beside_its_budget():
    text = "\n".join(tables({"mp32": FIGURES}))
    lines = text.splitlines()
    assert lines[1].split()[-4:] == ["19,000", "34,816", "28,672", "held"]
    line = next(line for line in lines if line.startswith("RAM of all that"))
    assert line.split()[-3:] == ["20,000", "–", "–"]
    assert "64 bits" not in text
    held, gone, wifi = text.splitlines()[-3:]
    assert held.split() == ["allthingstalk.held", "1,000", "3,000", "2,048", "–", "–"]
    assert "optional" in gone
    assert wifi.split() == ["allthingstalk.wifi", "2,000", "4,000", "4,096", "–", "–"]


def test_the_picture_shows_what_was_measured_with_its_budget(tmp_path):
    rows = bar_rows(FIGURES)
    budget = BUDGETS["heap job, mpy"][0]
    assert ("smallest heap for the whole job, .mpy", 19000, budget) in rows
    path = tmp_path / "size.svg"
    svg_bars.bars(sizes.TITLE, rows, path, "bytes")
    texts = [each.text for each in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")]
    assert {"20,000", "19,000", "not measured"} <= set(texts)


def test_what_is_missing_for_an_interpreter_with_the_library_frozen_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(frozen.BuildError) as raised:
        frozen.interpreter([tmp_path], tmp_path / "work")
    assert str(raised.value).split("\n- ") == [
        "4 missing",
        f"the sources of micropython (ports/unix/Makefile) are not in {tmp_path}: "
        "apt-get source micropython",
        f"the sources of mbedtls (library/ssl_tls.c) are not in {tmp_path}: apt-get source mbedtls",
        "there is no make: apt-get install make",
        "there is no C compiler for 32 bits: apt-get install gcc-multilib",
    ]


def test_frozen_the_job_fits_the_budget_of_what_runs_in_place(tmp_path):
    sources = os.environ.get("MICROPYTHON_SOURCES")
    if not sources:
        pytest.skip("MICROPYTHON_SOURCES names no folder with Debian's micropython and mbedtls")
    command = frozen.interpreter([Path(sources)], tmp_path / "frozen")
    lines = frozen.lines(command, build.build(tmp_path / "forms"))
    (smallest,) = [line for line in lines if line.startswith("smallest heap")]
    assert int(smallest.split()[-2].replace(",", "")) <= BUDGETS["heap job, romfs"][0]
