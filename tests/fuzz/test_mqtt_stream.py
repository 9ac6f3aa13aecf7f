"""What a broker can say while a device is on line: poll() returns, and nothing is lost for good."""

from fake_net import message
from hypothesis import strategies as st

from tests.fuzz import wire
from tests.fuzz.cases import fuzz
from tests.fuzz.rig import Rig


def hears(data, sizes, acknowledges):
    """Let a device with a value on its way hear `data` in pieces, then a sane broker."""
    rig = Rig().online()
    rig.net.broker.acknowledges = acknowledges
    rig.board.text = "on its way"
    for piece in wire.pieces(data, sizes):
        rig.feed(piece)
        rig.poll(20)
    rig.net.broker.acknowledges = True
    rig.recovers()


@fuzz(6000, data=st.binary(max_size=300), cuts=wire.cuts, acknowledges=st.booleans())
def test_any_bytes(data, cuts, acknowledges):
    hears(data, cuts, acknowledges)


@fuzz(10000, packets=wire.packets, cuts=wire.cuts, acknowledges=st.booleans())
def test_packets_that_may_or_may_not_come(packets, cuts, acknowledges):
    hears(b"".join(packets), cuts, acknowledges)


@fuzz(
    13000,
    packets=wire.packets,
    changes=wire.changes,
    cuts=wire.cuts,
    acknowledges=st.booleans(),
)
def test_packets_damaged_on_the_way(packets, changes, cuts, acknowledges):
    hears(wire.changed(b"".join(packets), changes), cuts, acknowledges)


@fuzz(
    3000,
    names=st.lists(
        st.sampled_from(("text", "nobody", "x" * 600, "y" * 1200, "too long")), max_size=8
    ),
    qos=st.integers(0, 1),
    cuts=wire.cuts,
    every=st.integers(2, 200),
)
def test_commands_among_messages_that_are_skipped_are_all_heard_in_one_session(
    names, qos, cuts, every
):
    rig = Rig(max_message=300).online()
    data, texts = b"", []
    for number, name in enumerate(names):
        text = "a" * 1200 if name == "too long" else str(number)
        if name == "text":
            texts.append(text)
        asset = "text" if name == "too long" else name
        topic = "device/D/asset/%s/command" % asset
        data += message(topic, b'{"value":"%s"}' % text.encode(), qos=qos, packet_id=number + 1)
    for piece in wire.pieces(data, cuts + [every] * (len(data) // every)):
        rig.feed(piece)
        rig.poll()
    assert [value for _, _, value, _ in rig.heard] == texts
    assert len(rig.net.dials) == 1
    acknowledged = [packet[2:] for packet in rig.net.broker.of_kind(0x40)]
    assert acknowledged == [bytes([0, n + 1]) for n in range(len(names) if qos else 0)]
