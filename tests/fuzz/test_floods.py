"""More than a device can take: what is held stays bounded, and poll() still returns."""

import pytest
from fake_net import message
from hypothesis import strategies as st

from tests.fuzz import wire
from tests.fuzz.cases import Hang, fuzz
from tests.fuzz.rig import HEADS_BYTES, INBOX_BYTES, MAX_MESSAGE_BYTES, Rig

# Found by these tests; strict: they fail when it is mended, and the mark can go.
_TOPIC = b"device/D/asset/%s/command"


@fuzz(
    800,
    name_bytes=st.integers(1, 480),
    payload_bytes=st.integers(0, 300),
    messages=st.integers(1, 600),
    first=st.sampled_from((0, 2)),
)
def test_messages_that_wait_are_bounded(name_bytes, payload_bytes, messages, first):
    rig = Rig().online()
    most = [0]

    def look():
        most[0] = max(most[0], rig.inbox_bytes())

    rig.net.on_read = look
    packet = wire.publish(first, _TOPIC % (b"x" * name_bytes), 7, b"1" * payload_bytes)
    rig.feed(packet * messages)
    rig.poll()
    rig.net.on_read = None
    assert most[0] <= INBOX_BYTES + MAX_MESSAGE_BYTES + HEADS_BYTES
    rig.recovers()


@fuzz(
    300,
    payload_bytes=st.integers(0, 60),
    messages=st.integers(1, 100),
    takes=st.integers(0, 200),
)
def test_answers_that_the_network_does_not_take_are_bounded(payload_bytes, messages, takes):
    rig = Rig().online()
    rig.net.socket.takes = takes
    packet = wire.publish(2, _TOPIC % b"nobody", 7, b"1" * payload_bytes)
    for _ in range(60):
        rig.feed(packet * messages)
        rig.poll(50)
    rig.recovers()


@pytest.mark.parametrize(
    "packet",
    [
        b"\xd0\x00",
        b"\x40\x02\x00\x07",
        b"\x90\x03\x00\x07\x01",
        message("device/D/asset/nobody/command", b"5" * 5000),
        message("device/D/asset/led/command", b"true"),
    ],
    ids=("PINGRESP", "PUBACK", "SUBACK", "too long", "commands"),
)
def test_poll_returns_though_the_broker_never_stops(packet):
    rig = Rig().online()
    rig.net.socket.endless = packet * 40
    try:
        rig.poll()
    except Hang as e:
        raise AssertionError("poll() did not return: %s" % e) from e
    rig.net.socket.endless = b""
