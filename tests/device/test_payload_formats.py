"""CBOR and ABCL over real sockets: what the platform reads, by cbor2 and by a definition."""

import json
import subprocess
import sys

import pytest

from tests.support.device_process import unix_seconds
from tools.simulate.local_platform import LocalPlatform

DEVICE = """
from allthingstalk import (
    ArrayAsset, AssetState, BooleanAsset, Client, Device, GeoAsset, IntegerAsset, NumberAsset,
    ObjectAsset, StringAsset, abcl
)

class Station(Device):
    temp = NumberAsset()
    count = IntegerAsset()
    door = BooleanAsset(kind="actuator")
    text = StringAsset()
    place = GeoAsset()
    data = ObjectAsset()
    rows = ArrayAsset()

@Station.command.door
def on_door(device, value, at):
    print("heard", value, at is not None)
    device.door = value

LAYOUT = abcl.Format(
    ("temp", "int16", 0.1), ("count", "uint32"), ("door", "bit", 0), ("free", "bit", 3)
)
client = Client(TOKEN, api=HTTP, mqtt=MQTT, payload=PAYLOAD or LAYOUT)
station = Station(client=client, id=DEVICE_ID)
print("connected", client.connected)
"""
VALUES = {
    "temp": [21.5, -0.1, 1e30, 1 / 3, 5, 0.0],
    "count": [0, 23, 24, 255, 256, 65536, 1 << 32, -1, -25, (1 << 64) - 1, -(1 << 70)],
    "text": ["", "größer 😀", "a" * 300],
    "place": [
        {"latitude": 51.05, "longitude": 3.72},
        {"latitude": 1, "longitude": 2, "altitude": 3},
    ],
    "data": [{}, {"a": [1, None, {"b": "c"}]}],
    "rows": [[], [1, "2", [3.5]]],
}


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def values(platform):
    device = platform.create_device("Station")
    return {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": platform.http,
        "MQTT": "mqtt://" + platform.mqtt,
        "PAYLOAD": "cbor",
    }


def found(platform, values, asset):
    return [state["value"] for state in platform.states(values["DEVICE_ID"], asset)]


def test_values_of_all_kinds_arrive_as_they_are(interpreter, platform, values):
    interpreter.run(
        DEVICE
        + """
for name in sorted(VALUES):
    for value in VALUES[name]:
        setattr(station, name, value)
assert client.flush(10), client.last_error
print("errors", client.errors)
""",
        {**values, "VALUES": VALUES},
    )
    for asset, given in VALUES.items():
        assert found(platform, values, asset) == given, asset


def test_several_at_once_and_times_of_their_own(interpreter, platform, values):
    interpreter.run(
        DEVICE
        + """
station.update(temp=1.5, count=2, place={"latitude": 1, "longitude": 2})
station.temp = AssetState(3, at="2026-01-02T03:04:05Z")
station.temp = AssetState(4, at="2026-01-02T03:04:05.678Z", place={"latitude": 1, "longitude": 2})
assert client.flush(10), client.last_error
""",
        values,
    )
    states = platform.states(values["DEVICE_ID"], "temp")
    assert [state["value"] for state in states] == [1.5, 3, 4]
    assert [s["at"] for s in states[1:]] == ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z"]
    assert found(platform, values, "place") == [{"latitude": 1, "longitude": 2}]


def test_late_values_keep_their_time_and_commands_are_obeyed(interpreter, platform, values):
    program = interpreter.start(
        DEVICE
        + """
client.link.close()
station.temp = 1
client.link_up = lambda: False
client.wait(2.5)
client.link_up = None
station.temp = 2
while not client.flush(1):
    pass
print("again", client.connected)
client.wait(20)
""",
        values,
    )
    program.wait_for("again")
    early, late = platform.states(values["DEVICE_ID"], "temp")
    assert 1.5 < unix_seconds(late["at"]) - unix_seconds(early["at"]) < 8
    platform.send_command(values["DEVICE_ID"], "door", True)
    assert program.wait_for("heard") == "True True"
    assert platform.wait_for(lambda: found(platform, values, "door") == [True])


def test_bytes_in_a_layout_that_the_platform_was_told(interpreter, platform, values, tmp_path):
    program = tmp_path / "layout.py"
    program.write_text(DEVICE)
    printed = subprocess.run(
        [sys.executable, "-m", "tools.board.abcl_definition", str(program)],
        capture_output=True,
        text=True,
        check=True,
    )
    platform.set_abcl(values["DEVICE_ID"], json.loads(printed.stdout))
    platform.create_asset(values["DEVICE_ID"], "free", profile_type="boolean")
    interpreter.run(
        DEVICE
        + """
station.send({"temp": 21.5, "count": 4000000000, "door": True, "free": False})
station.send(LAYOUT.pack({"temp": -12.3, "count": 0, "door": False, "free": True}))
station.temp = 5
assert client.flush(10), client.last_error
""",
        {**values, "PAYLOAD": None},
    )
    assert found(platform, values, "temp") == pytest.approx([21.5, -12.3, 5])
    assert found(platform, values, "count") == [4000000000, 0]
    assert found(platform, values, "door") == [True, False]
    assert found(platform, values, "free") == [False, True]
