"""CONNECT, judged by the bytes on the wire (MQTT 3.1.1, section 3.1), and the answers to it."""

import unittest

from allthingstalk import (
    AccessForbiddenException,
    Client,
    PlatformException,
    PlatformUnavailableException,
)
from allthingstalk.connect import move
from allthingstalk.connect.mqtt_connect import mqtt_connect
from fake_net import FakeNet
from own_client import raised


class TestConnect(unittest.TestCase):
    def setUp(self):
        self.net = FakeNet()
        self.make()

    def make(self, **options):
        cls = type("VirtualClient", (Client,), {"net": self.net})
        self.client = cls("token", api="http://h", client_id="board", log=None, **options)

    def connect(self):
        """Go up to CONNACK; return the link."""
        move(self.client, "connect")
        way = mqtt_connect(self.client)
        while True:
            try:
                next(way)
            except StopIteration as e:
                return e.value
            self.net.advance(10)

    def test_connect_is_one_packet_in_one_write(self):
        self.connect()
        self.assertEqual(self.net.writes, 1)
        self.assertEqual(
            self.net.broker.log[0],
            b"\x10\x1b"  # CONNECT, 27 bytes
            b"\x00\x04MQTT\x04"  # protocol name and level 4
            b"\xc2"  # user name, password, clean session
            b"\x00\x3c"  # keepalive 60 s
            b"\x00\x05board\x00\x05token\x00\x01-",
        )

    def test_a_last_will_goes_with_it_at_qos_1(self):
        self.make(last_will=("D", "online", False))
        self.connect()
        self.assertEqual(
            self.net.broker.log[0],
            b"\x10\x4a\x00\x04MQTT\x04\xce\x00\x3c\x00\x05board"
            b'\x00\x1bdevice/D/asset/online/state\x00\x10{"value": false}'
            b"\x00\x05token\x00\x01-",
        )

    def test_each_connack_has_its_class_and_closes_the_link(self):
        for code, kind in (
            (1, PlatformException),
            (2, PlatformException),
            (3, PlatformUnavailableException),
            (4, AccessForbiddenException),
            (5, AccessForbiddenException),
            (6, PlatformUnavailableException),
        ):
            self.make()
            self.net.broker.connack = b"\x20\x02\x00" + bytes((code,))
            e = raised(kind, self.connect)
            self.assertIs(type(e), kind)
            self.assertEqual(e.status, code if code < 6 else None)
            self.assertTrue(self.net.socket.closed)

    def test_what_is_no_connack_passes(self):
        for answer in (b"HTTP", b"\x30\x02\x00\x00"):
            self.make()
            self.net.broker.connack = answer
            self.assertIn("no MQTT", str(raised(PlatformUnavailableException, self.connect)))
            self.assertTrue(self.net.socket.closed)

    def test_a_connack_in_pieces(self):
        self.net.broker.connack = b"\x20"
        own, pieces = self.net.advance, [b"\x02", b"\x00", b"\x00"]

        def advance(ms):
            own(ms)
            if pieces:
                self.net.socket.inbound.extend(pieces.pop(0))

        self.net.advance = advance
        self.assertFalse(self.connect() is None)

    def test_no_connack_is_waited_for_no_longer_than_the_timeout(self):
        self.net.broker.connack = b""
        self.assertEqual(raised(OSError, self.connect).args[0], 110)
        self.assertTrue(10000 <= self.net.now_ms <= 10100, self.net.now_ms)
        self.assertTrue(self.net.socket.closed)

    def test_a_connection_closed_before_connack_is_an_error_of_the_network(self):
        self.net.broker.connack = b""
        self.net.broker.drop_at = lambda packet: True
        self.assertIn("closed", str(raised(OSError, self.connect)))

    def test_the_engine_is_as_it_was_before(self):
        from umqtt import simple

        before = dict(simple.__dict__)
        self.connect()
        self.assertEqual(dict(simple.__dict__), before)


if __name__ == "__main__":
    unittest.main()
