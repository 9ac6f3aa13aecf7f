"""A packet goes out at once, even if the other side has not yet acknowledged the one before."""

import socket
import sys
import time

import pytest

TRIES = 8
LEAST_WAIT_S = 0.03  # Linux puts off an acknowledgement for 40 ms, Nagle's algorithm waits for it

DEVICE = """
from allthingstalk import net
from allthingstalk.connect.dial import dial

way = dial(net, MQTT, 5, None, lambda: None)
try:
    while True:
        next(way)
        net.sleep_ms(2)
except StopIteration as e:
    link = e.value
answer = bytearray(1)
for _ in range(TRIES):
    link.send(b"1", 0, 1)
    net.sleep_ms(2)  # the first one has gone out by itself
    link.send(b"2", 0, 1)
    while link.readinto(answer) is None:
        net.sleep_ms(1)
link.close()
"""


def put_off_acknowledgements(link):
    """Let TCP acknowledge late: as it does for a peer that mostly talks; to be said again."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_QUICKACK is Linux's")
def test_a_packet_does_not_wait_for_the_acknowledgement_of_the_one_before(interpreter):
    apart_s = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        values = {"MQTT": f"mqtt://127.0.0.1:{listening.getsockname()[1]}", "TRIES": TRIES}
        program = interpreter.start(DEVICE, values)
        link, _ = listening.accept()
        with link:
            link.settimeout(20)
            for _ in range(TRIES):
                put_off_acknowledgements(link)
                assert link.recv(1) == b"1"
                first = time.monotonic()
                assert link.recv(1) == b"2"
                apart_s.append(time.monotonic() - first)
                link.sendall(b"3")
            program.finish()
    assert sorted(apart_s)[TRIES // 2] < LEAST_WAIT_S, apart_s
