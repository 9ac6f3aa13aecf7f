"""TLS over a network that takes nothing for a while: what was gathered then arrives as well."""

import socket
import ssl

import pytest
import trustme

LIMIT_S = 20
PIECE_BYTES = 3000

DEVICE = """
import time
from allthingstalk import net
from allthingstalk.connect.dial import dial


def dialled(way):
    while True:
        try:
            next(way)
        except StopIteration as e:
            return e.value
        net.sleep_ms(2)


def push():
    '''Send what waits, as far as the network takes it; return whether all of it went.'''
    global out
    start = link.send(out, 0, len(out))
    out = out[start:]
    return not out


def put(number):
    global out
    out += b"%06d" % number * (PIECE_BYTES // 6)
    return push()


link = dialled(dial(net, MQTT, 5, CA, lambda: None))
out = b"%06d" % 1 * (PIECE_BYTES // 6)
while not push():  # the handshake first
    net.sleep_ms(2)
count = 2
while put(count):  # until the other side's buffers are full
    count += 1
for _ in range(10):  # more than fits into one record of TLS
    count += 1
    put(count)
print("stuck", count)
while not push():
    time.sleep(0.01)
print("out")
input()  # a link that is closed with something unread, a session ticket, drops what is on its way
"""


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def test_what_is_gathered_while_the_network_takes_nothing_arrives(interpreter, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with socket.create_server(("localhost", 0)) as listening:
        listening.settimeout(LIMIT_S)
        values = {
            "MQTT": f"mqtts://localhost:{listening.getsockname()[1]}",
            "CA": authority.cert_pem.bytes(),
            "PIECE_BYTES": PIECE_BYTES,
        }
        program = interpreter.start(DEVICE, values)
        plain, _ = listening.accept()
        plain.settimeout(LIMIT_S)
        with context.wrap_socket(plain, server_side=True) as link:
            count = int(program.wait_for("stuck"))
            expected = b"".join(b"%06d" % n * (PIECE_BYTES // 6) for n in range(1, count + 1))
            arrived = b""
            while len(arrived) < len(expected) and expected.startswith(arrived):
                arrived += link.recv(65536)
            program.wait_for("out")
    assert arrived == expected
