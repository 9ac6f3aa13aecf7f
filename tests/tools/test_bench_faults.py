"""The bench of faults: its counting, its table, and a short run of the real thing."""

import dataclasses
import re

import pytest

from tools.measure.bench_faults import __main__ as program
from tools.measure.bench_faults import runs, scenarios, table
from tools.measure.bench_faults.brokers import MOSQUITTO
from tools.measure.bench_faults.clients import BY_HAND, CLIENTS, OURS, Client, number_of
from tools.measure.bench_faults.counting import Outcome, count
from tools.simulate import interpreters
from tools.simulate.local_platform import LocalPlatform

COUNT = 60
WORST = Outcome(200, 200, 200, 200, 30_000, 30_000, "call", 29.99, False)


def outcome(lines=(), deliveries=(), wanted=6, fault_end_s=None, end_s=10.0, ended=None):
    """Return what is counted; lines and deliveries are texts and numbers, 0.1 s apart."""
    lines = [(0.1 * i, text) for i, text in enumerate(lines)]
    deliveries = [(0.1 * i, number) for i, number in enumerate(deliveries)]
    return count(wanted, lines, deliveries, fault_end_s, end_s, 20, ended)


# Counting


def test_lost_and_doubled_values_are_counted_once_each():
    counted = outcome(deliveries=[0, 1, 1, 3, 3, 3, 2])
    assert (counted.delivered, counted.twice, counted.lost) == (4, 2, 2)


def test_all_are_lost_where_nothing_arrives():
    assert (outcome().delivered, outcome().lost) == (0, 6)


def test_only_values_that_the_library_took_count_as_published():
    counted = outcome(["call 0 0", "back 0 10 1", "call 1 20000", "back 1 20010 0", "done"])
    assert counted.published == 1


def test_a_client_is_back_with_the_first_value_not_seen_before():
    # At 0.0, 0.1 s values 0 and 1; the fault ends at 0.15 s; 1 comes again at 0.2 s, 2 at 0.3 s.
    assert outcome(deliveries=[0, 1, 1, 2], fault_end_s=0.15).back_s == pytest.approx(0.15)


@pytest.mark.parametrize("fault_end_s", [None, 0.15])
def test_without_a_new_value_or_a_fault_no_time_is_given(fault_end_s):
    assert outcome(deliveries=[0, 1, 1], fault_end_s=fault_end_s).back_s is None


def test_the_longest_call_and_the_longest_turn_of_the_loop_are_found():
    counted = outcome(
        [
            "call 0 0",
            "back 0 3000 1",  # 3 ms, and the turn of 25 ms is 5 ms beyond its pause of 20 ms
            "call 1 25000",
            "back 1 26000 1",
            "call 2 146000",  # a turn of 121 ms: the time went elsewhere in the loop
            "back 2 146500 1",
            "done",
        ]
    )
    assert (counted.call_ms, counted.loop_ms, counted.stuck) == (3.0, 101.0, None)


def test_a_call_that_never_came_back_counts_until_time_was_up():
    # It was made at 0.2 s of 10 s.
    counted = outcome(["call 0 0", "back 0 1000 1", "call 1 22000"])
    assert counted.stuck == "call"
    assert counted.call_ms == pytest.approx(9800)
    assert counted.loop_ms == pytest.approx(9780)
    assert counted.published == 1


def test_a_loop_that_hangs_elsewhere_is_not_held_against_the_call():
    counted = outcome(["call 0 0", "back 0 1000 1"])
    assert (counted.stuck, counted.call_ms) == ("loop", 1.0)
    assert counted.loop_ms == pytest.approx(9980)


def test_a_program_that_ended_is_not_stuck():
    counted = outcome(["call 0 0"], ended="OSError: 104")
    assert (counted.stuck, counted.ended, counted.lost) == (None, "OSError: 104", 6)


def test_what_programs_print_besides_does_not_count():
    counted = outcome(["call me", "", "back again soon now", "not heard", "Traceback: call"])
    assert (counted.published, counted.call_ms, counted.heard) == (0, 0.0, False)


def test_a_command_counts_as_heard():
    assert outcome(["done", "heard"]).heard


@pytest.mark.parametrize(
    "payload", [b'{"value":7}', b'[{"counter": 7}]', b'{"value":7,"at":"2026-01-01T00:00:00Z"}']
)
def test_numbers_are_read_in_each_platforms_form(payload):
    assert number_of(payload) == 7


# The table


def test_every_line_fits_a_terminal_of_100_columns():
    lines = [scenario.heading(runs.PAUSE_MS) for scenario in scenarios.SCENARIOS]
    lines += [table.header(), *table.NOTES.split("\n")]
    for client in CLIENTS:
        lines += table.row(client, dataclasses.replace(WORST, ended="x" * 200)).split("\n")
    lines.append(table.not_run("mqtt_as", "y" * 200))
    assert max(map(len, lines)) <= 100


def test_the_columns_stand_under_their_titles():
    assert {len(table.row(client, WORST)) for client in CLIENTS} == {len(table.header())}


def test_a_figure_without_an_end_is_marked():
    stuck = table.row(BY_HAND, dataclasses.replace(WORST, stuck="loop"))
    assert re.search(r" 30,000 +>30,000 ", stuck)
    assert re.search(r">30,000 +>30,000 ", table.row(BY_HAND, WORST))


def test_how_a_program_ended_is_told():
    text = table.row(BY_HAND, dataclasses.replace(WORST, ended="MQTTException: 2"))
    assert text.endswith("umqtt.simple: its program ended: MQTTException: 2")


# The real thing


@pytest.fixture(scope="module")
def bench():
    try:
        interpreter = interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    with LocalPlatform() as platform:
        yield runs.Bench(interpreter, platform, mosquitto=bool(MOSQUITTO))


def test_ours_loses_nothing_over_an_outage_and_umqtt_simple_does(bench):
    outage = next(s for s in scenarios.SCENARIOS if s.key == "outage")
    short = dataclasses.replace(outage, seconds=1, count=COUNT, at=10)
    said = []
    found = program.bench(bench, (OURS, BY_HAND), (short,), said.append)["outage"]
    ours, by_hand = found["allthingstalk"], found["umqtt.simple"]
    assert (ours["published"], ours["delivered"], ours["lost"]) == (COUNT, COUNT, 0), said
    assert ours["ended"] is None and ours["back_s"] is not None and ours["heard"]
    # Without a fault it loses nothing: this is how one sees that there was one.
    assert by_hand["lost"] > 0, said
    assert by_hand["delivered"] + by_hand["lost"] == COUNT
    assert by_hand["published"] <= by_hand["delivered"]
    for name in ("allthingstalk", "umqtt.simple"):
        assert any(line.startswith(name) for line in said)


def test_a_client_that_does_not_run_is_named_with_the_reason(bench):
    bare = Client("bare", "by_hand", (), "0")
    said = []
    program.bench(bench, (bare,), scenarios.SCENARIOS[:1], said.append)
    assert any(re.match(r"bare +not run: ImportError: no module named 'umqtt", s) for s in said)


def test_a_client_that_cannot_be_fetched_is_named_with_the_reason(bench, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody is there
    gone = Client("gone", "by_hand", (("micropython-of-nobody", "1.0"),), "1.0")
    said = []
    program.bench(bench, (gone,), scenarios.SCENARIOS[:1], said.append)
    assert any(re.match(r"gone +not run: it cannot be fetched: ", line) for line in said)


def test_an_unknown_scenario_is_refused(capsys):
    with pytest.raises(SystemExit) as refusal:
        program.main(["--scenario", "flood"])
    assert refusal.value.code == 2
    assert "half-open" in capsys.readouterr().err
