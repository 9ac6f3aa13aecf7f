"""The examples in boards/examples, each as a board's main.py, against the local platform."""

import json
import urllib.request
from pathlib import Path

import pytest
from virtual_board_console import mpremote

from tools.local_platform import LocalPlatform

BOARDS = Path(__file__).resolve().parents[2] / "boards"
EXAMPLES = sorted(path.name for path in (BOARDS / "examples").glob("*.py"))


@pytest.fixture
def platform():
    with LocalPlatform() as running:
        yield running


def start(board, platform, tmp_path, name, token=None, **changes):
    """Put an example onto the board with settings; `changes` are texts to be replaced in it."""
    device = platform.create_device()
    source = (BOARDS / "examples" / name).read_text(encoding="utf-8")
    for old, new in changes.items():
        assert source.count(f"{old} = ") == 1
        line = next(line for line in source.splitlines() if line.startswith(f"{old} = "))
        source = source.replace(line, f"{old} = {new!r}")
    (tmp_path / "main.py").write_text(source, encoding="utf-8")
    settings = {
        "token": token or device.token,
        "device": device.id,
        "api": platform.http,
        "mqtt": f"mqtt://{platform.mqtt}",
        "wifi": [["home", "passw0rd"]],
        "timeout": 2,
    }
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    mpremote(board, "fs", "cp", str(tmp_path / "main.py"), str(tmp_path / "settings.json"), ":")
    pins = BOARDS / "ALLTHINGSTALK_RPI_PICO_W" / "pins.py"
    mpremote(board, "resume", "fs", "cp", str(pins), ":")
    board.reset()
    return device


def values(platform, device, asset):
    return [state["value"] for state in platform.states(device.id, asset)]


def test_each_example_is_tried_here():
    assert EXAMPLES == ["deep_sleep.py", "display.py", "switch.py", "with_asyncio.py"]


def test_a_sensor_sleeps_deeply_between_values(board, platform, tmp_path):
    device = start(board, platform, tmp_path, "deep_sleep.py", SLEEP_S=1, REACHABLE_S=1)
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


def test_a_lamp_obeys_and_says_so(board, platform, tmp_path):
    device = start(board, platform, tmp_path, "switch.py")
    assert platform.wait_for(lambda: platform.is_listening(device.id, "lamp"), 30)
    for on in (True, False):
        platform.send_command(device.id, "lamp", on)
        board.wait_for_pin(15, int(on))
        assert platform.wait_for(lambda on=on: values(platform, device, "lamp")[-1:] == [on])


def test_what_another_device_measures_is_shown(board, platform, tmp_path):
    other = platform.create_device("Thermometer")
    start(board, platform, tmp_path, "display.py", platform.ground_token, OTHER=other.id)
    board.wait_for("nothing yet", 30)
    assert platform.wait_for(lambda: platform.is_listening(other.id, "temperature", "feed"), 10)
    request = urllib.request.Request(
        f"{platform.http}/device/{other.id}/asset/temperature/state",
        b'{"value": 19.5}',
        {"Authorization": f"Bearer {other.token}", "Content-Type": "application/json"},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=5).close()
    board.wait_for("19.5 °C", 10)


def test_asyncio_tasks_run_beside_the_client(board, platform, tmp_path):
    device = start(board, platform, tmp_path, "with_asyncio.py")
    assert platform.wait_for(lambda: platform.state(device.id, "pressure"), 30)["value"] == 1.2
    assert platform.wait_for(lambda: platform.is_listening(device.id, "speed"), 10)
    platform.send_command(device.id, "speed", 40)
    board.wait_for("speed 40", 10)
    assert platform.wait_for(lambda: values(platform, device, "speed") == [40])
