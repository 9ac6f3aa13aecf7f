"""Packets cut out of a stream, whatever pieces it comes in; what is too large is passed over."""

import unittest

from allthingstalk.core.session import Session
from fake_net import message
from wire import SessionTest


class Reader(Session):
    max_message = 256

    def __init__(self):
        self.restart(0)

    def feed(self, data):
        """Return (first byte, body) of each packet that is complete with this."""
        found = []
        while data:
            n = min(len(data), len(self.buffer) - self.have)
            self.buffer[self.have : self.have + n] = data[:n]
            self.have += n
            data = data[n:]
            while (head := self.next()) >= 0:
                found.append((head, bytes(self.buffer[self.body : self.end])))
        return found


class TestNext(unittest.TestCase):
    PACKETS = ((0x40, b"\x00\x01"), (0xD0, b""), (0x30, b"\x00\x01t" + b"x" * 256), (0x90, b"abc"))

    def stream(self):
        data = b""
        for head, body in self.PACKETS:
            n = len(body)
            length = bytes((n,)) if n < 128 else bytes((n & 127 | 128, n >> 7))
            data += bytes((head,)) + length + body
        return data

    def test_pieces_of_any_size_give_the_same_packets(self):
        data = self.stream() * 3
        for size in (1, 2, 3, 5, 64, 127, 128, 129, len(data)):
            reader, found = Reader(), []
            for i in range(0, len(data), size):
                found += reader.feed(data[i : i + size])
            self.assertEqual(found, list(self.PACKETS) * 3, size)
            self.assertEqual(reader.have, 0)

    def test_the_buffer_always_has_room_for_more_and_grows_for_a_packet_only(self):
        reader = Reader()
        for c in self.stream():
            self.assertTrue(reader.have < len(reader.buffer))
            reader.feed(bytes((c,)))
        self.assertTrue(len(reader.buffer) < 512)
        reader.feed(b"\xd0\x00")
        self.assertEqual(len(reader.buffer), 128)

    def test_a_length_of_five_bytes_is_no_mqtt(self):
        self.assertRaises(OSError, Reader().feed, b"\x30\xff\xff\xff\xff\x01")

    def test_only_messages_may_be_large(self):
        self.assertRaises(OSError, Reader().feed, b"\x90\xff\xff\x7f")

    def test_a_new_link_begins_with_nothing_left(self):
        reader = Reader()
        self.assertEqual(reader.feed(b"\x30\x05\x00"), [])
        reader.restart(0)
        self.assertEqual(reader.feed(b"\xd0\x00"), [(0xD0, b"")])


class TestMessages(SessionTest):
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
            self.assertEqual(self.taken(), [(False, "ok", b"1")], size)
            self.assertEqual(self.net.broker.log[-1], b"\x40\x02\x00\x09")
        self.assertEqual(len(self.net.broker.log), 4)
        self.assertEqual(len(self.reports), 4)
        self.assertTrue("big" in self.reports[0])
        self.assertTrue(len(self.session.buffer) < 1024)

    def test_a_message_just_over_the_limit(self):
        self.arrive(message("t", b"x" * 257, qos=1) + message("t", b"y" * 256))
        self.assertEqual([m[2] for m in self.taken()], [b"y" * 256])
        self.assertEqual(len(self.reports), 1)


if __name__ == "__main__":
    unittest.main()
