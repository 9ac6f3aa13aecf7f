"""What an MQTT broker can do wrong: named exceptions, or errors reported and counted.

Brokers that say exact bytes; three interpreters; time-outs of a second at most.
"""

import pytest

from tests.support.scripted_server import (
    ACCEPTED,
    Refusing,
    ScriptedServer,
    http_answer,
    mqtt_publish,
    mqtt_raw,
)
from tools.simulate.local_platform import LocalPlatform

TOKEN = "maker:4f0cToKeNtHaTmAyNeVeRbEsHoWn"
DEVICE_ID = "5f0c5f0c5f0c5f0c5f0c5f0c"
TOPIC = f"device/{DEVICE_ID}/asset/%s/command"

DEVICE = """
import time
from allthingstalk import ArrayAsset, Asset, BooleanAsset, Client, Device, IntegerAsset

class Window(Device):
    dim = IntegerAsset(kind=Asset.ACTUATOR, minimum=0, maximum=100)
    row = ArrayAsset(kind=Asset.ACTUATOR)

came = []

def went(client, reason):
    print("went", reason)

client = Client(TOKEN, api=HTTP, mqtt=MQTT, timeout=TIMEOUT_S, on_disconnect=went)
client.on_connect = came.append
"""

CONNECT = (
    DEVICE
    + """
window = Window(client=client, id=DEVICE_ID, connect=False)
started = time.time()
try:
    print("connect", window.connect())
except Exception as e:
    print("connect", e.__class__.__name__, e.status)
    print("text", e)
print("took", time.time() - started)
end = time.time() + WAIT_S
while time.time() < end and len(came) < SESSIONS:
    client.wait(0.02)
print("status", client.status)
print("errors", client.errors)
print("last", client.last_error)
client.close()
"""
)

# Hears every command until one says 42.
LISTEN = (
    DEVICE.replace("TIMEOUT_S, on", "TIMEOUT_S, max_message=MAX_BYTES, on")
    + """
last = []

@Window.command.dim
def on_dim(device, value, at):
    print("dim", value)
    if value == 42:
        last.append(value)

@Window.command.row
def on_row(device, value, at):
    print("row", len(value))

window = Window(client=client, id=DEVICE_ID)
while not last:
    client.wait(0.02)
print("errors", client.errors)
print("last", client.last_error)
client.close()
"""
)

LIST = (
    '[{"name":"dim","is":"actuator","profile":{"type":"integer"}},'
    '{"name":"row","is":"actuator","profile":{"type":"array"}}]'
)


@pytest.fixture(scope="module")
def rest():
    with ScriptedServer(http_answer(200, LIST)) as server:
        yield server


def connect(interpreter, rest, mqtt, wait_s=0, timeout_s=1, sessions=99):
    """Return the output of a program that connects, and then polls for `wait_s` seconds at most."""
    return interpreter.run(
        CONNECT,
        {"TOKEN": TOKEN, "DEVICE_ID": DEVICE_ID, "HTTP": rest.http, "MQTT": mqtt}
        | {"TIMEOUT_S": timeout_s, "WAIT_S": wait_s, "SESSIONS": sessions},
    )


REFUSED = {
    1: "PlatformException",
    2: "PlatformException",
    4: "AccessForbiddenException",
    5: "AccessForbiddenException",
}


@pytest.mark.parametrize("code", REFUSED)
def test_a_connack_that_refuses(interpreter, rest, code):
    with ScriptedServer(mqtt_raw(b"\x20\x02\x00" + bytes([code]))) as broker:
        program = connect(interpreter, rest, broker.address, wait_s=0.1)
    assert program.all("connect") == [f"{REFUSED[code]} {code}"]
    assert program.all("status") == ["refused"]
    assert len(broker.connections) == 1
    assert TOKEN.encode() in broker.connections[0].received


PASSING = {
    "connack-3": mqtt_raw(b"\x20\x02\x00\x03"),
    "garbage": mqtt_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "connack-cut": mqtt_raw(b"\x20\x02", hold=False),
    "closed-at-once": mqtt_raw(hold=False),
    "another-packet": mqtt_raw(b"\xd0\x00\xd0\x00"),
    "silent": mqtt_raw(),
    "half-a-connack": mqtt_raw(b"\x20\x02"),
}


@pytest.mark.parametrize("case", PASSING)
def test_a_broker_that_does_not_let_in(interpreter, rest, case):
    with ScriptedServer(PASSING[case]) as broker:
        program = connect(interpreter, rest, broker.address, timeout_s=0.3)
        assert program.all("connect") == ["False"]
        assert program.all("status") == ["offline"]
        assert int(program.all("errors")[0]) >= 1
        assert broker.address in program.all("last")[0]
        assert float(program.all("took")[0]) < 1.5


def test_a_refused_connection(interpreter, rest):
    with Refusing() as nobody:
        program = connect(interpreter, rest, nobody.address)
    assert program.all("connect") == ["False"] and program.all("errors") == ["1"]
    assert nobody.address in program.all("last")[0]


def test_a_name_that_does_not_resolve(interpreter, rest):
    program = connect(interpreter, rest, "mqtt://name.invalid:1883")
    assert program.all("connect") == ["False"] and program.all("errors") == ["1"]
    assert "name.invalid" in program.all("last")[0]


def test_a_connection_that_is_closed_right_after_its_connack_is_not_a_spin(interpreter, rest):
    with ScriptedServer(mqtt_raw(ACCEPTED, hold=False)) as broker:
        program = connect(interpreter, rest, broker.address, wait_s=1)
    # At once, then after 0.5, 1, 2 s, each up to half sooner.
    assert 2 <= len(broker.connections) <= 5
    assert int(program.all("errors")[0]) >= len(broker.connections) - 1
    assert program.all("status")[0] in ("offline", "refused", "connecting", "online")


def test_a_slow_connack_within_the_timeout_is_taken(interpreter, rest):
    with ScriptedServer(mqtt_raw(0.1, b"\x20", 0.1, b"\x02\x00", 0.1, b"\x00")) as broker:
        program = connect(interpreter, rest, broker.address)
    assert program.all("connect") == ["True"] and program.all("errors") == ["0"]


# After the CONNACK; each is a violation or a stall that ends the session.
VIOLATIONS = {
    "second-connack": ACCEPTED,
    "impossible-length": b"\x30\xff\xff\xff\xff\x01",
    "qos-2": b"\x34\x07\x00\x01t\x00\x01{}",
    "topic-longer-than-packet": b"\x30\x05\x00\xff abc",
    "packet-stalls": b"\x30\x40\x00\x05topic",
    "reserved-type": b"\xf0\x00",
    "http-stalls": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}


@pytest.mark.parametrize("case", VIOLATIONS)
def test_a_violation_of_the_protocol_ends_the_session_which_comes_back(interpreter, rest, case):
    with ScriptedServer(mqtt_raw(ACCEPTED, 0.3, VIOLATIONS[case])) as broker:
        program = connect(interpreter, rest, broker.address, wait_s=3, timeout_s=0.5, sessions=2)
    assert program.all("connect") == ["True"]
    assert len(broker.connections) == 2
    assert program.all("went") and program.all("errors") == ["1"]


def commands(*packets):
    """Return a script: let in, grant one subscription, then say these packets."""

    def script(connection):
        connection.read_packet()
        connection.send(ACCEPTED)
        asked = connection.read_packet()
        # SUBACK with the packet id of SUBSCRIBE, QoS 1 granted (MQTT 3.1.1, section 3.9).
        connection.send(b"\x90\x03" + asked[2:4] + b"\x01", *packets)
        connection.hold()

    return script


def dim(payload):
    return mqtt_publish(TOPIC % "dim", payload)


GOOD = dim(b'{"value":42}')

UNUSABLE = (
    b"turn it on",
    b'{"value":',
    b"",
    b"\xff\xfe\x00{}",
    b'{"at":"2020-01-02T03:04:05Z"}',
    b'{"value":null}',
    b"null",
    b'{"value":1.5}',
    b'{"value":"much"}',
    b'{"value":[1]}',
    b'{"value":{"value":1}}',
    b'{"value":101}',
    b'{"value":1e999}',
    b'{"value":' + b"9" * 300 + b"}",
)


def listen(interpreter, rest, *packets, options=(), max_bytes=4096):
    """Return the program's output after it heard these packets and then a good command."""
    with ScriptedServer(commands(*packets, GOOD)) as broker:
        program = interpreter.run(
            LISTEN,
            {"TOKEN": TOKEN, "DEVICE_ID": DEVICE_ID, "HTTP": rest.http, "MQTT": broker.address}
            | {"TIMEOUT_S": 2, "MAX_BYTES": max_bytes},
            options=options,
        )
        assert len(broker.connections) == 1, program.output
        return program


def test_each_command_that_cannot_be_used_is_reported_and_counted(interpreter, rest):
    program = listen(interpreter, rest, *[dim(payload) for payload in UNUSABLE])
    assert program.all("dim") == ["42"]
    assert program.all("errors") == [str(len(UNUSABLE))]
    assert len(program.all("allthingstalk: a command of 'dim'")) == len(UNUSABLE), program.output


def test_a_command_nested_too_deep_is_no_crash(interpreter, rest):
    deep = b'{"value":' + b"[" * 1800 + b"]" * 1800 + b"}"
    program = listen(interpreter, rest, mqtt_publish(TOPIC % "row", deep))
    # An interpreter with room for it may take it; one without reports it.
    assert program.all("row") == ["1"] or program.all("errors") == ["1"]
    assert program.all("dim") == ["42"]


@pytest.mark.parametrize("size", [4097, 5000, 70_000, 300_000])
def test_a_command_over_the_limit_is_skipped_and_reported(interpreter, rest, size):
    payload = b'{"value":"' + b"x" * (size - 12) + b'"}'
    program = listen(interpreter, rest, dim(payload))
    assert program.all("dim") == ["42"]
    assert program.all("errors") == ["1"]
    assert TOPIC % "dim" in program.all("last")[0]


def test_a_command_at_the_limit_is_taken(interpreter, rest):
    payload = b'{"value":[' + b" " * (4096 - 13) + b"1]}"
    program = listen(interpreter, rest, mqtt_publish(TOPIC % "row", payload))
    assert program.all("row") == ["1"] and program.all("errors") == ["0"]


SMALL_HEAP = ("-X", "heapsize=96k")


@pytest.mark.parametrize("interpreter", ["mp32"], indirect=True)
@pytest.mark.parametrize("max_bytes", [4096, 200_000])
def test_a_command_larger_than_the_heap_is_skipped_and_reported(interpreter, rest, max_bytes):
    """Also where the limit was set higher than the memory allows."""
    payload = b'{"value":[' + b"1," * 60_000 + b"1]}"
    program = listen(
        interpreter,
        rest,
        mqtt_publish(TOPIC % "row", payload),
        options=SMALL_HEAP,
        max_bytes=max_bytes,
    )
    assert not program.all("row") and program.all("dim") == ["42"]
    assert program.all("errors") == ["1"]


@pytest.mark.parametrize("interpreter", ["mp32"], indirect=True)
def test_a_command_that_fits_but_not_as_objects_is_reported(interpreter, rest):
    """20 KiB of JSON, 10,000 numbers: the message fits into the heap, its list does not."""
    payload = b'{"value":[' + b"1.5," * 5_000 + b"1]}"
    program = listen(
        interpreter,
        rest,
        mqtt_publish(TOPIC % "row", payload),
        options=SMALL_HEAP,
        max_bytes=30_000,
    )
    assert not program.all("row") and program.all("dim") == ["42"]
    assert int(program.all("errors")[0]) >= 1


def test_a_refused_subscription_is_reported_and_the_rest_goes_on(interpreter, rest):
    def script(connection):
        connection.read_packet()
        connection.send(ACCEPTED)
        asked = connection.read_packet()
        # SUBACK 0x80: failure (MQTT 3.1.1, section 3.9.3).
        connection.send(b"\x90\x03" + asked[2:4] + b"\x80", GOOD)
        connection.hold()

    with ScriptedServer(script) as broker:
        program = interpreter.run(
            LISTEN,
            {"TOKEN": TOKEN, "DEVICE_ID": DEVICE_ID, "HTTP": rest.http, "MQTT": broker.address}
            | {"TIMEOUT_S": 2, "MAX_BYTES": 4096},
        )
    assert program.all("errors") == ["1"] and "+/command" in program.all("last")[0]
    assert program.all("dim") == ["42"]


def test_a_broker_that_lets_in_and_says_nothing_is_found_dead(interpreter, rest):
    """No SUBACK, no PUBACK: after `timeout` the session ends, and the value is sent again."""
    program_text = CONNECT.replace('print("took"', 'window.dim = 7\nprint("took"')
    program_text = program_text.replace("client.close()", 'print("pending", client.pending)')
    with ScriptedServer(mqtt_raw(ACCEPTED)) as broker:
        program = interpreter.start(
            program_text,
            {"TOKEN": TOKEN, "DEVICE_ID": DEVICE_ID, "HTTP": rest.http, "MQTT": broker.address}
            | {"TIMEOUT_S": 0.4, "WAIT_S": 1.5, "SESSIONS": 3},
        )
        assert program.wait_for("pending") == "1"
    assert len(broker.connections) >= 2
    assert program.all("went") and int(program.all("errors")[0]) >= 1
    publish = b'\x00\x01{"value":7'
    first, second = (connection.received for connection in broker.connections[:2])
    topic = (TOPIC % "dim").replace("command", "state").encode()
    assert topic in first and publish in first
    # The second carries DUP (MQTT 3.1.1, section 3.3.1); before the topic are the first byte, one
    # byte of length and two of the topic's.
    assert first[first.index(topic) - 4] == 0x32 and second[second.index(topic) - 4] == 0x3A


def test_a_wrong_token_at_the_platform(interpreter, rest):
    with LocalPlatform() as platform:
        program = connect(interpreter, rest, platform.mqtt)
    code = program.all("connect")[0]
    assert code in ("AccessForbiddenException 4", "AccessForbiddenException 5")
