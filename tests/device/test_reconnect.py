"""What a reconnect asks and leaves: names looked up afresh, sockets closed, reasons in words.

Three interpreters, through the fault proxy to the local platform, or to brokers that say exact
bytes.
"""

from pathlib import Path

import pytest

from tests.support.fault_counts import COUNT_AND_DELIVER, DEVICE, VALUES
from tests.support.scripted_server import (
    Refusing,
    ScriptedServer,
    http_answer,
    mqtt_publish,
    mqtt_raw,
)
from tools.simulate.fault_proxy import FaultProxy
from tools.simulate.local_platform import LocalPlatform

RECONNECTS = 50
BURST = 5  # values that DEVICE assigns without a pause
DEVICE_ID = "5f0c5f0c5f0c5f0c5f0c5f0c"
LIST = (
    '[{"name":"counter","is":"sensor","profile":{"type":"integer"}},'
    '{"name":"other","is":"sensor","profile":{"type":"integer"}},'
    '{"name":"led","is":"actuator","profile":{"type":"boolean"}}]'
)


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def proxy(platform):
    with FaultProxy(platform.mqtt_port) as running:
        yield running
    platform.faults.off()


@pytest.fixture
def device(platform):
    return platform.create_device("Window")


@pytest.fixture
def values(platform, proxy, device):
    return {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": platform.http,
        "MQTT": f"mqtt://{proxy.address}",
        "TIMEOUT_S": 1,
        "VALUES": VALUES,
        "PACE_S": 0.005,
    }


# A resolver that knows one name more; what it answers may change while the program runs.
RESOLVER = """
import os
try:
    import usocket as real
except ImportError:
    import socket as real
import sys

class Resolver:
    def __getattr__(self, name):
        return getattr(real, name)

    def getaddrinfo(self, host, port, *more):
        if host == "platform.invalid":
            print("asked", os.listdir("."))
            host = "127.0.0.1"
            port = LATER if "moved" in os.listdir(".") else FIRST
            if "unknown" in os.listdir("."):
                raise OSError(-2)
        return real.getaddrinfo(host, port, *more)

sys.modules["usocket"] = Resolver()
"""


def test_a_name_is_looked_up_at_each_try(interpreter, platform, device, proxy, values, tmp_path):
    """The name moves to another address, and for a while nobody knows it."""
    with FaultProxy(platform.mqtt_port) as later:
        program = interpreter.start(
            RESOLVER + DEVICE + "while True:\n    client.wait(0.02)\n",
            {
                **values,
                "MQTT": "mqtt://platform.invalid:1883",
                "FIRST": proxy.port,
                "LATER": later.port,
            },
        )
        program.wait_for("came")
        (tmp_path / "unknown").touch()
        proxy.cut()
        text = program.wait_for("allthingstalk: mqtt://platform.invalid:1883: ", 2)
        assert "does not resolve" in text or "Name or service" in text, text
        (tmp_path / "moved").touch()
        (tmp_path / "unknown").unlink()
        program.wait_for("came", 2)
        # Once at the start, at least once in vain, and once for the new address.
        assert len(program.all("asked")) >= 3
        assert (proxy.counters.connections, later.counters.connections) == (1, 1)


OPEN_FILES = """
import os
from allthingstalk import BooleanAsset, Client, Device

class Window(Device):
    led = BooleanAsset(kind="actuator")

@Window.command.led
def on_led(device, value, at):
    pass

def open_files():
    return len(os.listdir("/proc/self/fd"))

def tried(http, mqtt):
    client = Client(TOKEN, http=http, mqtt=mqtt, ca=CA, timeout=2, log=None)
    window = Window(client=client, id=DEVICE_ID, connect=False)
    online = 0
    before = None
    for _ in range(RECONNECTS):
        try:
            online += window.connect()
        except Exception as e:
            print(e)
        client.poll()
        if CLOSE:
            client.close()
        if before is None:
            before = open_files()
    print("open", open_files() - before, online)
    client.close()
"""

linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc/self/fd to count")


def reconnect(interpreter, device_id, token, endpoints, ca=None, close=False, count=RECONNECTS):
    """Connect so often to each of these endpoints; return [(open files more, times on line)]."""
    calls = "".join(f"tried({http!r}, {mqtt!r})\n" for http, mqtt in endpoints)
    # CPython closes what nobody holds any more, and can tell; MicroPython's collector does too.
    options = ("-W", "always::ResourceWarning") if interpreter.name == "cpython" else ()
    given = {"TOKEN": token, "DEVICE_ID": device_id, "CA": ca, "CLOSE": close, "RECONNECTS": count}
    program = interpreter.run(OPEN_FILES + calls, given, options=options)
    assert "ResourceWarning" not in program.output, program.output
    return [tuple(map(int, line.split())) for line in program.all("open")]


@linux
def test_sockets_of_good_sessions_are_closed(interpreter, platform, device, proxy):
    endpoints = [(platform.http, proxy.address)]
    opened = reconnect(interpreter, device.id, device.token, endpoints, close=True)
    assert opened == [(0, RECONNECTS)]
    assert platform.wait_for(lambda: proxy.counters.open == 0)
    assert proxy.counters.connections == RECONNECTS


@linux
def test_sockets_of_failed_tries_are_closed(interpreter):
    """At REST and at MQTT; refused, cut off, answered with what it should not."""
    with (
        ScriptedServer(http_answer(200, LIST)) as good,
        ScriptedServer(http_answer(503)) as busy,
        ScriptedServer(http_answer(403)) as forbidding,
        ScriptedServer(mqtt_raw(b"\x20\x02\x00\x04")) as refusing,
        ScriptedServer(mqtt_raw(b"\x20\x02", hold=False)) as cutting,
        ScriptedServer(mqtt_raw(b"\x20\x02\x00\x00", hold=False)) as closing,
        ScriptedServer(mqtt_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as other,
        Refusing() as nobody,
    ):
        endpoints = [(server.http, good.address) for server in (busy, forbidding, nobody)]
        brokers = (refusing, cutting, closing, other, nobody)
        endpoints += [(good.http, server.address) for server in brokers]
        opened = reconnect(interpreter, DEVICE_ID, "maker:t0ken", endpoints, count=12)
        # Fewer is no leak: the one of the try before has gone.
        assert len(opened) == len(endpoints) and all(more <= 0 for more, _ in opened), opened
        assert len(refusing.connections) >= 12 and len(cutting.connections) >= 12


@linux
def test_sockets_of_refused_certificates_are_closed(interpreter):
    with (
        ScriptedServer(http_answer(200, LIST)) as good,
        FaultProxy(int(good.address.split(":")[1]), tls="expired") as bad,
    ):
        secure = f"localhost:{bad.port}"
        endpoints = [(f"https://{secure}", good.address), (good.http, f"mqtts://{secure}")]
        opened = reconnect(interpreter, DEVICE_ID, "maker:t0ken", endpoints, bad.ca_pem, count=10)
        assert opened == [(0, 0), (0, 0)]
        assert bad.counters.connections == 20


def test_a_session_that_the_broker_kept_is_subscribed_all_the_same(interpreter):
    """CONNACK with session present (MQTT 3.1.1, section 3.2.2.2), though a clean one was asked."""
    topic = f"device/{DEVICE_ID}/asset/led/command"

    def script(connection):
        connection.read_packet()
        connection.send(b"\x20\x02\x01\x00")
        asked = connection.read_packet()
        # SUBACK with the packet id of SUBSCRIBE, QoS 1 granted.
        connection.send(b"\x90\x03" + asked[2:4] + b"\x01", mqtt_publish(topic, b'{"value":true}'))
        connection.hold()

    with ScriptedServer(http_answer(200, LIST)) as rest, ScriptedServer(script) as broker:
        program = interpreter.start(
            DEVICE + "while True:\n    client.wait(0.02)\n",
            {"TOKEN": "maker:t0ken-of-a-test", "DEVICE_ID": DEVICE_ID, "TIMEOUT_S": 2}
            | {"HTTP": rest.http, "MQTT": broker.address, "VALUES": 1, "PACE_S": 0},
        )
        assert program.wait_for("connect") == "True"
        assert program.wait_for("heard") == "True"
    connect = broker.connections[0].received
    # The flags of CONNECT follow the name and the level of the protocol: a clean session is asked.
    assert connect[connect.index(b"MQTT") + 5] & 2


def test_on_disconnect_gets_its_reasons_in_words(interpreter, platform, device, proxy, values):
    program = interpreter.start(DEVICE + "while True:\n    client.wait(0.02)\n", values)
    faults = (
        (lambda: proxy.cut("fin"), "closed the connection"),
        (lambda: proxy.cut("rst"), "the other side cut the connection"),
        (lambda: platform.revoke(device.token), "connection"),
    )
    for number, (fault, words) in enumerate(faults, 1):
        program.wait_for("came", number)
        assert platform.wait_for(lambda: platform.is_listening(device.id, "led"))
        fault()
        reason = program.wait_for("went", number)
        assert words in reason and proxy.address in reason
    assert len(program.all("came")) == len(faults)


def test_on_disconnect_tells_of_silence(interpreter, platform, device, proxy, values):
    source = DEVICE.replace("timeout=", "keepalive=1, timeout=")
    program = interpreter.start(
        source + "while True:\n    client.wait(0.02)\n", {**values, "TIMEOUT_S": 0.5}
    )
    program.wait_for("connect")
    proxy.half_open()
    assert "a ping was not answered" in program.wait_for("went")
    proxy.accept()
    program.wait_for("came", 2)


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_at_qos_0_a_cut_loses_what_was_on_its_way_and_repeats_nothing(
    interpreter, platform, device, proxy, values, how
):
    source = COUNT_AND_DELIVER.replace("timeout=", "qos=0, timeout=")
    program = interpreter.start(source, values)
    program.wait_for("at 60")
    proxy.cut(how)
    assert program.wait_for("delivered") == "0 0"
    program.wait_for("came", 2)

    def arrived():
        return [state["value"] for state in platform.states(device.id, "counter")]

    assert platform.wait_for(lambda: VALUES - 1 in arrived())
    delivered = arrived()
    assert delivered == sorted(set(delivered))
    missing = sorted(set(range(VALUES)) - set(delivered))
    # Those of one or two bursts, in the middle: what waited for the next session was not lost.
    assert len(missing) <= 2 * BURST
    assert not missing or 20 <= missing[0] and missing[-1] < VALUES - 20
    platform.send_command(device.id, "led", True)
    assert program.wait_for("heard") == "True"
