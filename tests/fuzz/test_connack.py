"""What can follow CONNECT: connect() says refused or not now, in bounded time, and recovers."""

from allthingstalk import AllThingsTalkException
from hypothesis import strategies as st

from tests.fuzz import wire
from tests.fuzz.cases import fuzz
from tests.fuzz.rig import TOKEN, Rig

ACCEPTED = b"\x20\x02\x00\x00"
CONNECT_MS = 60000  # REST, the connection, CONNACK and SUBACK take 10 s each at the most
CONNECT_READS = 5100  # one each 2 ms for as long as CONNACK is waited for

_connacks = st.sampled_from((ACCEPTED, b"\x20\x02\x01\x00", b"\x20\x03\x00\x00\x00")) | st.builds(
    lambda code: b"\x20\x02\x00" + bytes([code]), st.integers(0, 255)
)


def connects(answer, ends):
    """Connect to a broker that answers CONNECT with `answer`, and then to a sane one."""
    rig = Rig()
    net, broker = rig.net, rig.net.broker
    broker.connack = answer
    broker.drop_at = lambda packet: False
    if ends:

        def received(sock, data):
            sock.inbound.extend(answer)
            sock.ended = True

        broker.received = received
    started = True
    try:
        online = rig.board.connect()
        assert online == rig.client.connected
    except AllThingsTalkException as e:
        assert not e.passing, "a passing failure is no exception of connect()"
        assert TOKEN not in str(e)
        started = False
    assert net.now_ms <= CONNECT_MS
    assert net.reads <= CONNECT_READS
    rig.check()
    if not rig.client.connected:
        assert net.socket.closed, "the connection was left open"
    broker.connack = ACCEPTED
    if ends:
        del broker.received
    if not started:
        assert rig.board.connect()
    rig.recovers()


@fuzz(3000, answer=st.binary(max_size=12), ends=st.booleans())
def test_any_answer_to_connect(answer, ends):
    connects(answer, ends)


@fuzz(
    8000,
    connack=_connacks,
    packets=st.just([]) | wire.packets,
    changes=wire.changes,
    ends=st.booleans(),
)
def test_a_connack_and_what_follows_damaged_on_the_way(connack, packets, changes, ends):
    connects(wire.changed(connack + b"".join(packets), changes), ends)
