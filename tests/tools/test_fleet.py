"""Ten thousand boards come back after an outage without a storm, by the library's own back-off."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.measure import fleet

ROOT = Path(__file__).resolve().parents[2]
# The longest pause W that the API allows after an outage is half of it and 0.5 s, 90 s at most. If
# the fleet used W evenly, boards / W would connect in each second. Pauses are drawn between W / 3
# and W, so at a given moment the connects due in the next second are 1.5 times that; a third of
# it again is for waves that the common start leaves, and for chance.
FLAT = 2


@pytest.fixture(scope="module", params=fleet.OUTAGES_S, ids=fleet.duration)
def result(request):
    return fleet.simulate(fleet.BOARDS, request.param)


def test_the_peak_of_connects_stays_flat(result):
    print("\n".join(fleet.table([("yes", result)])))
    assert result.peak(result.connects, True) <= FLAT * result.even()
    assert result.peak(result.tries, True) <= FLAT * result.even()


def test_all_boards_are_back_as_early_as_promised(result):
    assert len(result.back_ms) == fleet.BOARDS
    assert result.back_s(100) <= min(90, result.outage_s / 2 + 0.5)


def test_the_tries_during_a_long_outage_go_down_to_one_a_minute_and_board():
    result = fleet.simulate(2000, 600)
    last_minute = sum(result.tries[second] for second in range(-60, 0))
    assert last_minute <= 1.2 * 2000


def test_without_jitter_the_same_fleet_comes_in_one_second():
    result = fleet.simulate(fleet.BOARDS, 300, jitter=False)
    assert result.peak(result.connects, True) == fleet.BOARDS


def test_a_broker_that_takes_few_connects_a_second_gets_them_all_in_the_end():
    result = fleet.simulate(2000, 10, capacity=50)
    assert len(result.back_ms) == 2000
    assert result.peak(result.connects, True) == 50
    # 40 s at the least; the pauses of those that were turned away grow to a minute and a half.
    assert 39 <= result.back_s(100) <= 40 + 2 * 90
    assert sum(result.tries.values()) <= 2000 * 20


def test_the_same_seed_gives_the_same_fleet_and_another_one_another():
    first, again, other = (fleet.simulate(500, 60, seed=seed).back_ms for seed in (1, 1, 2))
    assert first == again
    assert first != other


def run(*arguments):
    command = [sys.executable, "-m", "tools.measure.fleet", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_program_prints_a_table_and_a_plot():
    done = run("--boards", "1000", "--outage", "30")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    assert lines[0].startswith("1,000 boards")
    assert [line.split()[:3] for line in lines[2:4]] == [["30", "s", "yes"], ["30", "s", "no"]]
    rows = {line.split()[0]: line for line in lines if line[:8].strip().isdigit()}
    assert {str(second) for second in range(15)} <= set(rows)
    assert max(line.count("#") for line in rows.values()) >= 30


@pytest.mark.parametrize("wrong", [("--boards", "0"), ("--outage", "x"), ("--capacity", "-1")])
def test_what_cannot_be_simulated_is_refused_in_a_sentence(wrong):
    done = run(*wrong)
    assert done.returncode == 2
    assert wrong[0] in done.stderr and "Traceback" not in done.stderr
