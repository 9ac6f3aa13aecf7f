"""Each fault that the doctor knows, provoked: its line names the fault and nothing is blamed twice.

On all three interpreters with the real network stack of this machine; what a board alone can have
is provoked on the virtual board (test_doctor_board.py).
"""

import datetime
import socket

import pytest

from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.local_platform import LocalPlatform

STEPS = "settings Wi-Fi address DNS clock TCP TLS token device assets MQTT program".split()

PROGRAM = """
from allthingstalk import Asset, BooleanAsset, Device, IntegerAsset, StringAsset, doctor

class Meter(Device):
    count = IntegerAsset()
    led = BooleanAsset(kind="actuator")

class Other(Device):
    count = StringAsset()

device = {None: None, "Meter": Meter, "Other": Other}[CLASS]
print("first failure", doctor.run(VALUES, device=device, state=STATE))
"""


@pytest.fixture(scope="module")
def running_platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def platform(running_platform):
    yield running_platform
    running_platform.faults.off()


@pytest.fixture(scope="module")
def certificates():
    return Certificates()


@pytest.fixture
def device(platform):
    return platform.create_device("Patient")


@pytest.fixture
def values(platform, device):
    """Settings in plain text, with which all is well."""
    return {
        "token": device.token,
        "device": device.id,
        "api": platform.http,
        "mqtt": f"mqtt://{platform.mqtt}",
        "timeout": 2,
    }


@pytest.fixture
def tls(platform, certificates, values):
    """(settings with TLS, the fronts of REST and MQTT), with which all is well."""
    with (
        FaultProxy(platform.http_port, tls="good", certificates=certificates) as rest,
        FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as mqtt,
    ):
        values["api"] = f"https://localhost:{rest.port}"
        values["mqtt"] = f"mqtts://localhost:{mqtt.port}"
        values["ca"] = certificates.ca_pem.decode()
        yield values, {"rest": rest, "mqtt": mqtt}


class Lines:
    """What the doctor printed: `number`, and the mark and the text of each step."""

    def __init__(self, program):
        assert len(program.all("first failure")) == 1, program.output
        self.number = int(program.all("first failure")[0])
        self.steps = [line[6:16].strip() for line in program.lines[: len(STEPS)]]
        self._lines = {line[6:16].strip(): line for line in program.lines}

    def mark(self, step):
        return self._lines[step][:5].strip()

    def text(self, step):
        return self._lines[step][16:]


def run(interpreter, values, device_class=None, state=None, before=""):
    given = {"VALUES": values, "CLASS": device_class, "STATE": state}
    secrets = [values.get("token")] if isinstance(values, dict) else []
    lines = Lines(interpreter.run(before + PROGRAM, given, secrets=secrets))
    assert lines.steps == STEPS
    return lines


def assert_failed(lines, step, *words, skipped=()):
    """`step` is the first failure, its line has the words, and just `skipped` waited for it."""
    assert lines.mark(step) == "FAIL", lines.text(step)
    assert lines.number == STEPS.index(step) + 1
    for word in words:
        assert word in lines.text(step), lines.text(step)
    for other in skipped:
        assert (lines.mark(other), lines.text(other)) == ("–", f"skipped: {step} failed")
    later = [s for s in STEPS[lines.number :] if f"skipped: {step} failed" in lines.text(s)]
    assert later == list(skipped)


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_a_healthy_device_in_plain_text(interpreter, platform, device, values):
    lines = run(interpreter, values)
    assert lines.number == 0
    assert device.id in lines.text("settings") and "maker:***" in lines.text("settings")
    assert "127.0.0.1 -> 127.0.0.1" in lines.text("DNS")
    assert str(datetime.date.today().year) in lines.text("clock")
    assert "plain text" in lines.text("TLS") and lines.mark("TLS") == "–"
    assert "0 on the platform" in lines.text("assets")
    assert "connected, subscribed, pinged" in lines.text("MQTT")
    assert platform.assets(device.id) == []


def test_a_healthy_device_with_tls_and_until_when_its_root_is_good(interpreter, tls):
    lines = run(interpreter, tls[0])
    assert lines.number == 0
    assert "localhost: chain, name and dates are right" in lines.text("TLS")
    assert "trustme" in lines.text("TLS") and "until 3000-01-01, " in lines.text("TLS")


def test_a_state_is_published_only_when_told(interpreter, platform, device, values):
    client_assets(platform, device)
    assert run(interpreter, values).number == 0
    assert platform.states(device.id, "count") == []
    lines = run(interpreter, values, state=("count", 7))
    assert lines.number == 0 and "published" in lines.text("MQTT")
    assert platform.state(device.id, "count")["value"] == 7


def client_assets(platform, device):
    """Give the device an integer asset `count`, as a program of its own would."""
    import http.client
    import json

    connection = http.client.HTTPConnection("127.0.0.1", platform.http_port, timeout=5)
    connection.request(
        "POST",
        f"/device/{device.id}/assets",
        json.dumps({"name": "count", "is": "sensor", "profile": {"type": "integer"}}),
        {"Authorization": f"Bearer {device.token}", "Content-Type": "application/json"},
    )
    assert connection.getresponse().status == 201
    connection.close()


@pytest.mark.parametrize(
    "change, words",
    [
        ({"tokn": "x"}, "no key 'tokn'"),
        ({"device": "two words"}, "blanks"),
        ({"api": "https://h/path"}, "without a path"),
        ({"wifi": [["home", "short"]]}, "8 to 63 characters"),
    ],
)
def test_settings_that_cannot_be_right(interpreter, values, change, words):
    lines = run(interpreter, {**values, **change})
    assert_failed(lines, "settings", words, skipped=STEPS[1:-1])


def test_settings_that_are_not_there(interpreter):
    lines = run(interpreter, "/nowhere/settings.json")
    assert_failed(lines, "settings", "/nowhere/settings.json", "provision", skipped=STEPS[1:-1])


def test_a_name_that_does_not_resolve_stops_its_endpoint_and_not_the_other(interpreter, values):
    values["api"] = "http://device.invalid"
    lines = run(interpreter, values)
    assert_failed(
        lines, "DNS", "device.invalid", "does not resolve", skipped=["token", "device", "assets"]
    )
    assert lines.mark("TCP") == lines.mark("MQTT") == "ok"


def test_a_port_at_which_nothing_listens(interpreter, values):
    values["mqtt"] = f"mqtt://127.0.0.1:{closed_port()}"
    lines = run(interpreter, values)
    assert_failed(lines, "TCP", values["mqtt"], "nothing listens", skipped=["MQTT"])
    assert lines.mark("assets") == "ok"


UNSET = """
from allthingstalk import timestamps
timestamps.now_ms = lambda: None  # a clock in 2000, as after power-on
"""


def test_a_clock_that_is_not_set_where_no_time_server_answers(interpreter, tls):
    values, fronts = tls
    values["time_servers"] = [f"127.0.0.1:{closed_port()}"]
    lines = run(interpreter, values, before=UNSET)
    after = ["TLS", "token", "device", "assets", "MQTT"]
    assert_failed(lines, "clock", "no time server", "No certificate can be checked", skipped=after)
    assert lines.mark("TCP") == "ok"
    assert fronts["rest"].received == b""


def test_a_clock_that_is_not_set_stops_nothing_in_plain_text(interpreter, values):
    lines = run(interpreter, values, before=UNSET)
    assert lines.number == 0 and "not set" in lines.text("clock")


@pytest.mark.parametrize(
    "kind, words",
    [
        ("expired", ("Dates:", "renew")),
        ("not-yet-valid", ("Dates:",)),
        ("wrong-host", ("Name:", "check the endpoint")),
        ("other-ca", ("Chain:", "make provision")),
        ("self-signed", ("Chain:", "make provision")),
    ],
)
def test_a_certificate_that_cannot_be_verified(interpreter, tls, kind, words):
    values, fronts = tls
    fronts["rest"].use_certificate(kind)
    lines = run(interpreter, values)
    assert_failed(lines, "TLS", values["api"], *words, skipped=["token", "device", "assets"])
    assert lines.mark("MQTT") == "ok", "the other endpoint is looked at all the same"
    assert fronts["rest"].received == b""


def test_a_root_that_has_expired(interpreter, tls):
    values, fronts = tls
    values["ca"] = expired_root()
    lines = run(interpreter, values)
    after = ["token", "device", "assets", "MQTT"]
    assert_failed(lines, "TLS", "Old Root", "expired on 2021-03-04", "provision", skipped=after)
    assert fronts["rest"].counters.handshakes == 0


def expired_root():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Old Root")])
    root = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2011, 3, 4))
        .not_valid_after(datetime.datetime(2021, 3, 4))
        .sign(key, hashes.SHA256())
    )
    return root.public_bytes(serialization.Encoding.PEM).decode()


def test_a_root_that_is_no_certificate(interpreter, tls, tmp_path):
    values, _ = tls
    (tmp_path / "ca.der").write_bytes(b"0\x03not")
    values["ca"] = str(tmp_path / "ca.der")
    lines = run(interpreter, values)
    after = ["token", "device", "assets", "MQTT"]
    assert_failed(lines, "TLS", "root certificate cannot be read", "provision", skipped=after)


def test_a_token_that_was_revoked(interpreter, platform, device, values):
    platform.revoke(device.token)
    lines = run(interpreter, values)
    assert_failed(lines, "token", "refused this token", "403", skipped=["device", "assets", "MQTT"])


def test_a_platform_that_cannot_answer_now(interpreter, platform, values):
    platform.faults.set("rest_status", 503)
    lines = run(interpreter, values)
    assert_failed(lines, "token", "answered 503", skipped=["device", "assets"])
    assert lines.mark("MQTT") == "ok"


def test_a_device_that_the_platform_does_not_know(interpreter, platform, values):
    values["token"] = platform.ground_token
    values["device"] = "nobody"
    lines = run(interpreter, values)
    assert_failed(lines, "device", "nobody", "404", skipped=["assets", "MQTT"])
    assert lines.mark("token") == "ok"


def test_assets_are_compared_with_a_device_class(interpreter, platform, device, values):
    client_assets(platform, device)
    lines = run(interpreter, values, "Meter")
    assert lines.number == 0
    assert "1 as declared" in lines.text("assets")
    assert "1 to be created at the next start: led" in lines.text("assets")
    assert [asset["name"] for asset in platform.assets(device.id)] == ["count"]


def test_an_asset_of_another_type_than_declared(interpreter, platform, device, values):
    client_assets(platform, device)
    lines = run(interpreter, values, "Other")
    assert_failed(lines, "assets", "'count' is declared as sensor/string", "sensor/integer")
    assert lines.mark("MQTT") == "ok"


@pytest.mark.parametrize("code, words", [(4, "refused this token"), (5, "may not connect")])
def test_a_broker_that_refuses(interpreter, platform, values, code, words):
    platform.faults.set("refuse_connect", code)
    assert_failed(run(interpreter, values), "MQTT", words, f"CONNACK {code}")


def test_a_ping_that_is_not_answered(interpreter, platform, values):
    platform.faults.set("ignore_pings")
    values["timeout"] = 1
    assert_failed(run(interpreter, values), "MQTT", "a ping was not answered")


def test_a_subscription_that_is_refused(interpreter, platform, values):
    platform.faults.set("refuse_subscriptions")
    assert_failed(run(interpreter, values), "MQTT", "refused the subscription")


def test_a_state_for_an_asset_that_is_not_there(interpreter, values):
    lines = run(interpreter, {**values, "timeout": 1}, state=("nothing", 1))
    assert_failed(lines, "MQTT", values["mqtt"])


def test_mqtt_that_is_off_is_no_failure(interpreter, values):
    lines = run(interpreter, {**values, "mqtt": False})
    assert lines.number == 0 and "switch it off" in lines.text("MQTT")


def test_the_file_of_the_outbox_is_left_alone(interpreter, values, tmp_path):
    lines = run(interpreter, {**values, "outbox": str(tmp_path / "waiting")})
    assert lines.number == 0
    assert not [path for path in tmp_path.iterdir() if "waiting" in path.name]


def test_the_trust_store_of_the_pc_is_used_where_no_root_is_given(interpreter, tls):
    values, _ = tls
    del values["ca"]
    lines = run(interpreter, values)
    after = ["token", "device", "assets", "MQTT"]
    # The proxies' root is in no trust store; a board has none at all.
    assert_failed(lines, "TLS", "make provision", skipped=after)
