"""History, states and commands of other devices over real sockets, and in a heap of 72 KiB."""

import http.client
import json

import paho.mqtt.client as paho
import pytest

from tools.simulate.local_platform import LocalPlatform

STATES = 2500
DEVICE = """
from allthingstalk import BooleanAsset, Client, Device, NumberAsset

class Board(Device):
    temp = NumberAsset()
    lamp = BooleanAsset(kind="actuator", echo=True)

@Board.command.lamp
def on_lamp(device, value, at):
    print("lamp", value)

client = Client(TOKEN, api=HTTP, mqtt=MQTT)
board = Board(client=client, id=DEVICE_ID)
"""


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture(scope="module")
def recorded(platform):
    """A device with many states, a second apart from 2026-01-01 on."""
    device = platform.create_device("Recorder")
    platform.create_asset(device.id, "temp")
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(STATES)
    client.username_pw_set(device.token, "-")
    client.connect("127.0.0.1", platform.mqtt_port)
    client.loop_start()
    for n in range(STATES):
        at = f"2026-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"
        message = json.dumps({"value": n, "at": at})
        info = client.publish(f"device/{device.id}/asset/temp/state", message, 1)
    info.wait_for_publish(20)
    client.loop_stop()
    client.disconnect()
    assert platform.wait_for(lambda: platform.state(device.id, "temp")["value"] == STATES - 1, 20)
    return device


def values(platform, device):
    return {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": platform.http,
        "MQTT": "mqtt://" + platform.mqtt,
    }


@pytest.mark.parametrize("interpreter", ["cpython", "compiled"], indirect=True)
def test_a_long_history_in_a_small_heap(interpreter, platform, recorded):
    heap = [] if interpreter.name == "cpython" else ["-X", "heapsize=72k"]
    program = interpreter.run(
        DEVICE
        + """
count = 0
for state in board.history("temp"):
    if state.value != count:
        print("expected", count, "got", state)
        break
    count += 1
print("count", count)
since = list(board.history("temp", since="2026-01-01T00:00:58Z", until="2026-01-01T00:01:01Z"))
print("since", [state.value for state in since], since[0].at)
print("errors", client.errors, client.connected)
""",
        values(platform, recorded),
        options=heap,
    )
    assert program.all("count") == [str(STATES)]
    assert program.all("since") == ["[58, 59, 60, 61] 2026-01-01T00:00:58Z"]
    assert program.all("errors") == ["0 True"]


def test_states_of_another_device_and_commands_to_it(interpreter, platform):
    lamp, remote = platform.create_device("Lamp"), platform.create_device("Remote")
    listening = interpreter.start(DEVICE + "client.wait(30)\n", values(platform, lamp))
    assert platform.wait_for(lambda: platform.is_listening(lamp.id, "lamp"), 20)
    ground = values(platform, remote) | {"TOKEN": platform.ground_token, "LAMP": lamp.id}
    told = interpreter.run(
        DEVICE
        + """
print("before", client.get_states(LAMP))
client.send_command(LAMP, "lamp", True)
for _ in range(50):
    client.wait(0.1)
    states = client.get_states(LAMP)
    if states:
        break
print("after", states["lamp"].value, states["lamp"].at is not None)
""",
        ground,
    )
    assert told.all("before") == ["{}"] and told.all("after") == ["True True"]
    assert listening.wait_for("lamp") == "True"
    connection = http.client.HTTPConnection("127.0.0.1", platform.http_port, timeout=5)
    connection.request(
        "GET", f"/device/{lamp.id}/state", headers={"Authorization": f"Bearer {lamp.token}"}
    )
    assert json.load(connection.getresponse())["lamp"]["value"] is True
    connection.close()
