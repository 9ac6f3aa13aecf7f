"""More than one root, with real TLS on all interpreters: whatever form they come in, all count."""

import ssl

import pytest
import trustme

from tests.support.made_certificates import Authority, key_pem
from tests.support.tls_proxy import TLSProxy
from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.local_platform import LocalPlatform

ROOT, OTHER = trustme.CA(organization_name="New"), trustme.CA(organization_name="Old")
BETWEEN = ROOT.create_child_ca()
CHAIN = BETWEEN.issue_cert("localhost")
EXPIRED = Authority("Expired", (-100, -1))
AUX = b"0\x0c0\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"  # X509_CERT_AUX: trusted for clients

PROGRAM = """
from allthingstalk import CertificateException, Client, Device, NumberAsset

class Board(Device):
    temp = NumberAsset()

client = Client(TOKEN, http=HTTP, mqtt=MQTT, ca=CA, timeout=5, log=None)
board = Board(client=client, id=DEVICE_ID, connect=False)
try:
    print("connected", board.connect())
    board.temp = 21.5
    print("flushed", client.flush())
except CertificateException as e:
    print("refused", e)
client.close()
"""


def pem(*authorities):
    return b"".join(ca.cert_pem.bytes() for ca in authorities)


def der(*authorities):
    return b"".join(ssl.PEM_cert_to_DER_cert(pem(ca).decode()) for ca in authorities)


def labelled(data, label):
    return data.replace(b" CERTIFICATE", b" %s CERTIFICATE" % label)


def pem_of(data):
    return ssl.DER_cert_to_PEM_cert(data).encode()


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def given(platform):
    """A function that returns the values of a program for two servers with certificates."""
    fronts = []

    def start(ca, rest, mqtt=None):
        device = platform.create_device("TLS")
        ports = platform.http_port, platform.mqtt_port
        mine = [TLSProxy(port, leaf) for port, leaf in zip(ports, (rest, mqtt or rest))]
        fronts.extend(mine)
        return {
            "TOKEN": device.token,
            "DEVICE_ID": device.id,
            "HTTP": f"https://localhost:{mine[0].port}",
            "MQTT": f"mqtts://localhost:{mine[1].port}",
            "CA": ca,
        }

    yield start
    for front in fronts:
        front.close()


FORMS = {
    "der": der(ROOT),
    "der-first": der(ROOT, OTHER),
    "der-second": der(OTHER, ROOT),
    "der-third": der(OTHER, OTHER, ROOT),
    "der-with-a-newline": der(OTHER, ROOT) + b"\n",
    "pem-second": pem(OTHER, ROOT),
    "crlf": pem(OTHER, ROOT).replace(b"\n", b"\r\n"),
    "text-before": b"0 s:O = New\n   i:O = New\nBag Attributes: <none>\n" + pem(OTHER, ROOT),
    "byte-order-mark": b"\xef\xbb\xbf" + pem(ROOT),
    "no-newline-at-the-end": pem(ROOT)[:-1],
    "trusted": labelled(pem(ROOT), b"TRUSTED"),
    "trusted-with-settings": labelled(pem_of(der(ROOT) + AUX), b"TRUSTED"),
    "x509": labelled(pem(ROOT), b"X509"),
    "full-chain": b"".join(blob.bytes() for blob in CHAIN.cert_chain_pems) + pem(ROOT),
    "authority-in-between": pem(BETWEEN),
    "behind-an-expired-one": EXPIRED.pem + pem(ROOT),
    "behind-a-key": key_pem(EXPIRED.key) + pem(ROOT),
    "behind-rubbish": b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n" + pem(ROOT),
    "behind-no-certificate": b"0\x82\x01\x00" + bytes(256) + der(ROOT),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_file(interpreter, given, tmp_path, form):
    path = tmp_path / "roots"
    path.write_bytes(FORMS[form])
    program = interpreter.run(PROGRAM, given(str(path), CHAIN))
    assert program.all("flushed") == ["True"], program.output


@pytest.mark.parametrize("ca", [der(ROOT, OTHER), der(OTHER, ROOT), pem(ROOT, OTHER)])
def test_rest_and_mqtt_may_lead_to_different_roots(interpreter, given, ca):
    servers = ROOT.issue_cert("localhost"), OTHER.issue_cert("localhost")
    program = interpreter.run(PROGRAM, given(ca, *servers))
    assert program.all("flushed") == ["True"], program.output
    program = interpreter.run(PROGRAM, given(ca, *reversed(servers)))
    assert program.all("flushed") == ["True"], program.output


@pytest.mark.parametrize("key", [None, EXPIRED.key])
@pytest.mark.parametrize("old_first", [True, False])
def test_a_root_that_was_renewed_under_its_name(interpreter, given, key, old_first):
    renewed = Authority("Expired", key=key)
    ca = EXPIRED.der + renewed.der if old_first else renewed.der + EXPIRED.der
    program = interpreter.run(PROGRAM, given(ca, renewed.issue_cert("localhost")))
    assert program.all("flushed") == ["True"], program.output


NONE = {
    "another": der(OTHER),
    "two-others": der(OTHER) + EXPIRED.der,
    "expired": EXPIRED.der,
}


@pytest.mark.parametrize("form", NONE)
def test_none_of_several_is_the_right_one(interpreter, given, form):
    leaf = EXPIRED.issue_cert("localhost") if form == "expired" else CHAIN
    program = interpreter.run(PROGRAM, given(NONE[form], leaf))
    assert len(program.all("refused")) == 1, program.output


NO_CERTIFICATE = {
    "key": (key_pem(EXPIRED.key), "EC PRIVATE KEY"),
    "rubbish": (b"rubbish", "PEM or DER"),
    "utf-16": (pem(ROOT).decode().encode("utf-16"), "PEM or DER"),
    "empty": (b"", "PEM or DER"),
    "cut": (der(ROOT)[:-9], "cannot be read"),
}


@pytest.mark.parametrize("form", NO_CERTIFICATE)
def test_a_file_without_a_certificate_is_named(interpreter, given, tmp_path, form):
    data, words = NO_CERTIFICATE[form]
    path = tmp_path / "roots"
    path.write_bytes(data)
    program = interpreter.run(PROGRAM, given(str(path), CHAIN))
    (said,) = program.all("refused")
    assert "root certificate" in said and words in said and "Traceback" not in program.output


def test_all_that_a_pc_trusts(interpreter, given, tmp_path):
    """A board says that it is too much before it is in memory; a PC takes it."""
    path = tmp_path / "all.pem"
    path.write_bytes(pem(OTHER) * 200 + pem(ROOT))
    options = [] if interpreter.name == "cpython" else ["-X", "heapsize=300k"]
    program = interpreter.run(PROGRAM, given(str(path), CHAIN), options=options)
    if interpreter.name == "cpython":
        assert program.all("flushed") == ["True"], program.output
    else:
        (said,) = program.all("refused")
        assert str(path) in said and "too many for a board" in said and "make provision" in said


class Changing(Certificates):
    """The certificate "other-ca" leads to a root that is known."""

    new = trustme.CA(organization_name="Next")

    def _make(self, kind):
        return self.new.issue_cert("localhost") if kind == "other-ca" else super()._make(kind)


CHANGE = """
from allthingstalk import Client, Device, NumberAsset

class Board(Device):
    temp = NumberAsset()

client = Client(TOKEN, http=HTTP, mqtt=MQTT, ca=CA, timeout=5)
board = Board(client=client, id=DEVICE_ID)
board.temp = 1
print("flushed", client.flush(), client.connected)
while client.connected:
    client.wait(0.05)
board.temp = 2
print("lost")
print("flushed", client.flush(10), client.connected, client.dropped)
client.close()
"""


@pytest.mark.parametrize("form", ["der", "pem"])
def test_a_platform_that_changes_its_root_while_a_device_is_on_line(interpreter, platform, form):
    device, certificates = platform.create_device("TLS"), Changing()
    old = ssl.PEM_cert_to_DER_cert(certificates.ca_pem.decode())
    with (
        FaultProxy(platform.http_port, tls="good", certificates=certificates) as rest,
        FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as mqtt,
    ):
        roots = certificates.ca_pem + pem(Changing.new)
        values = {
            "TOKEN": device.token,
            "DEVICE_ID": device.id,
            "HTTP": f"https://localhost:{rest.port}",
            "MQTT": f"mqtts://localhost:{mqtt.port}",
            "CA": roots if form == "pem" else old + der(Changing.new),
        }
        program = interpreter.start(CHANGE, values)
        assert program.wait_for("flushed") == "True True"
        for front in (rest, mqtt):
            front.use_certificate("other-ca")
        mqtt.refuse()
        mqtt.cut()
        program.wait_for("lost")
        mqtt.accept()
        assert program.wait_for("flushed", 2) == "True True 0"
        program.finish()
    assert [state["value"] for state in platform.states(device.id, "temp")] == [1, 2]
