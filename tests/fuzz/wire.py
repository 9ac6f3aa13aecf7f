"""Bytes from a network: MQTT packets, right and wrong, and what can happen to bytes on the way."""

from hypothesis import strategies as st

from tests.fuzz.rig import DEVICE_ID, TOKEN

# What happens to a stream: (what, where, how much or which value). Numbers wrap to what is there.
CHANGES = ("flip", "set", "delete", "insert", "repeat", "cut")

changes = st.lists(
    st.tuples(st.sampled_from(CHANGES), st.integers(0, 2000), st.integers(0, 255)), max_size=4
)
cuts = st.lists(st.integers(1, 150), max_size=6)  # bytes that arrive together; the rest at once


def changed(data, steps):
    """Return `data` after the `steps`, a list of changes."""
    data = bytearray(data)
    for what, at, value in steps:
        if not data:
            break
        at %= len(data)
        if what == "flip":
            data[at] ^= 1 << (value & 7)
        elif what == "set":
            data[at] = value
        elif what == "delete":
            del data[at : at + value % 16 + 1]
        elif what == "insert":
            data[at:at] = bytes([value]) * (value % 7 + 1)
        elif what == "repeat":
            data[at:at] = data[at : at + value]
        elif what == "cut":
            del data[at:]
    return bytes(data)


def pieces(data, sizes):
    """Yield `data` in pieces of these sizes, and what is left in one."""
    at = 0
    for size in sizes:
        if at < len(data):
            yield data[at : at + size]
        at += size
    if at < len(data):
        yield data[at:]


def length(n):
    """Return the remaining length of a packet as MQTT writes it."""
    head = b""
    while n > 127:
        head += bytes([n & 127 | 128])
        n >>= 7
    return head + bytes([n])


def publish(first, topic, packet_id, payload):
    """Return a PUBLISH; `first` is the low half of its first byte: DUP, QoS, RETAIN."""
    body = len(topic).to_bytes(2, "big") + topic
    if first & 6:
        body += packet_id.to_bytes(2, "big")
    body += payload
    return bytes([0x30 | first]) + length(len(body)) + body


def _topic(asset, stream=b"command"):
    return b"device/%s/asset/%s/%s" % (DEVICE_ID.encode(), asset, stream)


_topics = st.sampled_from(
    (
        _topic(b"led"),
        _topic(b"text"),
        _topic(b"text", b"feed"),
        _topic(b"count", b"event"),
        _topic(b"nobody"),
        _topic(b"\xff\xfe"),
        _topic(b"x" * 480),
        _topic(b"x" * 700),
        _topic(TOKEN.encode()),
        b"",
        b"////",
        b"device/D/asset/led",
    )
)
_payloads = st.sampled_from(
    (
        b'{"value":true}',
        b'{"value":"%s"}' % TOKEN.encode(),
        b'{"at":"2026-01-02T03:04:05.678Z","value":5}',
        b"",
        b"\xff\xfe\x00",
        b'"%s"' % (b"a" * 200),
        b'"%s"' % (b"a" * 4094),
        b'"%s"' % (b"a" * 4095),
        b"z" * 5000,
        b"[" * 3000,
    )
)
publishes = st.builds(
    publish,
    st.sampled_from((0, 1, 2, 2, 8, 10, 4, 6, 15)),
    _topics | st.binary(max_size=20),
    st.integers(0, 65535),
    _payloads | st.binary(max_size=40),
)
_short = st.sampled_from(
    (
        b"\xd0\x00",  # PINGRESP
        b"\xd0\x01\x00",
        b"\x40\x02\x00\x01",  # PUBACK
        b"\x40\x02\x00\x02",
        b"\x40\x02\xff\xff",
        b"\x40\x03\x00\x01\x00",
        b"\x90\x03\x00\x01\x01",  # SUBACK
        b"\x90\x03\x00\x02\x80",
        b"\x90\x02\x00\x01",
        b"\x20\x02\x00\x00",  # a CONNACK that nobody waits for
        b"\x50\x02\x00\x01",  # PUBREC
        b"\xe0\x00",  # DISCONNECT, as MQTT 5 lets a broker say
        b"\xf0\x00",
        b"\x30\xff\xff\xff\x7f",  # a message of 256 MiB begins
        b"\x32\xff\xff\xff\x7f\x00\x05hello\x00\x07",
        b"\x32\xf0\x2e\x17\x6a" + b"t" * 5994,  # a topic too long; what follows it never comes
        b"\x30\x80\x80\x80\x80\x01",  # a length of five bytes
        b"\x30\x80\x00",  # zero in two bytes
        b"\x30\x01\x00",
        b"\x32\x02\x00\x00",
    )
)
_claimed = st.builds(
    lambda kind, n, rest: bytes([kind]) + length(n) + rest,
    st.integers(0, 255),
    st.integers(0, 268435455),
    st.binary(max_size=30),
)
packets = st.lists(publishes | _short | _claimed, min_size=1, max_size=5)
