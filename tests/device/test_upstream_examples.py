"""The kinds of programs that the Python SDK's documentation shows, their logic unchanged.

Written in our own words. Token, id and endpoint are given, and no program polls: it assigns and
sleeps, as programs for the SDK do. They run until they are killed, as on a board.
"""

import time

import pytest

from tests.support.device_process import unix_seconds

COUNTER = """
import time
from allthingstalk import Client, Device, IntegerAsset

class CounterDevice(Device):
    counter = IntegerAsset()

client = Client(TOKEN, http=HTTP, mqtt=MQTT, ca=CA)
device = CounterDevice(client=client, id=DEVICE_ID)

n = 0
while True:
    device.counter = n
    n += 1
    time.sleep(0.05)
"""

STATE_WITH_TIME = """
import time
from allthingstalk import AssetState, Client, Device, NumberAsset, StringAsset

class Log(Device):
    reading = NumberAsset(unit="bar")
    note = StringAsset()

client = Client(TOKEN, http=HTTP, mqtt=MQTT, ca=CA)
log = Log(client=client, id=DEVICE_ID)
log.reading = AssetState(1.25, "2020-01-02T03:04:05.678Z")
log.reading = AssetState(1.5, time.time())
log.reading = AssetState(1.75, time.gmtime())
log.note = AssetState("checked", "2021-05-06T07:08:09+02:00")
print(log.note.value, log.note.at)
"""

WEATHER_STATION = """
import time
from allthingstalk import Asset, BooleanAsset, Client, Device, NumberAsset, StringAsset

class WeatherStation(Device):
    temperature = NumberAsset(unit="\\u00b0C")
    humidity = NumberAsset(unit="%")
    forecast = StringAsset(kind=Asset.VIRTUAL)
    reset = BooleanAsset(kind=Asset.ACTUATOR)

@WeatherStation.feed.temperature
def temperature_changed(device, value, at):
    print("temperature", value)
    device.forecast = "warm" if value > 20 else "cold"

@WeatherStation.command.reset
def reset_asked(device, value, at):
    print("reset", value)
    device.reset = value
    state["temperature"] = 10

state = {"temperature": 20}
client = Client(TOKEN, http=HTTP, mqtt=MQTT, ca=CA)
station = WeatherStation(client=client, id=DEVICE_ID)
print("started")

while True:
    station.temperature = state["temperature"]
    station.humidity = 50.5
    state["temperature"] += 1
    time.sleep(2)
"""


@pytest.fixture
def values(platform):
    device = platform.create_device("Example")
    return {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": platform.http,
        "MQTT": platform.mqtt,
        "CA": platform.roots_pem or None,
    }


def states(platform, values, asset):
    return [state["value"] for state in platform.states(values["DEVICE_ID"], asset)]


def test_a_counter(interpreter, platform, values):
    interpreter.start(COUNTER, values)
    assert platform.wait_for(lambda: len(states(platform, values, "counter")) >= 10)
    counted = states(platform, values, "counter")
    assert counted == list(range(len(counted)))


def test_states_with_a_time(interpreter, platform, values):
    program = interpreter.run(STATE_WITH_TIME, values)
    kept = platform.states(values["DEVICE_ID"], "reading")
    assert [state["value"] for state in kept] == [1.25, 1.5, 1.75]
    assert kept[0]["at"] == "2020-01-02T03:04:05.678Z"
    # A number and a tuple of this interpreter's own clock, whatever its epoch: it is about now.
    note = platform.state(values["DEVICE_ID"], "note")
    assert note == {"at": "2021-05-06T05:08:09Z", "value": "checked"}
    assert program.lines == ["checked 2021-05-06T05:08:09Z"]
    now = unix_seconds(kept[1]["at"])
    assert 0 <= now - unix_seconds(kept[2]["at"]) < 2
    assert abs(now - time.time()) < 10


def test_a_weather_station_hears_a_command_at_its_next_publish(interpreter, platform, values):
    program = interpreter.start(WEATHER_STATION, values)
    program.wait_for("started")
    assert platform.wait_for(lambda: states(platform, values, "humidity"))
    platform.send_command(values["DEVICE_ID"], "reset", True)
    # Heard by the second assignment to temperature, which comes after two seconds of sleep.
    assert program.wait_for("reset", timeout_s=4) == "True"
    assert platform.wait_for(lambda: len(states(platform, values, "temperature")) >= 2)
    assert platform.wait_for(lambda: states(platform, values, "forecast"))
    assert program.all("temperature")[0] == "20"
    assert states(platform, values, "forecast")[0] == "cold"
    assert platform.wait_for(lambda: states(platform, values, "reset")) == [True]
    assert states(platform, values, "temperature")[:2] == [20, 21]
