"""Coming up, going away and coming back, on three interpreters against the local platform."""

import time

from tests.support.device_process import unix_seconds
from tests.support.scripted_server import ScriptedServer, http_answer

DEVICE = """
from allthingstalk import Asset, BooleanAsset, Client, Device, IntegerAsset

class Window(Device):
    counter = IntegerAsset()
    led = BooleanAsset(kind=Asset.ACTUATOR)

@Window.command.led
def on_led(device, value, at):
    print("heard", value)

def came(client):
    print("came", client.status, client.connected)

def went(client, reason):
    print("went", client.status, client.connected, bool(reason))

client = Client(
    TOKEN, api=HTTP, mqtt=MQTT, ca=CA, timeout=2, on_connect=came, on_disconnect=went)
assert (client.status, client.connected, client.pending) == ("offline", False, 0)
"""


def values_of(platform, **more):
    device = platform.create_device("Window")
    return {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": platform.http,
        "MQTT": platform.mqtt,
        "CA": platform.roots_pem or None,
        **more,
    }


def counters(platform, values):
    return [state["value"] for state in platform.states(values["DEVICE_ID"], "counter")]


def test_status_and_callbacks_tell_of_a_platform_that_goes_and_comes(interpreter, own_platform):
    platform, values = own_platform, values_of(own_platform)
    program = interpreter.start(
        DEVICE
        + """
from allthingstalk.timestamps import iso, now_ms
window = Window(client=client, id=DEVICE_ID)
assert client.wait(0.1)
window.counter = 1
assert client.flush(2)
print("up")
while client.connected:
    client.wait(0.02)
for n in (2, 3):
    window.counter = n
    print("assigned", n, iso(now_ms()))
    client.wait(0.3)
assert client.pending == 2 and not client.connected and client.status == "offline"
print("down")
while True:
    client.wait(0.02)
""",
        values,
    )
    program.wait_for("up")
    platform.stop()
    program.wait_for("down")
    time.sleep(0.8)
    came_back = time.monotonic()
    platform.start()
    assert platform.wait_for(lambda: len(counters(platform, values)) == 3, 10)
    # At the latest half the outage and half a second after the broker is.
    assert time.monotonic() - came_back < 2
    states = platform.states(values["DEVICE_ID"], "counter")
    assert [state["value"] for state in states] == [1, 2, 3]
    for n, state in zip((2, 3), states[1:]):
        assigned = unix_seconds(program.wait_for(f"assigned {n}"))
        assert abs(unix_seconds(state["at"]) - assigned) < 0.1
    program.wait_for("came", 2)
    assert program.all("came") == ["online True"] * 2
    assert program.all("went") == ["offline False True"]
    assert platform.wait_for(lambda: platform.is_listening(values["DEVICE_ID"], "led"))
    platform.send_command(values["DEVICE_ID"], "led", True)
    assert program.wait_for("heard") == "True"


def test_a_device_started_before_its_platform_comes_on_line_by_polling(interpreter, own_platform):
    platform, values = own_platform, values_of(own_platform)
    platform.stop()
    program = interpreter.start(
        DEVICE
        + """
window = Window(client=client, id=DEVICE_ID, connect=False)
print("result", window.connect(), client.status, client.errors > 0)
window.counter = 1
print("pending", client.pending)
while not client.poll():
    client.wait(0.02)
assert client.flush(2)
print("done")
while True:
    client.wait(0.02)
""",
        values,
    )
    assert program.wait_for("result") == "False offline True"
    assert program.wait_for("pending") == "1"
    platform.start()
    program.wait_for("done")
    assert counters(platform, values) == [1]
    assert program.all("came") == ["online True"] and not program.all("went")
    platform.send_command(values["DEVICE_ID"], "led", False)
    assert program.wait_for("heard") == "False"


def test_a_closed_client_delivers_says_goodbye_and_stays_off_line(interpreter, platform):
    values = values_of(platform)
    program = interpreter.run(
        DEVICE
        + """
window = Window(client=client, id=DEVICE_ID)
client.wait(0.05)
for n in range(20):
    window.counter = n
client.close()
assert (client.status, client.connected, client.pending) == ("closed", False, 0)
window.counter = 20
assert not client.poll() and not client.wait(0.3) and not client.flush(1)
assert (client.status, client.pending) == ("closed", 1)
print("closed")
assert window.connect()
assert client.flush(2) and client.connected
client.close()
client.close()
print("errors", client.errors)
""",
        values,
    )
    assert counters(platform, values) == list(range(21))
    assert program.all("errors") == ["0"]
    assert platform.wait_for(lambda: not platform.is_listening(values["DEVICE_ID"], "led"))


def test_pending_values_are_delivered_at_exit(interpreter, platform):
    values = values_of(platform)
    interpreter.run(
        DEVICE
        + """
window = Window(client=client, id=DEVICE_ID)
for n in range(40):
    window.counter = n
print("pending", client.pending)
""",
        values,
    )
    assert counters(platform, values) == list(range(40))


def test_an_exit_with_the_platform_away_takes_a_second_at_most(interpreter, own_platform):
    values = values_of(own_platform)
    program = interpreter.start(
        DEVICE
        + """
window = Window(client=client, id=DEVICE_ID)
print("up")
while client.connected:
    client.wait(0.02)
window.counter = 1
print("leaving")
""",
        values,
    )
    program.wait_for("up")
    own_platform.stop()
    program.wait_for("leaving")
    started = time.monotonic()
    program.finish()
    assert time.monotonic() - started < 1.5


def test_a_program_that_only_sleeps_hears_commands_by_the_timer(interpreter, platform):
    values = values_of(platform)
    program = interpreter.start(
        DEVICE
        + """
import time
window = Window(client=client, id=DEVICE_ID)
try:
    client.start(50)
except NotImplementedError as e:
    print("none", e)
    raise SystemExit
print("ready")
for _ in range(400):
    time.sleep(0.05)
""",
        values,
    )
    if interpreter.name != "cpython":
        # The unix ports have no machine.Timer; the virtual board and real boards do.
        assert "client.wait(seconds)" in program.wait_for("none")
        return
    program.wait_for("ready")
    for n in range(1, 4):
        platform.send_command(values["DEVICE_ID"], "led", bool(n % 2))
        assert program.wait_for("heard", n) == str(bool(n % 2))


def test_polling_as_a_coroutine_beside_other_tasks(interpreter, platform):
    values = values_of(platform)
    program = interpreter.start(
        DEVICE
        + """
import asyncio

async def count(window):
    for n in range(5):
        window.counter = n
        await asyncio.sleep(0.05)
    while not client.flush(0):
        await asyncio.sleep(0.02)
    print("counted")

async def main():
    window = Window(client=client, id=DEVICE_ID)
    other = asyncio.create_task(count(window))
    polling = asyncio.create_task(client.run())
    await other
    while client.last_error is None:
        await asyncio.sleep(0.02)
        if heard:
            client.close()
            break
    await polling
    print("ended", client.status)

heard = []

@Window.command.led
def on_led(device, value, at):
    heard.append(value)

asyncio.run(main())
""",
        values,
    )
    program.wait_for("counted")
    assert counters(platform, values) == [0, 1, 2, 3, 4]
    platform.send_command(values["DEVICE_ID"], "led", True)
    assert program.wait_for("ended") == "closed"
    program.finish()


def test_a_later_boot_with_a_digest_asks_rest_nothing(interpreter, platform):
    """REST is a server that counts; MQTT is the platform's own."""
    values = values_of(platform)
    program_text = (
        DEVICE.replace("timeout=2", "timeout=2, digest='definition'")
        + """
class More(Window):
    extra = IntegerAsset()

window = (More if MORE else Window)(client=client, id=DEVICE_ID)
print("online", client.connected)
"""
    )
    entries = [
        '{"name":"%s","is":"%s","id":"1","deviceId":"2","profile":{"type":"%s"}}' % entry
        for entry in (
            ("counter", "sensor", "integer"),
            ("led", "actuator", "boolean"),
            ("extra", "sensor", "integer"),
        )
    ]
    with ScriptedServer(http_answer(200, "[" + ",".join(entries) + "]")) as rest:
        values.update(HTTP=rest.http, MORE=False)
        asked = []
        for more in (False, False, True, True):
            values["MORE"] = more
            assert interpreter.run(program_text, values).all("online") == ["True"]
            asked.append(len(rest.connections))
    # Asked by the first boot, and again by the first one with another definition.
    assert asked == [1, 1, 2, 2]
