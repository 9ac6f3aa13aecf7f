"""Damaged bytes on every interpreter: no exception out of poll(), and the device comes back.

A generator of 32 bits makes the same cases everywhere. A failure names its case by a number:
`stream(number)` and `payload(number)` make it again. tests/fuzz goes deeper, on CPython only.
"""

import unittest

import loaded  # noqa: F401
from allthingstalk import ArrayAsset, Client, Device, IntegerAsset, NumberAsset, StringAsset
from fake_net import FakeNet, message

TOKEN = "maker:4f0cToKeNtHaTmAyNeVeRbEsHoWn"
TOPIC = "device/D/asset/%s/%s"
STREAMS = 500
PAYLOADS = 1500


class Generator:
    """Numbers that look random and are the same on all interpreters (Numerical Recipes' LCG)."""

    def __init__(self, seed):
        self._state = seed

    def below(self, n):
        self._state = (self._state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self._state >> 8) % n

    def of(self, things):
        return things[self.below(len(things))]

    def bytes(self, n):
        return bytes([self.below(256) for _ in range(n)])


PACKETS = (
    message(TOPIC % ("text", "command"), b'{"value":"%s"}' % TOKEN.encode()),
    message(TOPIC % ("count", "command"), b'{"value":5}', qos=1, packet_id=7),
    message(TOPIC % ("count", "command"), b'{"value":5}', qos=1, packet_id=7, dup=True),
    message(TOPIC % ("nobody", "command"), b"5", qos=2),
    message(TOPIC % ("text", "feed"), b'"%s"' % (b"a" * 300)),
    message(TOPIC % ("text", "command"), b'"%s"' % (b"a" * 700), qos=1),
    message(TOPIC % ("x" * 600, "command"), b"5", qos=1),
    b"\x40\x02\x00\x01",  # PUBACK
    b"\x40\x02\x00\x02",
    b"\x90\x03\x00\x01\x80",  # SUBACK
    b"\xd0\x00",  # PINGRESP
    b"\x20\x02\x00\x00",  # CONNACK
    b"\x30\xff\xff\xff\x7f",  # a message of 256 MiB begins
    b"\x30\x80\x80\x80\x80\x01",
    b"\x32\x02\x00\x00",
)
VALUES = (
    b"5",
    b"-5.5",
    b"1e400",
    b"true",
    b"null",
    b'"12"',
    b'"\\ud800"',
    b'"\xff"',
    b"[1,2,[3,{}]]",
    b'{"value":5}',
    b"[" * 200 + b"]" * 200,
    b"9" * 300,
)
ATS = (b"null", b"5", b'"2026-01-02T03:04:05Z"', b'"2026-99-02T03:04:05+99:99"', b'"x"', b"[]")


def damaged(g, data):
    """Return `data` with up to four things done to it."""
    data = bytearray(data)
    for _ in range(g.below(5)):
        if not data:
            break
        at, what = g.below(len(data)), g.below(5)
        if what == 0:
            data[at] ^= 1 << g.below(8)
        elif what == 1:
            data[at] = g.below(256)
        elif what == 2:
            data = data[:at] + data[at + 1 + g.below(8) :]
        elif what == 3:
            data = data[:at] + g.bytes(1 + g.below(6)) + data[at:]
        else:
            data = data[:at]
    return bytes(data)


def stream(number):
    """Return the pieces of the stream of this number."""
    g = Generator(number)
    if not g.below(8):
        data = g.bytes(g.below(200))
    else:
        data = damaged(g, b"".join([g.of(PACKETS) for _ in range(1 + g.below(4))]))
    pieces = []
    while data:
        n = 1 + g.below(100) if g.below(2) else len(data)
        pieces.append(data[:n])
        data = data[n:]
    return pieces


def payload(number):
    """Return (asset, payload) of the message of this number."""
    g = Generator(number)
    text = g.of(VALUES)
    if g.below(2):
        text = b'{"at":%s,"value":%s}' % (g.of(ATS), text)
    return g.of(("count", "temp", "text", "rows")), damaged(g, text)


class Board(Device):
    count = IntegerAsset(minimum=-5, maximum=100)
    temp = NumberAsset()
    text = StringAsset()
    rows = ArrayAsset()


class FuzzTest(unittest.TestCase):
    def start(self):
        self.net = net = FakeNet()
        self.reports, self.heard = [], []
        cls = type("VirtualClient", (Client,), {"net": net, "before_exit": False})
        self.client = cls(
            TOKEN, api="http://h", client_id="c", log=self.reports.append, max_message=600
        )
        for name, kind in (
            ("count", "integer"),
            ("temp", "number"),
            ("text", "string"),
            ("rows", "array"),
        ):
            net.rest.assets[name] = {"name": name, "is": "sensor", "profile": {"type": kind}}
        self.board = Board(client=self.client, id="D", connect=False)
        for name in self.board.assets:
            getattr(self.board.command, name)(self.hearing(name))
        self.assertTrue(self.board.connect())

    def hearing(self, name):
        return lambda device, value, at: self.heard.append((name, value))

    def feed(self, data):
        if not self.net.socket.closed:
            self.net.socket.inbound.extend(data)

    def command(self, name, text):
        self.feed(message(TOPIC % (name, "command"), text))
        self.client.poll()

    def polled(self, number, ms):
        try:
            self.client.poll()
        except Exception as e:
            self.fail("case %d: %s %s" % (number, e.__class__.__name__, e))
        session = self.client.session
        self.assertTrue(len(session.buffer) < 1400, "case %d: the buffer grows" % number)
        self.assertEqual(session.inbox, [], "case %d" % number)
        for text in self.reports:
            self.assertTrue(TOKEN not in text, "case %d: the token" % number)
        self.net.advance(ms)


class TestStreams(FuzzTest):
    def test_after_a_damaged_stream_the_device_comes_back_and_hears_commands(self):
        for number in range(STREAMS):
            self.start()
            self.board.temp = 1.5
            for piece in stream(number):
                self.feed(piece)
                self.polled(number, 20)
            for _ in range(200):
                self.polled(number, 1500)
                if self.net.now_ms > 15000 and self.client.connected:
                    break
            self.command("text", b'"sane again"')
            self.assertEqual(self.heard[-1:], [("text", "sane again")], "case %d" % number)
            self.assertEqual(self.client.pending, 0, "case %d" % number)


class TestPayloads(FuzzTest):
    def test_a_handler_hears_only_what_fits_its_asset(self):
        fits = {
            "count": lambda v: isinstance(v, int) and not isinstance(v, bool) and -5 <= v <= 100,
            "temp": lambda v: isinstance(v, (int, float)) and v - v == 0,
            "text": lambda v: isinstance(v, str),
            "rows": lambda v: isinstance(v, list),
        }
        for number in range(PAYLOADS):
            if number % 100 == 0:
                self.start()
            asset, text = payload(number)
            before, errors = len(self.heard), self.client.errors
            self.command(asset, text)
            self.assertTrue(self.client.connected, "case %d" % number)
            said = len(self.heard) - before + self.client.errors - errors
            self.assertEqual(said, 1, "case %d: handed over or reported" % number)
            for name, value in self.heard[before:]:
                self.assertTrue(fits[name](value), "case %d: %s %r" % (number, name, value))


if __name__ == "__main__":
    unittest.main()
