"""A device program against the local platform, the whole path, on three interpreters."""

import pytest

IMPORTS = """
from allthingstalk import (
    ArrayAsset, Asset, AssetState, BooleanAsset, Client, Device, GeoAsset, IntegerAsset,
    NumberAsset, ObjectAsset, StringAsset)
"""
START = (
    IMPORTS
    + """
client = Client(TOKEN, api=HTTP, mqtt=MQTT, ca=CA, timeout=3)
"""
)


@pytest.fixture
def device(platform):
    return platform.create_device("Window")


def values_of(platform, device, **more):
    """Return what a program has to be told to use a device."""
    return {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": platform.http,
        "MQTT": platform.mqtt,
        "CA": platform.roots_pem or None,
        **more,
    }


def listens(platform, device, asset, stream="command"):
    assert platform.wait_for(lambda: platform.is_listening(device.id, asset, stream))


def test_assets_are_created_in_the_order_of_declaration(interpreter, platform, device):
    interpreter.run(
        START
        + """
class Base(Device):
    zeta = IntegerAsset(minimum=0, maximum=5, unit="cm")

class Window(Base):
    temp = NumberAsset(unit="\\u00b0C")
    led = BooleanAsset(kind=Asset.ACTUATOR, title="Lamp", description="On the sill")
    words = StringAsset(enum=["a", "b"])
    place = GeoAsset()
    shape = ObjectAsset(properties={"w": {"type": "number"}})
    row = ArrayAsset(name="2", items={"type": "integer"})
    own = Asset(kind=Asset.VIRTUAL, profile={"type": "number", "color": "red"})

window = Window(client=client, id=DEVICE_ID)
assert client.connected and client.status == "online", client.last_error
for member in window.assets:
    assert window.assets[member].id and window.assets[member].thing_id == DEVICE_ID, member
print("errors", client.errors)
""",
        values_of(platform, device),
    )
    assets = platform.assets(device.id)
    assert [asset["name"] for asset in assets] == (
        ["zeta", "temp", "led", "words", "place", "shape", "2", "own"]
    )
    by_name = {asset["name"]: asset for asset in assets}
    assert by_name["zeta"]["profile"] == (
        {"type": "integer", "minimum": 0, "maximum": 5, "unit": "cm"}
    )
    assert by_name["temp"]["profile"]["unit"] == "\u00b0C"
    assert by_name["temp"]["title"] == "Temp" and by_name["temp"]["is"] == "sensor"
    led = by_name["led"]
    assert (led["is"], led["title"], led["description"]) == ("actuator", "Lamp", "On the sill")
    assert set(by_name["place"]["profile"]["properties"]) >= {"latitude", "longitude"}
    assert by_name["2"]["profile"]["items"] == {"type": "integer"}
    assert by_name["own"]["is"] == "virtual" and by_name["own"]["profile"]["color"] == "red"


@pytest.mark.parametrize("options", ["", ", qos=0", ", mqtt=False"])
def test_values_are_published_and_read_back(interpreter, platform, device, options):
    start = START.replace(", mqtt=MQTT", "") if "mqtt" in options else START
    # Sent once and forgotten: nobody can know when it is there, so the program has to wait.
    settings = {"PAUSE_S": 0.3 if "qos" in options else 0}
    if "mqtt" in options:
        settings["MQTT"] = None
    program = interpreter.run(
        start.replace(", timeout=3", ", timeout=3" + options)
        + """
class Window(Device):
    temp = NumberAsset()
    led = BooleanAsset()
    note = StringAsset()
    place = GeoAsset()
    shape = ObjectAsset()
    row = ArrayAsset()
    never = IntegerAsset()

window = Window(client=client, id=DEVICE_ID)
assert client.connected and (client.mqtt is None) == (MQTT is None)
window.temp = 21.5
window.led = True
window.note = 'two "words" / \\u00e9 \\U0001f600'
window.place = {"latitude": 51.05, "longitude": 3.72}
window.shape = {"a": [1, {"b": None}]}
window.row = [1, 2, "x"]
assert client.flush(3) and client.pending == 0
window.temp = AssetState(20.25, "2020-01-02T03:04:05.96+02:00")
client.wait(PAUSE_S)
state = window.temp
print("temp", state.value, state.at)
assert window.led.value is True and window.led.at.endswith("Z")
assert window.note.value == 'two "words" / \\u00e9 \\U0001f600'
assert window.place.value == {"latitude": 51.05, "longitude": 3.72}
assert window.shape.value == {"a": [1, {"b": None}]} and window.row.value == [1, 2, "x"]
assert window.never is None
print("errors", client.errors, client.dropped)
""",
        values_of(platform, device, **settings),
    )
    assert program.all("temp") == ["20.25 2020-01-02T01:04:05.96Z"]
    assert program.all("errors") == ["0 0"]
    assert [state["value"] for state in platform.states(device.id, "temp")] == [21.5, 20.25]
    assert platform.state(device.id, "temp")["at"] == "2020-01-02T01:04:05.96Z"


@pytest.mark.parametrize("options", ["", ", qos=0", ", mqtt=False"])
def test_values_of_several_assets_go_in_one_message(interpreter, platform, device, options):
    start = START.replace(", mqtt=MQTT", "") if "mqtt" in options else START
    program = interpreter.run(
        start.replace(", timeout=3", ", timeout=3" + options)
        + """
class Window(Device):
    temp = NumberAsset()
    led = BooleanAsset()

window = Window(client=client, id=DEVICE_ID)
window.update(temp=21.5, led=AssetState(True, "2020-01-02T01:04:05Z"))
assert client.flush(3) and client.pending == 0
client.wait(0.3)
print("read", window.temp.value, window.led.value, window.led.at)
print("errors", client.errors, client.dropped)
""",
        values_of(platform, device, **({"MQTT": None} if "mqtt" in options else {})),
    )
    assert program.all("read") == ["21.5 True 2020-01-02T01:04:05Z"]
    assert program.all("errors") == ["0 0"]


def test_each_stream_reaches_its_handler_and_only_those_are_subscribed(
    interpreter, platform, device
):
    program = interpreter.start(
        START
        + """
def by_keyword(device, value, at):
    print("keyword", value)

class Window(Device):
    led = BooleanAsset(kind=Asset.ACTUATOR)
    dim = IntegerAsset(kind=Asset.ACTUATOR, handler=by_keyword)

class Door(Device):
    led = BooleanAsset(kind=Asset.ACTUATOR)

@Window.command.led
def on_command(device, value, at):
    print("command", value, at, device is window)
    device.led = value

@Window.feed.led
def on_feed(device, value, at):
    print("feed", value)

@Window.state.led
def on_state(device, value, at):
    print("state", value)

window = Window(client=client, id=DEVICE_ID)
print("ready")
client.wait(0.5)

@window.event.led
def on_event(device, value, at):
    print("event", value)

client.wait(0.1)
print("subscribed")
while True:
    client.wait(0.02)
""",
        values_of(platform, device),
    )
    program.wait_for("ready")
    # connect() returns when the subscriptions are there: no waiting here.
    assert platform.is_listening(device.id, "led", "command")
    assert platform.is_listening(device.id, "led", "feed")
    assert not platform.is_listening(device.id, "led", "event")
    message = platform.send_command(device.id, "led", True)
    assert program.wait_for("command") == f"True {message['at']} True"
    assert program.wait_for("feed") == "True"
    assert program.wait_for("state") == "True"
    assert platform.state(device.id, "led")["value"] is True
    platform.send_command(device.id, "dim", 7)
    assert program.wait_for("keyword") == "7"
    program.wait_for("subscribed")
    listens(platform, device, "led", "event")
    platform.send_event(device.id, "led", False)
    assert program.wait_for("event") == "False"


def test_devices_of_one_client_get_their_own_commands(interpreter, platform, device):
    other = platform.create_device("Door")
    program = interpreter.start(
        START
        + """
class Window(Device):
    led = BooleanAsset(kind=Asset.ACTUATOR)
    temp = NumberAsset()

@Window.command.led
def on_led(device, value, at):
    print("heard", device.id, value)
    device.temp = 1

first = Window(client=client, id=DEVICE_ID)
second = Window(client=client, id=OTHER_ID, connect=False)
assert second.connect()
assert first.assets["led"].id != second.assets["led"].id
first.temp = 10
second.temp = 20
print("ready")
while True:
    client.wait(0.02)
""",
        values_of(platform, device, OTHER_ID=other.id, TOKEN=platform.ground_token),
    )
    program.wait_for("ready")
    platform.send_command(other.id, "led", True)
    assert program.wait_for("heard") == f"{other.id} True"
    platform.send_command(device.id, "led", False)
    assert program.wait_for("heard", 2) == f"{device.id} False"
    for each, first in ((device, 10), (other, 20)):
        assert platform.wait_for(lambda each=each: len(platform.states(each.id, "temp")) == 2)
        assert [state["value"] for state in platform.states(each.id, "temp")] == [first, 1]


def test_low_level_calls_do_what_they_say(interpreter, platform, device):
    program = interpreter.run(
        START
        + """
from allthingstalk.exceptions import AssetStateRetrievalException, NotFoundException
assert client.get_assets(DEVICE_ID) == []
made = client.create_asset(DEVICE_ID, NumberAsset(name="a-b_1", unit="V", title="Volt"))
assert made.id and made.name == "a-b_1" and made.profile == {"type": "number", "unit": "V"}
listed = client.get_assets(DEVICE_ID)
assert [(a.name, a.title, a.kind, a.type) for a in listed] == [
    ("a-b_1", "Volt", "sensor", "number")]
changed = client.update_asset(DEVICE_ID, IntegerAsset(name="a-b_1", kind="config"))
assert changed.id == made.id and (changed.kind, changed.type) == ("config", "integer")
assert client.get_asset_state(DEVICE_ID, "a-b_1") is None
client.publish_asset_state(DEVICE_ID, "a-b_1", 5)
client.publish_asset_state(DEVICE_ID, "a-b_1", AssetState(6, "2021-01-01T00:00:00Z"))
assert client.flush(3)
state = client.get_asset_state(DEVICE_ID, "a-b_1")
assert state == AssetState(6, "2021-01-01T00:00:00Z"), state
client.delete_asset(DEVICE_ID, "a-b_1")
assert client.get_assets(DEVICE_ID) == []
for call, error in (
    (lambda: client.delete_asset(DEVICE_ID, "a-b_1"), NotFoundException),
    (lambda: client.get_asset_state(DEVICE_ID, "a-b_1"), AssetStateRetrievalException),
    (lambda: client.create_device("Another"), NotImplementedError),
):
    try:
        call()
    except error as e:
        print("raised", e.__class__.__name__)
print("errors", client.errors)
""",
        values_of(platform, device),
    )
    assert program.all("raised") == (
        ["NotFoundException", "AssetStateRetrievalException", "NotImplementedError"]
    )


def test_a_device_is_created_where_a_ground_is_given(interpreter, platform):
    program = interpreter.run(
        IMPORTS
        + """
client = Client(TOKEN, api=HTTP, mqtt=MQTT, ca=CA, timeout=3, ground=GROUND)

class Window(Device):
    temp = NumberAsset()

window = Window(client=client)
window.temp = 4
assert client.flush(3)
print("window", window.id)
print("other", client.create_device("Other"))
""",
        {
            "TOKEN": platform.ground_token,
            "HTTP": platform.http,
            "MQTT": platform.mqtt,
            "CA": platform.roots_pem or None,
            "GROUND": platform.ground,
        },
    )
    made = program.all("window")[0]
    assert platform.state(made, "temp")["value"] == 4
    assert program.all("other")[0] not in ("", made)


def test_a_mismatch_raises_and_is_put_right_when_asked(interpreter, platform, device):
    platform.create_asset(device.id, "temp", profile_type="string")
    platform.create_asset(device.id, "same", profile={"type": "number", "maximum": 5})
    program = interpreter.run(
        START
        + """
from allthingstalk.exceptions import AssetMismatchException

class Window(Device):
    temp = NumberAsset()
    same = NumberAsset(maximum=9)

window = Window(client=client, id=DEVICE_ID, connect=False)
try:
    window.connect()
except AssetMismatchException as e:
    print("mismatch", e.asset, e.expected, e.found)
try:
    window.temp = 1
except RuntimeError as e:
    print("not started", e)
assert not client.poll()
assert window.connect(overwrite_assets=True)
window.temp = 1
assert client.flush(3)
""",
        values_of(platform, device),
    )
    assert program.all("mismatch") == ["temp ('sensor', 'number') ('sensor', 'string')"]
    assert program.all("not started") == ["Device not started."]
    kept = {asset["name"]: asset for asset in platform.assets(device.id)}
    assert kept["temp"]["profile"] == {"type": "number"} and kept["temp"]["title"] == "Temp"
    assert kept["same"]["profile"]["maximum"] == 9
    assert platform.state(device.id, "temp")["value"] == 1


def test_what_merely_differs_in_title_or_limits_is_left_alone(interpreter, platform, device):
    platform.create_asset(device.id, "temp", title="Old", profile={"type": "number", "maximum": 5})
    interpreter.run(
        START
        + """
class Window(Device):
    temp = NumberAsset(maximum=9, title="Mine")

Window(client=client, id=DEVICE_ID)
assert client.connected
""",
        values_of(platform, device),
    )
    kept = platform.assets(device.id)[0]
    assert kept["title"] == "Old" and kept["profile"]["maximum"] == 5
