"""What only the field does: commands that were there before, requests refused for the moment."""

import time

import pytest

from tools.simulate.local_platform import LocalPlatform
from tools.simulate.local_platform.manners import LIKE_THE_FIELD, Manners

SMILE = "\U0001f600 / \u00e9"
DEVICE = """
from allthingstalk import Asset, Client, Device, IntegerAsset, StringAsset

class Window(Device):
    counter = IntegerAsset()
    words = StringAsset(kind=Asset.ACTUATOR)

@Window.command.words
def on_words(device, value, at):
    print("heard", value.encode(), at)
    device.words = value

client = Client(TOKEN, api=HTTP, mqtt=MQTT, ca=CA, timeout=3)
"""


def values_of(platform, device, **more):
    return {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": platform.http,
        "MQTT": platform.mqtt,
        "CA": platform.roots_pem or None,
        **more,
    }


def counters(platform, device):
    return [state["value"] for state in platform.states(device.id, "counter")]


def test_a_retained_command_is_obeyed_when_it_is_found_and_not_again(interpreter):
    with LocalPlatform(manners=LIKE_THE_FIELD) as platform:
        device = platform.create_device()
        platform.create_asset(device.id, "words", "actuator", "string")
        sent = platform.send_command(device.id, "words", SMILE)  # nobody is listening yet
        program = interpreter.start(
            DEVICE
            + """
window = Window(client=client, id=DEVICE_ID)
print("up")
while True:
    client.wait(0.02)
""",
            values_of(platform, device),
        )
        assert program.wait_for("heard") == f"{SMILE.encode()} {sent['at']}"
        assert platform.wait_for(lambda: platform.state(device.id, "words"))["value"] == SMILE
        for count in (1, 2):
            platform.stop()
            platform.start()
            assert platform.wait_for(lambda: platform.is_listening(device.id, "words"), 20)
            time.sleep(0.3)
            assert len(program.all("heard")) == count, program.output
            sent = platform.send_command(device.id, "words", SMILE)  # the same again, but later
            assert program.wait_for("heard", count + 1) == f"{SMILE.encode()} {sent['at']}"


@pytest.mark.parametrize("mqtt", [True, False])
def test_a_day_on_which_requests_are_refused_for_the_moment_costs_no_value(interpreter, mqtt):
    with LocalPlatform(manners=Manners(refuse_every=3, interim=True)) as platform:
        device = platform.create_device()
        values = values_of(platform, device)
        if not mqtt:
            values["MQTT"] = False
        program = interpreter.run(
            DEVICE
            + """
window = Window(client=client, id=DEVICE_ID, connect=False)
print("connected", window.connect(), client.status)
for n in range(8):
    window.counter = n
while not client.connected:
    client.wait(0.02)
print("delivered", client.flush(20), client.dropped)
print("said", client.last_error)
""",
            values,
        )
        # The list of assets and the first one come through, the second is refused.
        assert program.all("connected") == ["False offline"]
        assert program.all("delivered") == ["True 0"]
        assert "answered 4" in program.all("said")[0]
        assert [asset["name"] for asset in platform.assets(device.id)] == ["counter", "words"]
        assert counters(platform, device) == list(range(8))
