"""The examples: each is deployed to a virtual board and run on this PC, and does its work there."""

import calendar
import time
import urllib.request

import pytest

from tests.device.test_board_alone import TimeServer, good
from tests.support.examples_places import EXAMPLES, OnBoard, OnPC
from tests.support.virtual_board_console import mpremote
from tools.board import abcl_definition, boards
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.local_platform.manners import LIKE_THE_FIELD


@pytest.fixture
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def time_server():
    server = TimeServer()
    yield server
    server.close()


@pytest.fixture(params=["board", "pc"])
def place(request, tmp_path):
    if request.param == "board":
        yield OnBoard(request.getfixturevalue("board"), tmp_path)
        return
    pc = OnPC(tmp_path)
    yield pc
    pc.close()


QUICK = {"SLEEP_S": 1, "REACHABLE_S": 1, "DELIVER_S": 2}  # of a sensor that sleeps
NOBODY = "127.0.0.1:9"  # a time server that does not answer


def values(platform, device, asset):
    return [state["value"] for state in platform.states(device.id, asset)]


def command(platform, device, asset, value):
    assert platform.wait_for(lambda: platform.is_listening(device.id, asset), 30)
    platform.send_command(device.id, asset, value)


def test_each_example_has_a_program_and_a_readme_of_ten_lines_and_is_tried_here():
    topics = "abcl asyncio cbor deep_sleep default display first gateway health history switch"
    topics += " thermostat two_devices update"
    assert sorted(path.name for path in EXAMPLES.iterdir()) == topics.split()
    for topic in topics.split():
        assert {path.name for path in (EXAMPLES / topic).iterdir()} == {"README.md", "main.py"}
        readme = (EXAMPLES / topic / "README.md").read_text(encoding="utf-8")
        assert len(readme.splitlines()) <= 10
        assert f"examples/{topic}/main.py" in readme or topic == "default"


def test_the_first_program_counts_and_obeys(place, platform):
    device = place.start("first", platform)
    assert platform.wait_for(lambda: platform.state(device.id, "count"), 30)
    for on in (True, False):
        command(platform, device, "led", on)
        place.wait_for_pin("LED", int(on))
        assert platform.wait_for(lambda on=on: values(platform, device, "led")[-1:] == [on])
    place.wait_for("Wi-Fi home: connected")


def test_the_first_program_meets_the_manners_of_the_field(board, tmp_path, time_server):
    with LocalPlatform(manners=LIKE_THE_FIELD) as platform:
        device = OnBoard(board, tmp_path).start("first", platform, time_servers=[time_server.name])
        assert platform.wait_for(lambda: platform.state(device.id, "count"), 30)
        assert time_server.asked  # its clock was set, and is checked all the same
        command(platform, device, "led", True)
        board.wait_for_pin("LED", 1)
        assert platform.wait_for(lambda: values(platform, device, "led")[-1:] == [True], 10)
        board.reset()  # the command is retained, and a board that starts anew obeys it once
        assert platform.wait_for(lambda: len(values(platform, device, "led")) == 2, 30)
        time.sleep(0.5)
        assert values(platform, device, "led") == [True, True]


KINDS = {"esp32": "esp32", "rp2": "pico-w"}


@pytest.mark.parametrize(
    ("stock", "like"), [(one.stock, KINDS[one.port]) for one in boards.all_boards().values()]
)
def test_the_first_program_runs_on_each_of_the_boards_after_a_power_on(
    board, platform, tmp_path, stock
):
    device = OnBoard(board, tmp_path).start("first", platform, stock=stock)
    board.power_cut()
    command(platform, device, "led", True)
    pins = {}
    exec((boards.find(stock).folder / "pins.py").read_text(), pins)
    board.wait_for_pin(pins["LED"], 1)


def test_the_default_program_counts_and_says_what_it_is_told(place, platform):
    device = place.start("default", platform)
    place.wait_for_pin("LED", 1, 30)  # the status LED: it is on line
    assert platform.wait_for(lambda: platform.state(device.id, "count"), 30)
    command(platform, device, "led", True)
    place.wait_for("led True")
    assert platform.wait_for(lambda: values(platform, device, "led") == [True])


def test_a_sensor_sleeps_deeply_between_values(board, platform, tmp_path):
    device = OnBoard(board, tmp_path).start("deep_sleep", platform, time_servers=[NOBODY], **QUICK)
    assert platform.wait_for(lambda: len(values(platform, device, "temperature")) >= 2, 30)
    assert board.output.count("reachable for 1 s") == 1  # after the reset, not after each sleep
    platform.stop()
    at = len(board.output)
    at = board.wait_for("not delivered yet: 1", 60, at)
    board.wait_for("not delivered yet: 2", 60, at)
    before = len(platform.states(device.id, "temperature"))
    platform.start()
    assert platform.wait_for(
        lambda: len(platform.states(device.id, "temperature")) > before + 2, 60
    )
    times = [state["at"] for state in platform.states(device.id, "temperature")]
    assert times == sorted(times)
    assert set(values(platform, device, "temperature")) == {21.5}


AHEAD_S = 7200
SET_BY_AN_EDITOR = f"""
import machine, time
now = time.gmtime(time.time() + {AHEAD_S})  # local time, where it should be UTC
machine.RTC().datetime((now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0))
"""


def test_a_sensor_that_sleeps_puts_its_clock_right_and_the_times_of_what_waited(
    board, platform, tmp_path, time_server
):
    time_server.answer = lambda question: None
    device = OnBoard(board, tmp_path).start(
        "deep_sleep", platform, time_servers=[time_server.name], **QUICK
    )
    platform.stop()
    mpremote(board, "resume", "exec", SET_BY_AN_EDITOR)
    at, started = len(board.output), time.time()
    board.reset()
    at = board.wait_for("not delivered yet: 3", 60, at)  # of three boots, two hours ahead
    assert board.output[:at].count("the clock is not checked") >= 3
    time_server.answer = good
    board.wait_for("not delivered yet: 5", 60, at)  # since the last it was asked for sure
    platform.start()
    assert platform.wait_for(lambda: len(values(platform, device, "temperature")) >= 6, 60)
    found = [state["at"] for state in platform.states(device.id, "temperature")]
    seconds = [calendar.timegm(time.strptime(at[:19], "%Y-%m-%dT%H:%M:%S")) for at in found]
    assert seconds == sorted(seconds), found
    assert started - 60 < seconds[0] and seconds[-1] < time.time() + 2, found


def test_a_lamp_obeys_and_says_so(place, platform):
    device = place.start("switch", platform)
    for on in (True, False):
        command(platform, device, "lamp", on)
        place.wait_for_pin(15, int(on))
        assert platform.wait_for(lambda on=on: values(platform, device, "lamp")[-1:] == [on])


def test_what_another_device_measures_is_shown(place, platform):
    other = platform.create_device("Thermometer")
    place.start("display", platform, platform.ground_token, OTHER=other.id)
    place.wait_for("nothing yet", 30)
    assert platform.wait_for(lambda: platform.is_listening(other.id, "temperature", "feed"), 10)
    request = urllib.request.Request(
        f"{platform.http}/device/{other.id}/asset/temperature/state",
        b'{"value": 19.5}',
        {"Authorization": f"Bearer {other.token}", "Content-Type": "application/json"},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=5).close()
    place.wait_for("19.5 °C", 10)


def test_asyncio_tasks_run_beside_the_client(place, platform):
    device = place.start("asyncio", platform)
    assert platform.wait_for(lambda: platform.state(device.id, "pressure"), 30)["value"] == 1.2
    command(platform, device, "speed", 40)
    place.wait_for("speed 40", 10)
    assert platform.wait_for(lambda: values(platform, device, "speed") == [40])


def test_a_tracker_sends_cbor_with_places(place, platform):
    device = place.start("cbor", platform)
    assert platform.wait_for(lambda: values(platform, device, "speed") == [12.5], 30)
    assert values(platform, device, "place") == [{"latitude": 51.05, "longitude": 3.72}]


def test_three_values_are_seven_bytes(place, platform):
    main = EXAMPLES / "abcl" / "main.py"
    (layout,) = abcl_definition.layouts(main.read_text(encoding="utf-8"), main)
    device = place.start("abcl", platform)
    platform.set_abcl(device.id, abcl_definition.definition(layout))
    assert platform.wait_for(lambda: platform.state(device.id, "count"), 30)
    assert values(platform, device, "temperature")[-1] == 21.5
    assert values(platform, device, "door")[-1] in (True, False)


def test_the_mean_of_a_day(place, platform):
    place.start("history", platform)
    place.wait_for("values 1, mean 21.5", 30)


def test_a_board_that_nobody_looks_at_reports_how_it_is(place, platform):
    device = place.start("health", platform)
    assert platform.wait_for(lambda: platform.state(device.id, "uptime"), 30)
    assert values(platform, device, "errors")[-1:] == [0]
    assert values(platform, device, "temperature") == [21.5]


def test_a_board_offers_to_be_updated(place, platform):
    device = place.start("update", platform)
    assert platform.wait_for(lambda: values(platform, device, "update") == ["0: running"], 30)
    assert platform.wait_for(lambda: values(platform, device, "temperature") == [21.5], 30)
    command(platform, device, "update", "1.0")
    assert platform.wait_for(
        lambda: "has none of this name" in values(platform, device, "update")[-1]
    )


def test_five_sensors_share_one_token(place, platform):
    sensors = {f"a{n}": platform.create_device(f"Sensor {n}").id for n in range(1, 6)}
    gateway = place.start("gateway", platform, platform.ground_token, SENSORS=sensors)
    for device_id in sensors.values():
        # In one message, whose values the platform keeps one after the other.
        for asset, value in (("battery", 90), ("temperature", 21.5)):
            assert platform.wait_for(lambda i=device_id, a=asset: platform.state(i, a), 30)
            assert platform.state(device_id, asset)["value"] == value
    assert platform.wait_for(lambda: values(platform, gateway, "heard")[:1] == [5])


def test_the_thermostat_keeps_to_its_target_across_a_reset(place, platform):
    device = place.start("thermostat", platform)
    assert platform.wait_for(lambda: values(platform, device, "heating") == [True], 30)
    assert values(platform, device, "temperature") == [17.8]
    command(platform, device, "target", 5)
    place.wait_for("target 5")
    place.wait_for_pin("LED", 0)
    assert platform.wait_for(lambda: values(platform, device, "heating")[-1:] == [False])
    assert values(platform, device, "target") == [5]
    if hasattr(place, "board"):
        place.board.reset()
        before = len(values(platform, device, "heating"))
        assert platform.wait_for(lambda: len(values(platform, device, "heating")) > before, 30)
        assert values(platform, device, "heating")[-1] is False


def test_one_board_is_two_devices(place, platform):
    garden = platform.create_device("Garden")
    room = place.start("two_devices", platform, platform.ground_token, GARDEN=garden.id)
    assert platform.wait_for(lambda: platform.state(garden.id, "temperature"), 30)["value"] == 9.5
    assert platform.wait_for(lambda: platform.state(room.id, "temperature"))["value"] == 21.5
