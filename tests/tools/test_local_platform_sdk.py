"""The judge of the local platform: the official Python SDK, which nobody here wrote.

It runs in a process of its own, without this project on its path: our library has the same name.
"""

import os
import subprocess
import sys

import pytest

from tools.simulate.local_platform import LocalPlatform

# A Python that has allthingstalk==0.3.0; the one that runs the tests unless it is told otherwise.
SDK_PYTHON = os.environ.get("ALLTHINGSTALK_SDK_PYTHON", sys.executable)
TIMEOUT_S = 30

# The SDK turns api="http://…" into HTTPS; it leaves http="http://…" and mqtt="host:port" alone.
PREAMBLE = """
import importlib.metadata, sys, time
assert importlib.metadata.version("allthingstalk") == "0.3.0"
from allthingstalk import *
from allthingstalk.exceptions import AccessForbiddenException
http, mqtt, token, device_id = sys.argv[1:]
client = Client(token, http=http, mqtt=mqtt)
assert client.mqtt is not None, "the SDK got no MQTT connection"
"""

WEATHER_STATION = """
class Station(Device):
    counter = IntegerAsset(minimum=0)
    temp = NumberAsset(unit="\\u00b0C")
    note = StringAsset(enum=["fine", "broken"])
    place = GeoAsset()
    led = BooleanAsset(kind=Asset.ACTUATOR)

heard = []

@Station.command.led
def on_led(device, value, at):
    heard.append((value, at.isoformat()))
    device.led = value

@Station.feed.temp
def on_temp(device, value, at):
    heard.append(("feed", value))

station = Station(client=client, id=device_id)
station.counter = 41
station.counter = 42
station.note = "fine"
station.place = {"latitude": 51.05, "longitude": 3.72}
station.temp = AssetState(21.5, "2020-01-02T03:04:05.960Z")
print("counter", station.counter.value)
print("temp", station.temp.value, station.temp.at.isoformat())
print("place", station.place.value)
again = Station(client=client, id=device_id)
print("ids", again.assets["temp"].id == station.assets["temp"].id, again.assets["temp"].thing_id)
print("ready", flush=True)
end = time.monotonic() + 15
while not any(value is True for value, at in heard) and time.monotonic() < end:
    time.sleep(0.02)
print("heard", heard, flush=True)
sys.stdin.readline()  # the SDK's thread sends the state; the end of the program would stop it
"""

REFUSED = """
class Station(Device):
    temp = NumberAsset()

try:
    Station(client=client, id=device_id)
except AccessForbiddenException:
    print("refused", flush=True)
"""


@pytest.fixture
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def run_sdk(platform, tmp_path):
    """Start a program that uses the SDK; it is ended with the test."""
    processes = []

    def run(program, token, device_id):
        script = tmp_path / "program.py"
        script.write_text(PREAMBLE + program, encoding="utf-8")
        process = subprocess.Popen(
            [SDK_PYTHON, "-I", script, platform.http, platform.mqtt, token, device_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def test_the_official_sdk_creates_publishes_reads_and_is_commanded(platform, run_sdk):
    device = platform.create_device("Station")
    process = run_sdk(WEATHER_STATION, device.token, device.id)

    assert platform.wait_for(
        lambda: platform.is_listening(device.id, "led") or process.poll() is not None, TIMEOUT_S
    )
    line = process.stdout.readline()
    seen = []
    while line and line != "ready\n":
        seen.append(line.rstrip("\n"))
        line = process.stdout.readline()
    command = platform.send_command(device.id, "led", True) if line else None
    platform.wait_for(lambda: platform.state(device.id, "led"), TIMEOUT_S)
    out, errors = process.communicate("\n", timeout=TIMEOUT_S)

    assert process.returncode == 0, errors
    assert seen == [
        "counter 42",
        "temp 21.5 2020-01-02T03:04:05.960000+00:00",
        "place {'latitude': 51.05, 'longitude': 3.72}",
        f"ids True {device.id}",
    ]
    assert "(True, '" + command["at"][:19] in out
    assert "('feed', 21.5)" in out
    assert [state["value"] for state in platform.states(device.id, "counter")] == [41, 42]
    assert platform.state(device.id, "temp") == {"at": "2020-01-02T03:04:05.96Z", "value": 21.5}
    # The SDK echoes the command only because its handler does so.
    assert platform.state(device.id, "led")["value"] is True
    assert {asset["name"]: asset["profile"]["type"] for asset in platform.assets(device.id)} == {
        "counter": "integer",
        "temp": "number",
        "note": "string",
        "place": "object",
        "led": "boolean",
    }


def test_the_official_sdk_understands_a_refused_token(platform, run_sdk):
    mine, other = platform.create_device(), platform.create_device()

    out, errors = run_sdk(REFUSED, mine.token, other.id).communicate(timeout=TIMEOUT_S)

    assert out == "refused\n", errors
    assert platform.assets(other.id) == []
