"""Certificates that have to be refused: at the start, in the middle of good times, on either side.

The fault proxy shows them and keeps every byte that came, before the handshake and inside TLS.
"""

import base64

import pytest

from tests.support.device_process import pieces
from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.local_platform import LocalPlatform

# What the text has to name, by kind of certificate: the words of OpenSSL or those of mbedTLS.
REASONS = {
    "expired": ("expired",),
    "not-yet-valid": ("not yet valid", "future"),
    "wrong-host": ("mismatch", "not valid for", "does not match"),
    "self-signed": ("self-signed", "self signed", "trusted ca"),
    "other-ca": ("issuer", "trusted ca"),
}
STORM_WAIT_S = 1

DEVICE = """
from allthingstalk import BooleanAsset, CertificateException, Client, Device, IntegerAsset

class Window(Device):
    counter = IntegerAsset()
    led = BooleanAsset(kind="actuator")

@Window.command.led
def on_led(device, value, at):
    print("heard", value)

client = Client(TOKEN, http=HTTP, mqtt=MQTT, ca=CA, timeout=5)
window = Window(client=client, id=DEVICE_ID, connect=False)
"""

REFUSED = (
    DEVICE
    + """
try:
    print("connect", window.connect())
except CertificateException as e:
    print("refused", repr(str(e)))
print("status", client.status)
try:
    window.counter = 1
except RuntimeError as e:
    print("not started", e)
print("poll", client.poll())
"""
)

LATER = (
    DEVICE
    + """
print("connect", window.connect())
window.counter = 1
print("flushed", client.flush(5))
while client.status != "refused":
    client.wait(0.02)
window.counter = 2
print("refused", repr(client.last_error))
client.wait(STORM_WAIT_S)
print("waited", client.status, client.connected, client.pending)
input()
print("again", window.connect())
print("flushed", client.flush(5), client.pending, client.dropped)
while True:
    client.wait(0.02)
"""
)


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture(scope="module")
def certificates():
    return Certificates()


@pytest.fixture
def fronts(platform, certificates):
    """TLS in front of REST and of MQTT, both good at first."""
    with (
        FaultProxy(platform.http_port, tls="good", certificates=certificates) as rest,
        FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as mqtt,
    ):
        yield {"rest": rest, "mqtt": mqtt}


def values(platform, fronts):
    device = platform.create_device("Window")
    return device, {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": f"https://localhost:{fronts['rest'].port}",
        "MQTT": f"mqtts://localhost:{fronts['mqtt'].port}",
        "CA": fronts["rest"].ca_pem,
        "STORM_WAIT_S": STORM_WAIT_S,
    }


def spoken(token):
    """Return the forms in which bytes may hold a token: as it is, and base64 at any offset."""
    forms = [piece.encode() for piece in pieces(token)]
    for offset in range(3):
        # The ends of it depend on the bytes around: the middle does not.
        text = base64.b64encode(b"\0" * offset + token.encode())
        forms += [piece.encode() for piece in pieces(text.decode()[4:-4], 16)]
    return forms


def said_token(front, token):
    """Return whether a front heard a part of the token, before or inside TLS."""
    heard = front.before_handshake + front.received
    return any(form in heard for form in spoken(token))


def assert_names(reason_text, kind):
    """The text is a repr of one line that says what is wrong with the certificate."""
    assert "\\n" not in reason_text and "\\r" not in reason_text, reason_text
    assert any(words in reason_text.lower() for words in REASONS[kind]), reason_text


@pytest.mark.parametrize("side", ["rest", "mqtt"])
@pytest.mark.parametrize("kind", REASONS)
def test_a_bad_certificate_is_named_and_hears_nothing(interpreter, platform, fronts, kind, side):
    device, given = values(platform, fronts)
    bad = fronts[side]
    bad.use_certificate(kind)
    program = interpreter.run(REFUSED, given)
    (text,) = program.all("refused")
    assert_names(text, kind)
    assert program.all("status") == ["refused"]
    assert program.all("not started") == ["Device not started."]
    assert program.all("poll") == ["False"]
    counters = bad.counters
    assert counters.before_handshake_bytes > 0, "the client did not even begin"
    assert (counters.connections, counters.handshakes, counters.received_bytes) == (1, 0, 0)
    assert not said_token(bad, device.token)
    if side == "rest":
        assert fronts["mqtt"].counters.connections == 0
    else:  # the good side shows that the bytes would have been seen
        assert said_token(fronts["rest"], device.token)


def test_a_certificate_that_turns_bad_is_refused_without_a_storm_until_a_connect(
    interpreter, platform, fronts
):
    device, given = values(platform, fronts)
    mqtt, rest = fronts["mqtt"], fronts["rest"]
    program = interpreter.start(LATER, given)
    assert program.wait_for("flushed") == "True"
    heard_good = mqtt.counters.received_bytes
    assert said_token(mqtt, device.token)
    connections = mqtt.counters.connections + rest.counters.connections
    for front in fronts.values():
        front.use_certificate("expired")
        front.cut()
    assert_names(program.wait_for("refused"), "expired")
    assert program.wait_for("waited") == "refused False 1"
    # One try, and then a wait of a minute at least.
    assert mqtt.counters.connections + rest.counters.connections == connections + 1
    assert mqtt.counters.received_bytes == heard_good
    for front in fronts.values():
        front.use_certificate("good")
    program.say("")
    assert program.wait_for("again") == "True"
    assert program.wait_for("flushed", 2) == "True 0 0"
    assert [state["value"] for state in platform.states(device.id, "counter")] == [1, 2]
    assert platform.wait_for(lambda: platform.is_listening(device.id, "led"))
    platform.send_command(device.id, "led", True)
    assert program.wait_for("heard") == "True"
