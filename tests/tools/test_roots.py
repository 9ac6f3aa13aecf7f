"""tools.board.roots: the root at the end of the chain that verified, whatever the server sends."""

import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import trustme

from tools.board import roots
from tools.simulate.fault_proxy import FaultProxy

ROOT = Path(__file__).resolve().parents[2]
TOOL = [sys.executable, "-m", "tools.board.roots"]


@pytest.fixture
def serve():
    """A function that serves TLS handshakes with a certificate, and returns the port."""
    listening = []

    def start(certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def accept():
            while True:
                try:
                    raw, _ = server.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(raw, server_side=True).close()
                except OSError:
                    raw.close()

        threading.Thread(target=accept, daemon=True).start()
        return server.getsockname()[1]

    yield start
    for server in listening:
        server.close()


def pem(*authorities):
    return "".join(ca.cert_pem.bytes().decode() for ca in authorities)


def der(ca):
    return ssl.PEM_cert_to_DER_cert(pem(ca))


def test_the_end_of_a_chain_with_an_authority_in_between(serve):
    root, unused = trustme.CA(), trustme.CA()
    port = serve(root.create_child_ca().issue_cert("localhost"))
    found = roots.find("localhost", port, pem(unused, root))
    assert found.der == der(root)
    assert found.pem.strip() == pem(root).strip()
    assert "trustme" in str(found) and "good until 3000-01-01" in str(found)


def chosen(places, *authorities):
    return [(root.der, found) for root, found in roots.needed(places, pem(*authorities))]


def test_one_root_for_several_endpoints(serve):
    root = trustme.CA()
    places = [("localhost", serve(root.issue_cert("localhost"))) for _ in range(2)]
    assert chosen(places, root) == [(der(root), places)]


def test_a_root_for_each_endpoint_where_they_lead_to_different_ones(serve):
    first, second, unused = trustme.CA(), trustme.CA(), trustme.CA()
    places = [("localhost", serve(ca.issue_cert("localhost"))) for ca in (first, second, first)]
    found = chosen(places, first, second, unused)
    assert found == [(der(first), [places[0], places[2]]), (der(second), [places[1]])]


def test_a_server_that_two_roots_verify_goes_with_the_one_of_the_other_endpoint(serve):
    """Its authority in between is trusted by itself too, as where a root was cross-signed."""
    root = trustme.CA()
    between = root.create_child_ca()
    places = [
        ("localhost", serve(between.issue_cert("localhost"))),
        ("localhost", serve(root.issue_cert("localhost"))),
    ]
    assert chosen(places, between, root) == [(der(root), places)]


def test_an_authority_in_between_counts_where_its_root_is_not_there(serve):
    between = trustme.CA().create_child_ca()
    places = [("localhost", serve(between.issue_cert("localhost")))]
    assert chosen(places, between) == [(der(between), places)]


def test_what_does_not_verify_is_said_with_what_to_do(serve):
    port = serve(trustme.CA().issue_cert("localhost"))
    with pytest.raises(roots.RootError, match="does not verify on this PC: .*--ca"):
        roots.find("localhost", port, pem(trustme.CA()))


def test_a_server_without_tls_and_none_at_all():
    with FaultProxy(1) as plain:  # ends each connection: nothing is behind it
        with pytest.raises(roots.RootError, match="speaks no TLS|cannot be reached"):
            roots.find("localhost", plain.port)
        port = plain.port
    with pytest.raises(roots.RootError, match="cannot be reached"):
        roots.find("localhost", port)


def test_the_command_names_the_root_and_writes_it(serve, tmp_path):
    root = trustme.CA()
    port = serve(root.issue_cert("localhost"))
    (tmp_path / "own.pem").write_text(pem(root))
    command = [*TOOL, f"localhost:{port}", "--ca", str(tmp_path / "own.pem")]
    command += ["--out", str(tmp_path / "ca.der")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert f"localhost:{port} chains to " in done.stdout
    assert (tmp_path / "ca.der").read_bytes() == der(root)


def test_the_command_writes_all_roots_that_are_needed(serve, tmp_path):
    several = trustme.CA(), trustme.CA()
    places = [f"localhost:{serve(ca.issue_cert('localhost'))}" for ca in several]
    (tmp_path / "own.pem").write_text(pem(trustme.CA(), *several).replace("\n", "\r\n"))
    command = [*TOOL, *places, "--ca", str(tmp_path / "own.pem")]
    command += ["--out", str(tmp_path / "ca.der")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ca.der").read_bytes() == b"".join(map(der, several))
    assert "roots: 2" in done.stdout


@pytest.mark.parametrize("place", ["localhost:many", ":443", "localhost:1"])
def test_the_command_refuses_in_a_sentence(place):
    done = subprocess.run([*TOOL, place], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr.startswith("roots: ") and "Traceback" not in done.stderr
