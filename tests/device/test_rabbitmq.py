"""The library's MQTT against RabbitMQ, of whose family the platform's broker is.

Its MQTT plug-in reads a token as a virtual host and a user, and closes the link at a topic that is
not allowed. REST is the local platform; paho-mqtt listens and commands. Skipped where
rabbitmq-server is not installed.
"""

import pytest

from tests.device.test_mosquitto import DEVICE, Listener, wait_for
from tests.support import rabbitmq
from tests.support.device_process import Interpreter
from tools.simulate import interpreters
from tools.simulate.local_platform import LocalPlatform

VALUES = 300
LISTENER = "listener"

pytestmark = pytest.mark.skipif(bool(rabbitmq.MISSING), reason=str(rabbitmq.MISSING))


class Rig:
    """The local platform and a RabbitMQ that knows some of its devices.

    - `window`: {interpreter: device} that may write and read all that is its own.
    - `barred`: the same, that may not write its asset `led`.
    - `deaf`: may not read its commands.
    - `unknown`: the broker does not know its token.
    """

    def __init__(self, folder, platform):
        self.platform = platform
        names = interpreters.NAMES
        self.window = {name: platform.create_device("Window") for name in names}
        self.barred = {name: platform.create_device("Barred") for name in names}
        self.deaf = {name: platform.create_device("Deaf") for name in names}
        self.unknown = platform.create_device("Unknown")
        users = {LISTENER: None}
        for device in self.window.values():
            users[rabbitmq.user(device.token)] = (rf"^device\.{device.id}\.",) * 2
        for device in self.barred.values():
            write = rf"^device\.{device.id}\.asset\.counter\."
            users[rabbitmq.user(device.token)] = (write, rf"^device\.{device.id}\.")
        for device in self.deaf.values():
            users[rabbitmq.user(device.token)] = (rf"^device\.{device.id}\.", "^$")
        self.broker = rabbitmq.RabbitMQ(folder, users)

    def values(self, device):
        return {
            "TOKEN": device.token,
            "DEVICE_ID": device.id,
            "HTTP": self.platform.http,
            "MQTT": f"127.0.0.1:{self.broker.port}",
            "KEEPALIVE_S": 60,
            "QOS": 1,
        }


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    with LocalPlatform() as platform:
        running = Rig(tmp_path_factory.mktemp("rabbitmq"), platform)
        try:
            running.broker.start()
            yield running
        finally:
            running.broker.kill()


@pytest.fixture
def listen(rig):
    """Return a function that listens to a device."""
    listening = []

    def listen(device):
        login = (f"{rabbitmq.VHOST}:{LISTENER}", rabbitmq.PASSWORD)
        listening.append(Listener(rig.broker.port, device.id, login))
        return listening[-1]

    yield listen
    for listener in listening:
        listener.close()


@pytest.fixture
def programs(tmp_path):
    """All interpreters that are here, {name: Interpreter}, each with a folder of its own."""
    found = {}
    for name in interpreters.NAMES:
        try:
            command = interpreters.find(name)
        except interpreters.Missing:
            continue
        (tmp_path / name).mkdir()
        found[name] = Interpreter(name, command, tmp_path / name)
    yield found
    for interpreter in found.values():
        interpreter.close()


def told(program, words):
    """Wait for a report of the library that has some words in it."""
    assert wait_for(lambda: any(words in line for line in program.all("allthingstalk: "))), (
        program.output
    )


def test_values_arrive_and_commands_are_obeyed(interpreter, rig, listen):
    device = rig.window[interpreter.name]
    listener = listen(device)
    program = interpreter.start(
        DEVICE
        + """
for n in range(VALUES):
    window.counter = n
    client.poll()
assert client.flush(10)
print("dropped", client.dropped, client.errors)
while True:
    client.wait(0.02)
""",
        {**rig.values(device), "VALUES": VALUES},
    )
    assert program.wait_for("dropped") == "0 0"
    assert wait_for(lambda: len(listener.states) >= VALUES)
    assert listener.values("counter") == list(range(VALUES))
    listener.command(device.id, "led", '{"at":"2020-01-02T03:04:05.96Z","value":true}')
    assert program.wait_for("heard") == "True 2020-01-02T03:04:05.96Z"
    assert wait_for(lambda: listener.values("led") == [True])
    assert {qos for *_, qos in listener.states} == {1}


def test_a_killed_broker_loses_nothing_and_commands_are_heard_again(rig, listen, programs):
    """On all interpreters at once: its start takes long."""
    listeners, running = {}, {}
    for name, interpreter in programs.items():
        device = rig.window[name]
        listeners[name] = listen(device)
        running[name] = interpreter.start(
            DEVICE
            + """
for n in range(50):
    window.counter = n
assert client.flush(5)
print("flushed")
while client.connected:
    client.wait(0.02)
print("lost")
for n in range(50, 200):
    window.counter = n
    client.wait(0.005)
print("assigned", client.pending)
while not client.flush(1):
    pass
print("again", client.connected, client.dropped)
while True:
    client.wait(0.02)
""",
            rig.values(device),
        )
    for program in running.values():
        program.wait_for("flushed")
    rig.broker.kill()
    for program in running.values():
        program.wait_for("lost")
        assert program.wait_for("assigned") == "150"
    rig.broker.start()
    for name, program in running.items():
        assert program.wait_for("again", timeout_s=60) == "True 0"
        got = listeners[name]
        assert wait_for(lambda got=got: 199 in got.values("counter"), 30), got.values("counter")
        # At least once: what had arrived and was not acknowledged comes again.
        assert sorted(set(got.values("counter"))) == list(range(200))
        got.command(rig.window[name].id, "led", '{"value":true}')
        assert program.wait_for("heard") == "True None"


def test_a_topic_that_is_forbidden_costs_its_asset_alone(interpreter, rig, listen):
    """RabbitMQ closes the link at such a publish, and says nothing."""
    device = rig.barred[interpreter.name]
    listener = listen(device)
    program = interpreter.start(
        DEVICE
        + """
window.led = True
n = 0
while not client.dropped:
    window.counter = n
    n += 1
    client.wait(0.05)
window.led = False
window.counter = n
print("sent", client.flush(5), n + 1, client.dropped)
""",
        rig.values(device),
    )
    flushed, count, dropped = program.wait_for("sent", timeout_s=40).split()
    assert (flushed, dropped) == ("True", "2")
    told(program, f"asset 'led' of device {device.id} is set aside and 1 of its values dropped")
    told(program, "check that it exists, and what the token may do")
    assert wait_for(lambda: int(count) - 1 in listener.values("counter"))
    assert list(dict.fromkeys(listener.values("counter"))) == list(range(int(count)))
    assert not listener.values("led")


def test_a_subscription_that_is_forbidden_is_told_and_not_tried_for_ever(interpreter, rig):
    """RabbitMQ 3.10 closes the link; a broker may answer with a SUBACK of 0x80 as well."""
    device = rig.deaf[interpreter.name]
    program = interpreter.start(
        DEVICE
        + """
window.counter = 1
while client.status != "refused" and client.pending:
    client.wait(0.05)
print("ended", client.status, client.pending, client.dropped)
""",
        rig.values(device),
    )
    ended = program.wait_for("ended", timeout_s=40)
    if ended == "refused 1 0":
        told(program, "the token may be revoked or not be for this device")
    else:
        assert ended == "online 0 0"
        told(
            program, f"the platform refused the subscription to device/{device.id}/asset/+/command"
        )


def test_a_wrong_token_is_told_as_that(interpreter, rig):
    program = interpreter.run(
        """
from allthingstalk import AccessForbiddenException, Client, Device, IntegerAsset

class Window(Device):
    counter = IntegerAsset()

client = Client(TOKEN, api=HTTP, mqtt=MQTT, timeout=3)
try:
    Window(client=client, id=DEVICE_ID)
except AccessForbiddenException as e:
    print("refused", e.status, e)
print("status", client.status)
""",
        rig.values(rig.unknown),
    )
    said = program.wait_for("refused")
    assert said.startswith("4 ") and "the platform refused this token" in said
    assert program.wait_for("status") == "refused"
