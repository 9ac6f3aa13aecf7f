"""The library's MQTT against mosquitto, a broker nobody here wrote; REST is the local platform.

paho-mqtt listens and commands. Skipped where mosquitto is not installed.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time

import paho.mqtt.client as paho
import pytest

from tools.simulate.local_platform import LocalPlatform

LIMIT_S = 10
VALUES = 1000
# Debian puts it where only administrators have their path.
MOSQUITTO = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")

pytestmark = pytest.mark.skipif(not MOSQUITTO, reason="mosquitto is not installed")

DEVICE = """
from allthingstalk import Asset, BooleanAsset, Client, Device, IntegerAsset

class Window(Device):
    counter = IntegerAsset()
    led = BooleanAsset(kind=Asset.ACTUATOR)

@Window.command.led
def on_led(device, value, at):
    print("heard", value, at)
    device.led = value

client = Client(TOKEN, api=HTTP, mqtt=MQTT, timeout=3, keepalive=KEEPALIVE_S, qos=QOS)
window = Window(client=client, id=DEVICE_ID)
print("connected", client.connected)
"""


class Mosquitto:
    """A broker on a free port that can be killed and started again with what it knew."""

    def __init__(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._kept = folder / "mosquitto.db"
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text(
            f"listener {self.port} 127.0.0.1\n"
            "allow_anonymous true\n"
            "user root\n"  # only read where root runs it: it would change to a user of its own
            "max_queued_messages 0\n"
            f"persistence true\npersistence_location {folder}/\n"
        )
        self._process = None

    def start(self):
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < end and self._process.poll() is None, "no mosquitto"
                time.sleep(0.02)

    def save(self):
        """Have it write its sessions and subscriptions to disk."""
        self._process.send_signal(signal.SIGUSR1)
        assert wait_for(lambda: self._kept.exists() and self._kept.stat().st_size)

    def kill(self):
        self._process.kill()
        self._process.wait()


class Listener:
    """A paho client with a session that lasts: it gets what was published while it was away.

    - `device`: whose states it hears, by default all.
    - `login`: user and password.
    """

    def __init__(self, port, device="+", login=None):
        self.states = []
        name = f"listener {device}"
        self._paho = paho.Client(paho.CallbackAPIVersion.VERSION2, name, clean_session=False)
        if login:
            self._paho.username_pw_set(*login)
        self._subscribed = False
        topic = f"device/{device}/asset/+/state"
        self._paho.on_connect = lambda *_: self._paho.subscribe(topic, 1)
        self._paho.on_subscribe = self._on_subscribe
        self._paho.on_message = self._on_message
        self._paho.reconnect_delay_set(1, 1)
        self._paho.connect("127.0.0.1", port)
        self._paho.loop_start()
        assert wait_for(lambda: self._subscribed)

    def _on_subscribe(self, *_):
        self._subscribed = True

    def _on_message(self, _client, _data, message):
        asset = message.topic.split("/")[3]
        self.states.append((asset, json.loads(message.payload)["value"], message.qos))

    def values(self, asset):
        return [value for name, value, _ in self.states if name == asset]

    def command(self, device_id, asset, text, retain=False):
        topic = f"device/{device_id}/asset/{asset}/command"
        self._paho.publish(topic, text, 1, retain).wait_for_publish(LIMIT_S)

    def close(self):
        self._paho.disconnect()
        self._paho.loop_stop()


def wait_for(predicate, timeout_s=LIMIT_S):
    end = time.monotonic() + timeout_s
    while not (result := predicate()) and time.monotonic() < end:
        time.sleep(0.01)
    return result


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def mosquitto(tmp_path):
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def listener(mosquitto):
    listening = Listener(mosquitto.port)
    yield listening
    listening.close()


@pytest.fixture
def values(platform, mosquitto):
    device = platform.create_device("Window")
    return {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": platform.http,
        "MQTT": f"127.0.0.1:{mosquitto.port}",
        "KEEPALIVE_S": 60,
        "QOS": 1,
    }


@pytest.mark.parametrize("qos", [1, 0])
def test_a_thousand_values_and_none_lost(interpreter, values, listener, qos):
    program = interpreter.run(
        DEVICE
        + """
for n in range(VALUES):
    window.counter = n
    client.poll()
    while client.pending > 300:
        client.wait(0.01)
assert client.flush(5)
print("dropped", client.dropped, client.errors)
""",
        {**values, "QOS": qos, "VALUES": VALUES},
    )
    assert program.all("dropped") == ["0 0"]
    assert wait_for(lambda: len(listener.states) >= VALUES)
    assert listener.values("counter") == list(range(VALUES))
    assert {state[2] for state in listener.states} == {qos}


def test_commands_are_heard_and_answered(interpreter, values, listener):
    program = interpreter.start(DEVICE + "while True:\n    client.wait(0.02)\n", values)
    assert program.wait_for("connected") == "True"
    listener.command(values["DEVICE_ID"], "led", '{"at":"2020-01-02T03:04:05.96Z","value":true}')
    assert program.wait_for("heard") == "True 2020-01-02T03:04:05.96Z"
    listener.command(values["DEVICE_ID"], "led", '{"Value":"off"}')
    assert program.wait_for("heard", 2) == "False None"
    assert wait_for(lambda: listener.values("led") == [True, False])


@pytest.mark.parametrize("interpreter", ["mp32"], indirect=True)
def test_a_silent_link_is_kept_alive(interpreter, values, listener):
    """The broker drops a client after one and a half keepalives (MQTT 3.1.1, section 3.1.2)."""
    program = interpreter.start(
        DEVICE + "client.wait(2.2)\nprint('still', client.connected, client.errors)\n",
        {**values, "KEEPALIVE_S": 1},
    )
    assert program.wait_for("still") == "True 0"


def test_a_killed_broker_loses_nothing_and_commands_are_heard_again(
    interpreter, values, mosquitto, listener
):
    program = interpreter.start(
        DEVICE
        + """
for n in range(50):
    window.counter = n
assert client.flush(5)
print("flushed")
while client.connected:
    client.wait(0.02)
print("lost")
for n in range(50, 100):
    window.counter = n
    client.wait(0.005)
print("assigned", client.pending)
while not client.flush(1):
    pass
print("again", client.connected, client.dropped)
while True:
    client.wait(0.02)
""",
        values,
    )
    program.wait_for("flushed")
    assert wait_for(lambda: len(listener.states) == 50)
    mosquitto.save()
    mosquitto.kill()
    program.wait_for("lost")
    assert program.wait_for("assigned") == "50"
    mosquitto.start()
    assert program.wait_for("again") == "True 0"
    # At least once: mosquitto repeats to paho what paho had not acknowledged when it was killed.
    assert wait_for(lambda: 99 in listener.values("counter"))
    assert list(dict.fromkeys(listener.values("counter"))) == list(range(100))
    listener.command(values["DEVICE_ID"], "led", '{"value":true}')
    assert program.wait_for("heard") == "True None"


def test_a_retained_command_is_obeyed_once_however_often_the_board_connects(
    interpreter, values, listener, tmp_path
):
    command = '{"at":"2026-01-01T00:00:00Z","value":true}'
    listener.command(values["DEVICE_ID"], "led", command, retain=True)
    source = DEVICE.replace("qos=QOS)", "qos=QOS, outbox=OUTBOX)") + (
        """
for left in (2, 1, 0):
    while not client.connected:
        client.wait(0.02)
    client.wait(0.3)
    if left:
        client.link.close()
print("errors", client.errors)
client.close()
"""
    )
    values["OUTBOX"] = str(tmp_path / "outbox")
    first, after_reset = interpreter.run(source, values), interpreter.run(source, values)
    assert first.all("heard") == ["True 2026-01-01T00:00:00Z"]
    assert after_reset.all("heard") == []
    assert first.all("errors") == after_reset.all("errors") == ["2"]  # the links that were cut
    assert listener.values("led") == [True]


def test_the_broker_publishes_the_last_will_of_a_board_that_vanished(interpreter, values, listener):
    program = interpreter.start(
        DEVICE.replace("qos=QOS)", "qos=QOS, last_will=(DEVICE_ID, 'led', False))")
        + "client.wait(30)\n",
        values,
    )
    assert program.wait_for("connected") == "True"
    program.kill(signal.SIGKILL)
    assert wait_for(lambda: listener.states) and listener.states == [("led", False, 1)]


def test_a_board_that_says_goodbye_has_no_last_will(interpreter, values, listener):
    interpreter.run(
        DEVICE.replace("qos=QOS)", "qos=QOS, last_will=(DEVICE_ID, 'led', False))")
        + "window.counter = 1\nclient.close()\n",
        values,
    )
    assert wait_for(lambda: listener.states) and listener.states == [("counter", 1, 1)]
