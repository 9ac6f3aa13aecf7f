"""A long list of assets on a small heap, 32 bits: the library as on boards, and as .py files."""

import http.client
import json

import pytest

from tools.simulate.local_platform import LocalPlatform

# As it goes onto boards, and from .py sources, which take more.
HEAPS = {"compiled": "52k", "mp32": "80k"}
ASSETS = 200

# It has two of the platform's 200 assets.
PROGRAM = """
import gc
from allthingstalk import Asset, BooleanAsset, Client, Device, NumberAsset

class Window(Device):
    temp = NumberAsset(name="asset007")
    led = BooleanAsset(name="asset199", kind=Asset.ACTUATOR)

@Window.command.led
def on_led(device, value, at):
    device.led = value
    print("heard", value)

client = Client(TOKEN, api=HTTP, mqtt=MQTT, timeout=4)
window = Window(client=client, id=DEVICE_ID)
print("connected", client.connected, client.errors, client.last_error)
gc.collect()
print("free", gc.mem_free())
for n in range(20):
    window.temp = n
assert client.flush(4)
print("ready")
while True:
    client.wait(0.05)
"""


@pytest.fixture
def platform():
    with LocalPlatform() as running:
        yield running


def add_assets(platform, device):
    """Create 200 assets with all that a list of assets can hold, as somebody else would."""
    connection = http.client.HTTPConnection("127.0.0.1", platform.http_port, timeout=5)
    headers = {"Authorization": f"Bearer {device.token}"}
    for n in range(ASSETS):
        asset = {
            "name": f"asset{n:03}",
            "title": f"Asset number {n}",
            "description": "An asset like all the others, but for its number. " * 3,
            "is": "actuator" if n == 199 else "sensor",
            "profile": {"type": "boolean"} if n == 199 else {"type": "number", "minimum": 0},
        }
        connection.request("POST", f"/device/{device.id}/assets", json.dumps(asset), headers)
        answer = connection.getresponse()
        assert answer.status == 201
        answer.read()
    connection.close()


@pytest.mark.parametrize("interpreter", HEAPS, indirect=True)
def test_a_device_among_200_assets_works_on_a_small_heap(interpreter, platform):
    device = platform.create_device("Window")
    add_assets(platform, device)
    program = interpreter.start(
        PROGRAM,
        {
            "TOKEN": device.token,
            "DEVICE_ID": device.id,
            "HTTP": platform.http,
            "MQTT": platform.mqtt,
        },
        options=("-X", "heapsize=" + HEAPS[interpreter.name]),
    )
    assert program.wait_for("connected") == "True 0 None"
    program.wait_for("ready")
    platform.send_command(device.id, "asset199", True)
    assert program.wait_for("heard") == "True"
    states = [state["value"] for state in platform.states(device.id, "asset007")]
    assert states == list(range(20))
    assert len(platform.assets(device.id)) == ASSETS
