"""The fault proxy's TLS front, by Python's own TLS clients and paho-mqtt."""

import contextlib
import socket
import ssl

import paho.mqtt.client as paho
import pytest

from tests.support.plain_sockets import TIMEOUT_S, Server, ends, passes, receive, wait_for
from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.fault_proxy.certificates import KINDS
from tools.simulate.local_platform import LocalPlatform

# What OpenSSL says of a certificate (its verify error texts).
REASONS = {
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "wrong-host": "Hostname mismatch",
    "self-signed": "self-signed certificate",
    "other-ca": "unable to get local issuer certificate",
}


@pytest.fixture(scope="module")
def certificates():
    return Certificates()


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


@pytest.fixture
def proxy(server, certificates):
    with FaultProxy(server.port, tls="good", certificates=certificates) as running:
        yield running


@pytest.fixture
def connect(proxy, certificates):
    context = ssl.create_default_context(cadata=certificates.ca_pem.decode())
    with contextlib.ExitStack() as stack:

        def make(host="localhost"):
            raw = socket.create_connection(("127.0.0.1", proxy.port), TIMEOUT_S)
            return stack.enter_context(
                context.wrap_socket(raw, server_hostname=host, suppress_ragged_eofs=False)
            )

        yield make


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_what_is_said_inside_tls_passes_both_ways(proxy, connect, server, host):
    client = connect(host)
    behind = server.accept()
    assert passes(client, behind) and passes(behind, client, b"x" * 100_000)
    counters = proxy.counters
    assert (counters.received_bytes, counters.to_client_bytes) == (5, 100_000)
    assert counters.handshakes == 1 and counters.failures == ()
    assert counters.before_handshake_bytes > 100
    assert proxy.received == b"hello" and b"hello" not in proxy.before_handshake


@pytest.mark.parametrize("kind", REASONS)
def test_a_client_that_verifies_refuses_the_certificate_and_says_nothing(
    proxy, connect, server, kind
):
    proxy.use_certificate(kind)
    with pytest.raises(ssl.SSLCertVerificationError, match=REASONS[kind]):
        connect()
    assert wait_for(lambda: proxy.counters.failures)
    counters = proxy.counters
    assert counters.received_bytes == counters.handshakes == 0
    assert counters.before_handshake_bytes == len(proxy.before_handshake) > 0
    assert server.sockets == []
    proxy.use_certificate("good")
    assert passes(connect(), server.accept())


def test_every_kind_of_certificate_is_tried_here():
    assert {"good", *REASONS} == set(KINDS)


def test_two_proxies_may_have_one_root(certificates, connect, server):
    with FaultProxy(server.port, tls="good", certificates=certificates) as other:
        context = ssl.create_default_context(cadata=other.ca_pem.decode())
        with socket.create_connection(("127.0.0.1", other.port), TIMEOUT_S) as raw:
            with context.wrap_socket(raw, server_hostname="localhost") as client:
                assert passes(client, server.accept())
    assert passes(connect(), server.accept())


def test_an_end_of_the_server_is_said_inside_tls(connect, server):
    client = connect()
    behind = server.accept()
    assert passes(behind, client)
    behind.close()
    assert ends(client, "fin")


def test_a_cut_within_a_packet_counts_the_bytes_inside_tls(proxy, connect, server):
    client = connect()
    behind = server.accept()
    proxy.cut_after(3, "client")
    behind.sendall(b"0123456789")
    assert receive(client, 3) == b"012"
    # OpenSSL takes a reset for an end without the end of TLS.
    with pytest.raises((ConnectionResetError, ssl.SSLEOFError)):
        client.recv(1)


def test_a_cut_without_the_end_of_tls_is_seen_as_such(proxy, connect, server):
    client = connect()
    assert passes(client, server.accept())
    proxy.cut("fin")
    with pytest.raises(ssl.SSLEOFError):
        client.recv(1)


def test_half_open_does_no_handshake(proxy, connect):
    proxy.half_open()
    raw = socket.create_connection(("127.0.0.1", proxy.port), TIMEOUT_S)
    raw.settimeout(0.2)
    context = ssl.create_default_context()
    with raw, pytest.raises(TimeoutError):
        context.wrap_socket(raw, server_hostname="localhost")
    assert proxy.counters.before_handshake_bytes == 0


def test_a_client_that_speaks_no_tls_is_reset_and_named(proxy, server):
    with socket.create_connection(("127.0.0.1", proxy.port), TIMEOUT_S) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            while client.recv(100):
                pass
    assert wait_for(lambda: proxy.counters.failures)
    assert proxy.before_handshake == b"GET / HTTP/1.1\r\n\r\n"
    assert server.sockets == []


def test_an_unknown_kind_is_refused_in_words(proxy):
    with pytest.raises(ValueError, match="no certificate of the kind bad; there are: good, exp"):
        proxy.use_certificate("bad")


def test_paho_speaks_mqtt_through_the_front(certificates, tmp_path):
    root = tmp_path / "root.pem"
    root.write_bytes(certificates.ca_pem)
    with LocalPlatform() as platform:
        with FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as proxy:
            client = paho.Client(paho.CallbackAPIVersion.VERSION2)
            client.username_pw_set(platform.create_device().token, "token")
            client.tls_set(str(root))
            happened = []
            client.on_connect = lambda _c, _u, _f, code, _p: happened.append(str(code))
            client.connect("localhost", proxy.port)
            client.loop_start()
            assert wait_for(lambda: happened) and happened == ["Success"]
            client.disconnect()
            client.loop_stop()
