"""The MQTT session, judged by the bytes on the wire (MQTT 3.1.1)."""

import unittest

from fake_net import message
from wire import SessionTest


class TestPublish(SessionTest):
    def test_a_packet_is_one_write(self):
        self.put(b"1")
        self.send()
        self.assertEqual(self.net.writes, 1)
        self.assertEqual(
            self.net.broker.log[0],
            b"\x32\x17"  # PUBLISH QoS 1, 23 bytes
            b"\x00\x08/asset/a\x00\x01"  # topic, packet 1
            b'{"value":1}',
        )

    def test_a_length_of_two_bytes(self):
        self.put(b"x" * 200)
        self.send()
        self.assertEqual(self.net.broker.log[0][:3], b"\x32\xde\x01")  # 222 = 0x5e | 1 << 7
        self.assertEqual(self.values(), [(b"x" * 200, False)])

    def test_a_length_of_three_bytes(self):
        self.outbox.size = 65536
        for size in (127, 128, 16383, 16384, 20000):
            self.net.broker.log.clear()
            self.put(b"x" * (size - 22))
            self.send()
            self.receive()
            length = bytes((size & 127 | 128, size >> 7 & 127 | 128, size >> 14))
            if size < 128:
                length = bytes((size,))
            elif size < 16384:
                length = bytes((size & 127 | 128, size >> 7))
            packet = self.net.broker.log[0]
            self.assertEqual(packet[1 : 1 + len(length)], length)
            self.assertEqual(len(packet), 1 + len(length) + size)
        self.assertEqual(self.outbox.pending, 0)

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
        self.assertEqual(len(self.net.broker.publishes()), 32)
        self.assertEqual(self.net.writes, 1)

    def test_qos_0_has_no_id_and_is_forgotten_at_once(self):
        self.put(b"1")
        self.send(qos=0)
        self.assertEqual(self.net.broker.log[0], b'\x30\x15\x00\x08/asset/a{"value":1}')
        self.assertEqual(self.outbox.pending, 0)

    def test_what_the_network_does_not_take_is_written_later(self):
        self.net.socket.takes = 7
        self.put(b"1")
        self.send()
        self.assertEqual(self.net.broker.publishes(), [])
        self.net.socket.takes = None
        self.check()
        self.assertEqual(self.values(), [(b"1", False)])

    def test_after_a_lost_session_it_is_sent_again_as_a_duplicate(self):
        self.net.broker.acknowledges = False
        self.put(b"1")
        self.put(b"2")
        self.send()
        self.shut()
        self.assertTrue(self.net.socket.closed)
        self.net.broker.acknowledges = True
        self.open()
        self.put(b"3")
        self.send()
        self.receive()
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
    def test_a_message_of_qos_1_is_acknowledged(self):
        self.arrive(message("t", b"hello", qos=1, packet_id=258))
        self.assertEqual(self.taken(), [(False, "t", b"hello")])
        self.assertEqual(self.net.broker.log, [b"\x40\x02\x01\x02"])

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
            self.make()
            self.raises(self.arrive, packet)

    def test_a_topic_that_is_no_text_ends_the_link(self):
        try:
            self.arrive(b"\x30\x05\x00\x02\xff\xfe1")
        except (OSError, ValueError):  # UnicodeError is a ValueError
            return
        self.fail("taken")


class TestAlive(SessionTest):
    def test_silence_is_pinged_after_half_the_keepalive(self):
        self.net.advance(30000)
        self.check()
        self.assertEqual(self.net.broker.of_kind(0xC0), [])
        self.net.advance(1)
        self.check()
        self.check()
        self.assertEqual(self.net.broker.of_kind(0xC0), [b"\xc0\x00"])
        self.receive()
        self.net.advance(20000)
        self.check()

    def test_an_unanswered_ping_is_a_dead_link(self):
        self.net.broker.answers_pings = False
        self.net.advance(30001)
        self.check()
        self.net.advance(10000)
        self.check()
        self.net.advance(1)
        self.assertTrue("ping" in self.raises(self.check))

    def test_a_missing_puback_is_a_dead_link(self):
        self.net.broker.acknowledges = False
        self.put(b"1")
        self.send()
        self.net.advance(10001)
        self.assertTrue("acknowledged" in self.raises(self.check))

    def test_pubacks_that_come_slowly_are_no_dead_link(self):
        self.net.broker.acknowledges = False
        for _ in range(3):
            self.put(b"1")
        self.send()
        for packet_id in range(1, 4):
            self.net.advance(9000)
            self.arrive(b"\x40\x02\x00" + bytes([packet_id]))
            self.check()

    def test_a_packet_that_stalls_half_way_is_a_dead_link(self):
        self.arrive(b"\x30\x05\x00")
        self.net.advance(10001)
        self.assertTrue("half-way" in self.raises(self.check))

    def test_a_network_that_takes_nothing_is_a_dead_link(self):
        self.net.socket.takes = 0
        self.put(b"1")
        self.send(qos=0)
        self.check()
        self.net.advance(10001)
        self.push()
        self.assertTrue("takes nothing" in self.raises(self.check))

    def test_without_a_keepalive_nothing_is_pinged(self):
        self.make(keepalive=0)
        self.net.advance(10000000)
        self.check()
        self.assertEqual(self.net.broker.of_kind(0xC0), [])

    def test_a_polite_end_says_disconnect(self):
        self.shut(politely=True)
        self.assertEqual(self.net.broker.log[-1], b"\xe0\x00")
        self.assertTrue(self.net.socket.closed)


if __name__ == "__main__":
    unittest.main()
