"""The bench: its counting and its tables, and a quick run of the real thing."""

import json
import socket
import sys
import time

import pytest

from tools.measure.bench import __main__ as program
from tools.measure.bench import bed, by_file, growth, latency, rates, sections, shares
from tools.measure.bench.figures import LINE_WIDTH, Spread, percentile, short, table
from tools.measure.bench.peers import BY_HAND, LIMIT, LIMIT_ONE, OURS, PEERS, Peer
from tools.measure.bench.tap import HEADER_BYTES, Tap, Traffic
from tools.simulate import interpreters

WAIT_S = 10
LEAST_RATIO = 50  # what is measured is several hundred; a loaded machine may not break the test
HEAP_SLACK_BYTES = 4096

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="segments and memory are read from Linux"
)


def until(predicate):
    """Wait until a predicate holds, for a bounded time; return whether it does."""
    end = time.monotonic() + WAIT_S
    while not predicate() and time.monotonic() < end:
        time.sleep(0.01)
    return predicate()


# Counting


def test_a_spread_names_least_median_and_most():
    assert Spread.of([5, 1, 30]).text() == "1 < 5 < 30"


def test_percentiles_are_figures_that_were_measured():
    assert [percentile(range(100), each) for each in (0, 50, 99)] == [0, 50, 99]
    assert percentile([7.5], 99) == 7.5


def test_figures_have_no_more_digits_than_they_deserve():
    assert [short(each) for each in (None, 3, 0.126, 12.34, 1234.5)] == [
        "–",
        "3",
        "0.13",
        "12.3",
        "1,234",
    ]


def test_columns_stand_under_their_heads_and_remarks_are_cut_to_the_line():
    text = table(
        "Title", ("client", "a", "b"), [("x", "1", "1,000"), ("y", "not run: " + "z" * 200)]
    )
    title, head, first, remark = text.rstrip().split("\n")
    assert title == "Title"
    assert head.index("b") + 1 == len(first)
    assert len(remark) == LINE_WIDTH


def test_a_ratio_is_taken_round_by_round():
    found = {OURS.name: rates.Rates([100, 300]), "other": rates.Rates([10, 100])}
    assert rates.ratios(found) == {"other": Spread(3, 6.5, 10)}


def test_a_client_that_was_not_run_has_no_ratio_and_is_named_with_the_reason():
    found = {OURS.name: rates.Rates([100]), "other": rates.Rates(reason="it is not here")}
    assert rates.ratios(found) == {}
    assert rates.rows(found)[1] == ("other", "not run: it is not here")


def test_shares_are_taken_at_their_qos_and_the_median_is_judged():
    found = {
        OURS.name: rates.Rates([60, 30, 40]),
        LIMIT.name: rates.Rates([100, 100, 100]),
        BY_HAND.name: rates.Rates([60, 60, 40]),
    }
    of_limit, by_hand = shares.measured(found, 1), shares.measured(found, 0)
    (line,) = shares.rows(of_limit)
    assert line[1:] == ("0.30 < 0.40 < 0.60", "0.50", "0.70", "under the budget")
    (line,) = shares.rows(by_hand)
    assert line[1:] == ("0.50 < 1 < 1", "0.50", "1", "held")
    assert shares.measured({OURS.name: rates.Rates([1])}, 1) == {}


def test_files_of_the_library_have_their_shares_and_all_others_are_the_rest():
    core, session = by_file.LIBRARY / "core" / "a.py", by_file.LIBRARY / "session.py"
    times = {str(core): 10, str(session): 50, "/usr/lib/json.py": 15, by_file.SOCKET: 25}
    found = by_file.shares(times)
    assert list(found) == ["session.py", "core/a.py", by_file.SOCKET, by_file.REST]
    assert list(found.values()) == [0.5, 0.1, 0.25, 0.15]
    lines = by_file.rows({1: by_file.ByFile([10, 20, 30], found)})
    assert lines[0] == ("session.py", "10", "50.0%")
    assert lines[-1] == ("one publish", "20", "100%")


# The tap


@pytest.fixture
def tapped():
    """A client and a server with a tap between them."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        Tap(listening.getsockname()[1]) as tap,
    ):
        client = socket.create_connection(("127.0.0.1", tap.port), WAIT_S)
        server, _ = listening.accept()
        server.settimeout(WAIT_S)
        with client, server:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield client, server, tap


def test_a_tap_counts_each_write_of_a_client_as_a_segment(tapped):
    client, server, tap = tapped
    for _ in range(3):
        client.sendall(b"12345")
        assert server.recv(100) == b"12345"
    assert (tap.traffic().up_segments, tap.traffic().up_bytes) == (3, 15)


def test_a_tap_counts_a_turn_whenever_the_client_speaks_after_the_server(tapped):
    client, server, tap = tapped
    for question in (b"a", b"b"):
        client.sendall(question)
        assert server.recv(100) == question
        server.sendall(b"answer")
        assert client.recv(100) == b"answer"
    traffic = tap.traffic()
    assert (traffic.connections, traffic.turns, traffic.round_trips) == (1, 2, 3)
    assert (traffic.down_bytes, traffic.down_segments) == (12, 2)


def test_a_tap_knows_what_went_through_after_the_connection_has_ended(tapped):
    client, server, tap = tapped
    client.sendall(b"bye")
    client.shutdown(socket.SHUT_WR)
    assert server.recv(100) == b"bye" and server.recv(100) == b""
    server.close()
    assert client.recv(100) == b""
    assert until(lambda: tap.traffic().up_bytes == 3)


def test_headers_count_on_the_wire():
    traffic = Traffic(up_bytes=10, down_bytes=4, up_segments=1, down_segments=1, bare_segments=2)
    assert traffic.wire_bytes == 14 + 4 * HEADER_BYTES
    assert traffic - traffic == Traffic()
    assert (traffic + traffic).up_bytes == 20


# The real thing


@pytest.fixture(scope="module")
def interpreter():
    try:
        return interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def ran(interpreter, tmp_path_factory):
    """What a quick run printed, its figures, and the folder of its pictures."""
    folder = tmp_path_factory.mktemp("bench")
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "_print", said.append)
        assert program.main(["--quick", "--to", str(folder)]) == 0, said
    figures = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    return "\n".join(said), figures, folder / "bench"


def test_every_section_has_its_table_and_fits_a_terminal(ran):
    text, figures, _ = ran
    for title in ("Rate: ", "Files: ", "Wire: ", "Link: ", "Commands: ", "Boot: ", "Growth: "):
        assert f"\n{title}" in f"\n{text}"
    assert set(figures) == {"machine", *sections.SECTIONS}
    assert not [line for line in text.split("\n") if len(line) > LINE_WIDTH and "/" not in line]
    assert "not run" not in text


def test_pictures_are_drawn_of_what_was_measured(ran):
    _, figures, pictures = ran
    names = {path.name for path in pictures.glob("*.svg")}
    assert {f"growth-{each.key}-time.svg" for each in growth.DIMENSIONS} <= names
    assert len([name for name in names if name.startswith("rate-")]) == len(figures["rate"])
    assert all(path.read_text(encoding="utf-8").startswith("<svg") for path in pictures.iterdir())


def test_ours_is_many_times_faster_than_umqtt_simple(ran):
    _, figures, _ = ran
    first = next(iter(figures["rate"].values()))
    assert len(first["per_s"][OURS.name]["per_s"]) == 2
    assert first["ratio"][BY_HAND.name]["median"] > LEAST_RATIO


def test_both_shares_are_measured_with_every_broker(ran):
    text, figures, _ = ran
    names = {name for section in figures["rate"].values() for name in section["share"]}
    assert names == {share.name for share in shares.SHARES}
    for section in figures["rate"].values():
        (share,) = section["share"].values()
        assert 0 < share["least"] <= share["median"] <= share["most"]
    assert text.count("Rate: shares") == 1


@pytest.mark.parametrize("qos", [1, 0])
def test_the_time_of_a_publish_is_shared_out_among_files_that_exist(ran, qos):
    found = ran[1]["files"][f"QoS {qos}"]
    assert sum(found["share"].values()) == pytest.approx(1)
    assert sum(found["us"].values()) == pytest.approx(Spread.of(found["publish_us"]).median)
    *files, _, _ = found["share"]
    assert len(files) > 3
    assert all((by_file.LIBRARY / name).is_file() for name in files)
    assert by_file.CAPTION in ran[0]


@pytest.mark.parametrize("qos", [1, 0])
def test_a_publish_alone_is_one_segment_and_one_of_umqtt_simple_is_more(ran, qos):
    wire = ran[1]["wire"][f"QoS {qos}"]
    assert wire[OURS.name]["alone"]["up_segments"] == 1
    assert wire[BY_HAND.name]["alone"]["up_segments"] >= 2
    assert wire[OURS.name]["burst"]["up_segments"] <= 1  # of 200 at once


def test_over_a_slow_link_the_window_is_the_limit_and_not_the_round_trip(ran):
    (link,) = ran[1]["link"].values()
    ours, one = (max(link["per_s"][peer.name]["per_s"]) for peer in (OURS, LIMIT_ONE))
    assert one < 5.1  # a round trip is 200 ms
    assert ours > 5 * one


def test_a_poll_takes_all_commands_and_one_of_umqtt_simple_does_not(ran):
    (late,) = ran[1]["commands"].values()
    ours, by_hand = late[OURS.name], late[BY_HAND.name]
    assert (ours["heard"], ours["sent"]) == (40, 40)
    assert by_hand["heard"] < by_hand["sent"]
    assert ours["p99_ms"] < by_hand["p99_ms"]


def test_a_boot_with_a_digest_takes_fewer_round_trips_than_one_without_or_the_first(ran):
    (boots,) = ran[1]["boot"].values()
    first, later, digest = (boots[f"{OURS.name}, {kind}"] for kind in ("first", "later", "digest"))
    assert digest["round_trips"] < later["round_trips"] < first["round_trips"]
    assert digest["wire_bytes"] < later["wire_bytes"] < first["wire_bytes"]
    assert (digest["connections"], later["connections"]) == (1, 2)
    # On a busy machine an answer that crosses a packet counts as one more.
    assert digest["round_trips"] <= boots[BY_HAND.name]["round_trips"] + 1


def test_memory_does_not_grow_with_the_platforms_assets_or_with_time(ran):
    for key in ("found", "thousands"):
        points = ran[1]["growth"][key]
        heap_bytes = [point["heap_bytes"] for point in points]
        assert max(heap_bytes) - min(heap_bytes) < HEAP_SLACK_BYTES, key


def test_every_amount_of_work_has_its_figures(ran):
    for dimension in growth.DIMENSIONS:
        points = ran[1]["growth"][dimension.key]
        assert tuple(point["amount"] for point in points) == dimension.quick
        for point in points:
            assert min(point[key] for key in ("publish_us", "heap_bytes", "ram_bytes")) > 0


def test_without_mosquitto_the_local_platform_is_the_broker(interpreter, monkeypatch):
    monkeypatch.setattr(bed, "MOSQUITTO", None)
    with bed.Bed(interpreter) as running:
        assert running.broker == "local platform"
        assert running.versions()["mosquitto"] == "not installed: left out"
        late = latency.measure(running, [OURS], running.broker, per_s=20, poll_ms=50, seconds=0.5)
    assert (late[OURS.name].sent, late[OURS.name].heard) == (10, 10)


def test_a_client_that_does_not_run_is_named_with_the_reason(interpreter):
    gone = Peer("gone", "peer_umqtt", (), {"module": "umqtt.simple"})
    with bed.Bed(interpreter) as running:
        found = rates.measure(running, [gone], rates.Course(running.broker, rounds=1))
    assert found["gone"].reason.startswith("its program ended: ImportError")


def test_an_unknown_section_is_refused(capsys):
    with pytest.raises(SystemExit) as refusal:
        program.main(["--section", "flood"])
    assert refusal.value.code == 2
    assert "commands" in capsys.readouterr().err


def test_every_client_has_a_name_of_its_own():
    assert len({peer.name for peer in PEERS}) == len(PEERS)
