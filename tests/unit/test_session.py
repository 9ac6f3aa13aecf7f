"""The MQTT session, judged by the bytes on the wire (MQTT 3.1.1)."""

import unittest

from allthingstalk.connecting import subscribe_later
from allthingstalk.opening import say_connect
from allthingstalk.outbox import Outbox
from allthingstalk.session import Session
from fake_net import FakeNet, message


class SessionTest(unittest.TestCase):
    def setUp(self):
        self.net = FakeNet()
        self.outbox = Outbox()
        self.reports = []
        self.session = self.make()
        self.open()

    def make(self, max_message=256):
        return Session(self.net, self.outbox, max_message, self.reports.append)

    def open(self, keepalive=60):
        link = self.net.dial("mqtt://h:1883", 10)
        say_connect(link, "board", "token", keepalive)
        self.session.open(link, 10, keepalive)

    def put(self, value, topic=0):
        self.outbox.put(topic, value, 0, 0)

    def send(self, qos=1, apart=-1):
        self.session._failures[0] = apart
        self.session.send([b"a/b", b"c/d"], lambda *_: b"}", None, qos)

    def values(self):
        """Return (value, was marked as a duplicate) of each PUBLISH on the wire."""
        return [(p[1][9:-1], p[2]) for p in self.net.broker.publishes()]

    def arrive(self, data):
        self.net.socket.inbound.extend(data)
        self.session.receive()

    def raises(self, call, *args):
        try:
            call(*args)
        except OSError as e:
            return str(e)
        self.fail("no OSError")


class TestConnect(SessionTest):
    def test_connect_is_one_packet_in_one_write(self):
        self.assertEqual(self.net.writes, 1)
        self.assertEqual(
            self.net.broker.log[0],
            b"\x10\x1b"  # CONNECT, 27 bytes
            b"\x00\x04MQTT\x04"  # protocol name and level 4
            b"\xc2"  # user name, password, clean session
            b"\x00\x3c"  # keepalive 60 s
            b"\x00\x05board\x00\x05token\x00\x01-",
        )

    def test_subscribe_asks_for_qos_1_and_does_not_wait(self):
        self.net.broker.answers_subscribes = False
        subscribe_later(self.session, "device/x/asset/+/command")
        self.session.link.push()
        self.assertEqual(
            self.net.broker.log[1], b"\x82\x1d\x00\x01\x00\x18device/x/asset/+/command\x01"
        )
        self.assertFalse(self.session.settled())
        self.arrive(b"\x90\x03\x00\x01\x01")  # SUBACK, packet 1, QoS 1
        self.assertTrue(self.session.settled())

    def test_a_refused_subscription_is_reported_and_the_rest_goes_on(self):
        self.net.broker.answers_subscribes = False
        subscribe_later(self.session, "device/x/asset/+/feed")
        self.arrive(b"\x90\x03\x00\x01\x80")
        self.assertTrue("device/x/asset/+/feed" in self.reports[0])
        self.assertTrue(self.session.settled())


class TestPublish(SessionTest):
    def test_a_packet_is_one_write(self):
        self.put(b"1")
        self.send()
        self.assertEqual(self.net.writes, 2)
        self.assertEqual(
            self.net.broker.log[1],
            b"\x32\x12"  # PUBLISH QoS 1, 18 bytes
            b"\x00\x03a/b\x00\x01"  # topic, packet 1
            b'{"value":1}',
        )

    def test_a_length_of_two_bytes(self):
        self.put(b"x" * 200)
        self.send()
        self.assertEqual(self.net.broker.log[1][:3], b"\x32\xd9\x01")  # 217 = 0x59 | 1 << 7
        self.assertEqual(self.values(), [(b"x" * 200, False)])

    def test_it_is_forgotten_at_puback_and_not_before(self):
        self.net.broker.acknowledges = False
        self.put(b"1")
        self.send()
        self.assertEqual((self.outbox.pending, self.outbox.in_flight), (1, 1))
        self.arrive(b"\x40\x02\x00\x01")
        self.assertEqual((self.outbox.pending, self.outbox.in_flight), (0, 0))

    def test_a_puback_nobody_waits_for_is_ignored(self):
        self.put(b"1")
        self.arrive(b"\x40\x02\x12\x34")
        self.assertEqual(self.outbox.pending, 1)

    def test_packets_are_pipelined_up_to_the_window(self):
        self.net.broker.acknowledges = False
        for i in range(80):
            self.put(b"%d" % i)
        self.send()
        self.assertEqual(self.outbox.in_flight, 64)
        self.assertEqual(len(self.net.broker.publishes()), 64)
        self.arrive(b"\x40\x02\x00\x01")
        self.send()
        self.assertEqual(len(self.net.broker.publishes()), 65)

    def test_many_small_packets_share_a_write(self):
        for i in range(32):
            self.put(b"%d" % i)
        self.send()
        self.assertEqual(self.net.writes, 2)

    def test_qos_0_has_no_id_and_is_forgotten_at_once(self):
        self.put(b"1")
        self.send(qos=0)
        self.assertEqual(self.net.broker.log[1], b'\x30\x10\x00\x03a/b{"value":1}')
        self.assertEqual(self.outbox.pending, 0)

    def test_what_the_network_does_not_take_is_written_later(self):
        self.net.socket.takes = 7
        self.put(b"1")
        self.send()
        self.assertEqual(self.net.broker.publishes(), [])
        self.net.socket.takes = None
        self.session.check()
        self.assertEqual(self.values(), [(b"1", False)])

    def test_after_a_lost_session_it_is_sent_again_as_a_duplicate(self):
        self.net.broker.acknowledges = False
        self.put(b"1")
        self.put(b"2")
        self.send()
        self.session.shut()
        self.assertTrue(self.net.socket.closed)
        self.net.broker.acknowledges = True
        self.open()
        self.put(b"3")
        self.send()
        self.session.receive()
        self.assertEqual(self.values()[-3:], [(b"1", True), (b"2", True), (b"3", False)])
        self.assertEqual(self.outbox.pending, 0)

    def test_the_values_of_a_suspect_go_last_and_alone(self):
        self.net.broker.acknowledges = False
        for i in range(4):
            self.put(b"%d" % i, topic=i % 2)
        self.send(apart=0)
        self.assertEqual([v for v, _ in self.values()], [b"1", b"3"])
        self.arrive(b"\x40\x02\x00\x01\x40\x02\x00\x02")
        self.send(apart=0)
        self.assertEqual([v for v, _ in self.values()][2:], [b"0"])


class TestReceive(SessionTest):
    def taken(self):
        found = []
        m = self.session.take_message()
        while m:
            found.append(m)
            m = self.session.take_message()
        return found

    def test_a_message_of_qos_1_is_acknowledged(self):
        self.arrive(message("t", b"hello", qos=1, packet_id=258))
        self.session.link.push()
        self.assertEqual(self.taken(), [(False, "t", b"hello")])
        self.assertEqual(self.net.broker.log[1], b"\x40\x02\x01\x02")

    def test_all_that_has_arrived_is_taken_at_once(self):
        self.arrive(b"".join(message("t", b"%d" % i) for i in range(50)))
        self.assertEqual(len(self.taken()), 50)

    def test_a_packet_in_pieces_of_one_byte(self):
        for c in message("topic", b"x" * 150, qos=1, packet_id=3, dup=True):
            self.assertEqual(self.taken(), [])
            self.arrive(bytes([c]))
        self.assertEqual(self.taken(), [(True, "topic", b"x" * 150)])

    def test_two_packets_cut_anywhere(self):
        data = message("a", b"1" * 130) + message("b", b"2" * 3)
        for cut in range(1, len(data)):
            self.arrive(data[:cut])
            self.arrive(data[cut:])
            self.assertEqual([(m[1], len(m[2])) for m in self.taken()], [("a", 130), ("b", 3)], cut)

    def test_a_message_over_the_limit_is_acknowledged_and_skipped(self):
        data = message("big", b"x" * 3000, qos=1, packet_id=9) + message("ok", b"1")
        for size in (1, 7, 100, 5000):
            for i in range(0, len(data), size):
                self.arrive(data[i : i + size])
            self.session.link.push()
            self.assertEqual(self.taken(), [(False, "ok", b"1")], size)
            self.assertEqual(self.net.broker.log[-1], b"\x40\x02\x00\x09")
        self.assertEqual(len(self.reports), 4)
        self.assertTrue("big" in self.reports[0])
        self.assertTrue(len(self.session._rx) < 1024)

    def test_a_message_just_over_the_limit(self):
        self.arrive(message("t", b"x" * 257, qos=1) + message("t", b"y" * 256))
        self.assertEqual([m[2] for m in self.taken()], [b"y" * 256])
        self.assertEqual(len(self.reports), 1)

    def test_what_may_not_come_ends_the_link(self):
        for packet in (
            b"\x34\x05\x00\x01t\x00\x01",  # QoS 2
            b"\x36\x05\x00\x01t\x00\x01",  # QoS 3 does not exist
            b"\x30\xff\xff\xff\xff\x01",  # a length of five bytes
            b"\x00\x00",  # packet type 0
            b"\x10\x00",  # CONNECT from a broker
            b"\x40\x03\x00\x01\x00",  # a PUBACK of three bytes
            b"\xd0\x01\x00",  # a PINGRESP with a body
            b"\x30\x02\x00\x05",  # a topic longer than the packet
            b"\x30\x01\x00",  # no room for the topic's length
            b"\x32\x03\x00\x01t",  # no room for the packet id
            b"\x90\xff\xff\x7f",  # a SUBACK of 2 MB
        ):
            self.session = self.make()
            self.open()
            self.raises(self.arrive, packet)

    def test_a_closed_connection_is_noticed(self):
        self.net.socket.ended = True
        self.assertTrue("closed" in self.raises(self.session.receive))

    def test_a_topic_that_is_no_text_ends_the_link(self):
        self.session = self.make()
        self.open()
        try:
            self.arrive(b"\x30\x05\x00\x02\xff\xfe1")
        except (OSError, ValueError):  # UnicodeError is a ValueError
            return
        self.fail("taken")


class TestAlive(SessionTest):
    def test_silence_is_pinged_after_half_the_keepalive(self):
        self.net.advance(30000)
        self.session.check()
        self.assertEqual(self.net.broker.of_kind(0xC0), [])
        self.net.advance(1)
        self.session.check()
        self.session.check()
        self.assertEqual(self.net.broker.of_kind(0xC0), [b"\xc0\x00"])
        self.session.receive()
        self.net.advance(20000)
        self.session.check()

    def test_an_unanswered_ping_is_a_dead_link(self):
        self.net.broker.answers_pings = False
        self.net.advance(30001)
        self.session.check()
        self.net.advance(10000)
        self.session.check()
        self.net.advance(1)
        self.assertTrue("ping" in self.raises(self.session.check))

    def test_a_missing_puback_is_a_dead_link(self):
        self.net.broker.acknowledges = False
        self.put(b"1")
        self.send()
        self.net.advance(10001)
        self.assertTrue("acknowledged" in self.raises(self.session.check))

    def test_pubacks_that_come_slowly_are_no_dead_link(self):
        self.net.broker.acknowledges = False
        for _ in range(3):
            self.put(b"1")
        self.send()
        for packet_id in range(1, 4):
            self.net.advance(9000)
            self.arrive(b"\x40\x02\x00" + bytes([packet_id]))
            self.session.check()

    def test_a_packet_that_stalls_half_way_is_a_dead_link(self):
        self.arrive(b"\x30\x05\x00")
        self.net.advance(10001)
        self.assertTrue("half-way" in self.raises(self.session.check))

    def test_a_network_that_takes_nothing_is_a_dead_link(self):
        self.net.socket.takes = 0
        self.put(b"1")
        self.send(qos=0)
        self.session.check()
        self.net.advance(10001)
        self.assertTrue("takes nothing" in self.raises(self.session.check))

    def test_without_a_keepalive_nothing_is_pinged(self):
        self.session = self.make()
        self.open(keepalive=0)
        self.net.advance(10000000)
        self.session.check()
        self.assertEqual(self.net.broker.of_kind(0xC0), [])

    def test_a_polite_end_says_disconnect(self):
        self.session.shut(politely=True)
        self.assertEqual(self.net.broker.log[-1], b"\xe0\x00")
        self.assertTrue(self.net.socket.closed)


if __name__ == "__main__":
    unittest.main()
