"""TLS on all three interpreters: it works with the right root, and with no other is a byte said."""

import pytest
import trustme

from tests.support.tls_proxy import TLSProxy
from tools.simulate.local_platform import LocalPlatform

CA = trustme.CA()
OTHER_CA = trustme.CA()

PROGRAM = """
from allthingstalk import Client, Device, NumberAsset, BooleanAsset, CertificateException


class Board(Device):
    temp = NumberAsset()
    led = BooleanAsset(kind="actuator")


@Board.command.led
def on_led(device, value, at):
    print("led", value)


client = Client(TOKEN, http=HTTP, mqtt=MQTT, ca=CA, timeout=5)
try:
    board = Board(client=client, id=DEVICE_ID)
except CertificateException as e:
    print("refused", e)
else:
    print("connected", client.connected)
    board.temp = 21.5
    print("flushed", client.flush())
    print("read", board.temp.value)
    for _ in range(100):
        client.wait(0.1)
        if SECONDS == 0:
            break
    client.close()
"""


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def tls(platform, request):
    """TLS fronts of REST and MQTT for localhost; the device to use them with."""
    name = getattr(request, "param", "localhost")
    certificate = CA.issue_cert(name)
    fronts = [TLSProxy(port, certificate) for port in (platform.http_port, platform.mqtt_port)]
    yield fronts
    for front in fronts:
        front.close()


def values(platform, fronts, ca):
    device = platform.create_device("TLS")
    return device, {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": f"https://localhost:{fronts[0].port}",
        "MQTT": f"mqtts://localhost:{fronts[1].port}",
        "CA": ca,
        "SECONDS": 0,
    }


def root(ca, tmp_path, form):
    pem = ca.cert_pem.bytes()
    if form == "pem":
        return pem
    if form == "file":
        path = tmp_path / "ca.pem"
        path.write_bytes(pem)
        return str(path)
    import ssl

    return ssl.PEM_cert_to_DER_cert(pem.decode())


@pytest.mark.parametrize("form", ["pem", "der", "file"])
def test_rest_and_mqtt_go_over_verified_tls(interpreter, platform, tls, tmp_path, form):
    device, given = values(platform, tls, root(CA, tmp_path, form))
    program = interpreter.run(PROGRAM, given)
    assert program.all("connected") == ["True"]
    assert program.all("flushed") == ["True"]
    assert program.all("read") == ["21.5"]
    assert device.token.encode() in tls[0].received
    assert device.token.encode() in tls[1].received


@pytest.mark.parametrize("order", [(OTHER_CA, CA), (CA, OTHER_CA)])
def test_of_several_roots_in_one_file_all_count(interpreter, platform, tls, tmp_path, order):
    path = tmp_path / "roots.pem"
    path.write_bytes(b"# two roots\r\n" + b"\r\n".join(ca.cert_pem.bytes() for ca in order))
    _, given = values(platform, tls, str(path))
    program = interpreter.run(PROGRAM, given)
    assert program.all("flushed") == ["True"]


def test_several_roots_of_which_none_is_the_right_one(interpreter, platform, tls):
    several = OTHER_CA.cert_pem.bytes() + trustme.CA().cert_pem.bytes()
    _, given = values(platform, tls, several)
    program = interpreter.run(PROGRAM, given)
    assert len(program.all("refused")) == 1
    assert tls[0].received == tls[1].received == b""


def test_a_command_arrives_over_tls(interpreter, platform, tls, tmp_path):
    device, given = values(platform, tls, root(CA, tmp_path, "der"))
    program = interpreter.start(PROGRAM, {**given, "SECONDS": 10})
    assert platform.wait_for(lambda: platform.is_listening(device.id, "led"), timeout_s=15)
    platform.send_command(device.id, "led", True)
    assert program.wait_for("led") == "True"


def test_an_unknown_root_is_refused_before_a_byte_is_said(interpreter, platform, tls, tmp_path):
    _, given = values(platform, tls, root(OTHER_CA, tmp_path, "der"))
    program = interpreter.run(PROGRAM, given)
    assert len(program.all("refused")) == 1
    assert tls[0].received == tls[1].received == b""


@pytest.mark.parametrize("tls", ["another.host"], indirect=True)
def test_a_wrong_host_name_is_refused(interpreter, platform, tls, tmp_path):
    _, given = values(platform, tls, root(CA, tmp_path, "der"))
    program = interpreter.run(PROGRAM, given)
    assert len(program.all("refused")) == 1
    assert tls[0].received == b""


def test_without_any_root_the_error_says_how_to_get_one(interpreter, platform, tls):
    _, given = values(platform, tls, None)
    program = interpreter.run(PROGRAM, given)
    (said,) = program.all("refused")
    if interpreter.name != "cpython":  # which has the trust store of its system
        assert "ca=" in said
    assert tls[0].received == b""


def test_a_root_that_is_none_is_named(interpreter, platform, tls):
    pem = b"-----BEGIN CERTIFICATE-----\nno base64: !\n-----END CERTIFICATE-----\n"
    for ca in (b"rubbish", "/no/such/file.der", pem):
        _, given = values(platform, tls, ca)
        program = interpreter.run(PROGRAM, given)
        assert "root certificate" in program.all("refused")[0]
