"""The outbox against a plain list that says what it should hold."""

import random
import unittest

from allthingstalk.outbox import Outbox

HEAD = 13  # bytes of a record besides its text


def put(o, value, topic=0, size=None):
    return o.put(topic, value, len(value) if size is None else size, 0, 0)


def text(o):
    """Return the text of the current record."""
    return bytes(o.buffer[o.text : o.text + o.text_size])


def texts(outbox):
    """Return what a fresh session would send, in order."""
    outbox.rewind()
    found = []
    while outbox.next():
        found.append(text(outbox))
        outbox.sent(len(found))
    outbox.rewind()
    return found


class TestOutbox(unittest.TestCase):
    def send(self, o, packet_id):
        self.assertTrue(o.next())
        return o.sent(packet_id)

    def test_first_in_first_out(self):
        o = Outbox()
        for i in range(5):
            self.assertEqual(put(o, b"%d" % i), 0)
        self.assertEqual(texts(o), [b"0", b"1", b"2", b"3", b"4"])
        self.assertEqual(o.pending, 5)

    def test_a_record_keeps_topic_time_flags_and_text(self):
        o = Outbox()
        o.put(65535, b'{"a":1}', 7, 4294967295, 999, 8)
        self.assertTrue(o.next())
        self.assertEqual((o.flags, o.topic, o.second, o.ms), (8, 65535, 4294967295, 999))
        self.assertEqual(text(o), b'{"a":1}')

    def test_a_text_may_be_the_beginning_of_a_larger_buffer(self):
        o = Outbox()
        for size in (3, 24, 25, 60):
            put(o, b"0123456789" * 6, size=size)
        self.assertEqual([len(t) for t in texts(o)], [3, 24, 25, 60])
        self.assertEqual(texts(o)[2], b"0123456789012345678901234")

    def test_full_the_oldest_goes_and_is_counted(self):
        o = Outbox(size=256)
        dropped = sum(put(o, b"%03d" % i) for i in range(40))
        self.assertEqual(o.pending, 16)  # 256 // (13 + 3)
        self.assertEqual(dropped, 24)
        self.assertEqual(texts(o), [b"%03d" % i for i in range(24, 40)])

    def test_what_is_on_its_way_is_not_dropped_while_others_wait(self):
        o = Outbox(size=256)
        for i in range(16):
            put(o, b"%03d" % i)
        self.send(o, 1)
        put(o, b"new")
        o.rewind()
        self.assertEqual(texts(o)[:2], [b"000", b"002"])

    def test_all_on_its_way_the_oldest_goes_even_so(self):
        o = Outbox(size=256)
        for i in range(16):
            put(o, b"%03d" % i)
            self.send(o, i + 1)
        self.assertEqual(put(o, b"new"), 1)
        self.assertEqual((o.pending, o.in_flight), (16, 15))
        self.assertEqual(o.acknowledged(1), -1)
        self.assertEqual(o.acknowledged(2), 0)

    def test_a_value_larger_than_the_bound_drops_nothing(self):
        o = Outbox(size=256)
        put(o, b"1")
        self.assertEqual(put(o, b"x" * 244), -1)
        self.assertEqual(texts(o), [b"1"])

    def test_it_takes_memory_as_needed_only(self):
        o = Outbox(size=65536)
        put(o, b"1")
        self.assertEqual(len(o.buffer), 128)
        for _ in range(10000):  # no backlog: nothing grows
            put(o, b"1")
            self.send(o, 1)
            o.acknowledged(1)
        self.assertEqual(len(o.buffer), 128)
        self.assertEqual(o.pending, 1)

    def test_acknowledged_names_the_topic_and_forgets(self):
        o = Outbox()
        put(o, b"a", 3)
        put(o, b"b", 4)
        self.send(o, 300)
        self.send(o, 301)
        self.assertTrue(o.find())  # the oldest in flight
        self.assertEqual(o.topic, 3)
        self.assertEqual(o.acknowledged(301), 4)
        self.assertEqual(o.acknowledged(301), -1)
        self.assertEqual(o.acknowledged(300), 3)
        self.assertEqual((o.pending, o.in_flight, o.find()), (0, 0, False))

    def test_find_looks_at_one_topic(self):
        o = Outbox()
        for i in range(6):
            put(o, b"%d" % i, i % 2)
        self.send(o, 1)
        self.assertTrue(o.find(0))
        self.assertEqual(text(o), b"0")
        self.assertFalse(o.find(2))
        for _ in range(3):
            self.assertTrue(o.find(0))
            o.remove(o.at)
        self.assertFalse(o.find(0))
        self.assertEqual(texts(o), [b"1", b"3", b"5"])

    def test_sent_before_is_kept_over_a_lost_session(self):
        o = Outbox()
        put(o, b"1")
        self.assertFalse(self.send(o, 1))
        o.rewind()
        self.assertTrue(self.send(o, 2))

    def test_next_passes_over_a_topic_or_looks_at_it_alone(self):
        o = Outbox()
        for i in range(6):
            put(o, b"%d" % i, i % 2)
        for only, wanted in ((False, b"1"), (True, b"0"), (False, b"3"), (True, b"2")):
            self.assertTrue(o.next(0, only))
            self.assertEqual(text(o), wanted)
            o.sent(1)
        o.rewind()
        self.assertTrue(o.next())
        self.assertEqual(text(o), b"0")
        self.assertFalse(o.next(2, True))
        self.assertTrue(o.next(2))

    def test_flags_and_time_can_be_changed(self):
        o = Outbox()
        for i in range(3):
            put(o, b"%d" % i)
        self.assertTrue(o.next())
        o.change(0x10, 1800000000, 250)
        o.sent(7)
        self.assertEqual([o.read(i) and o.flags for i in o.each()], [0x15, 0, 0])
        o.read(o.start)
        self.assertEqual((o.second, o.ms, text(o)), (1800000000, 250, b"0"))

    def test_next_knows_what_was_changed_since_it_was_put(self):
        o = Outbox()
        o.put(1, b"a", 1, 5, 6)
        self.assertTrue(o.next())
        o.change(0x20, 1800000000, 250)
        self.assertTrue(o.next())
        self.assertEqual((o.flags, o.second, o.ms), (0x20, 1800000000, 250))

    def test_next_knows_what_was_moved_and_removed_since_it_was_put(self):
        o = Outbox(size=256)
        put(o, b"first" * 20)
        put(o, b"second" * 9)
        put(o, b"third" * 14)  # there is no room: the first goes, and the others move to its place
        self.assertTrue(o.next())
        self.assertEqual(text(o), b"second" * 9)
        o.remove(o.at)
        self.assertTrue(o.next())
        self.assertEqual(text(o), b"third" * 14)

    def test_records_are_not_moved_for_the_room_of_a_few(self):
        o = Outbox()
        moved = 0
        for i in range(1000):
            before = o.start
            put(o, b"12345")
            moved += o.start < before
            self.send(o, i + 1)
            if i > 60:
                o.acknowledged(i - 60)
                self.assertEqual(o.in_flight, 61)
        self.assertTrue(len(o.buffer) < 2048, len(o.buffer))
        self.assertTrue(moved < 60, moved)

    def test_a_bound_that_holds_nothing_is_refused(self):
        self.assertRaises(ValueError, Outbox, None, 100)

    def test_random_use_agrees_with_a_list(self):
        for seed in range(20):
            random.seed(seed)
            o = Outbox(size=300)
            model = []  # [text, topic, packet id or 0], oldest first
            next_id = number = 0
            for _ in range(400):
                what = random.getrandbits(3)
                if what < 3:
                    number += 1
                    value = b"%d" % number * (1 + random.getrandbits(4) % 9)
                    topic = random.getrandbits(2)
                    need = HEAD + len(value)
                    used = sum(13 + len(m[0]) for m in model)
                    dropped = 0
                    while used + need > 300:
                        waiting = [m for m in model if not m[2]]
                        gone = (waiting or model)[0]
                        model.remove(gone)
                        used -= 13 + len(gone[0])
                        dropped += 1
                    model.append([value, topic, 0, number])
                    self.assertEqual(
                        o.put(topic, value, len(value), number, number % 1000), dropped, seed
                    )
                elif what < 5:
                    waiting = [m for m in model if not m[2]]
                    self.assertEqual(o.next(), bool(waiting), seed)
                    if waiting:
                        next_id += 1
                        waiting[0][2] = next_id
                        value, topic, _, number_then = waiting[0]
                        self.assertEqual((text(o), o.topic), (value, topic), seed)
                        self.assertEqual((o.second, o.ms), (number_then, number_then % 1000), seed)
                        o.sent(next_id)
                elif what < 7:
                    flying = [m for m in model if m[2]]
                    if flying:
                        m = flying[random.getrandbits(4) % len(flying)]
                        model.remove(m)
                        self.assertEqual(o.acknowledged(m[2]), m[1], seed)
                elif random.getrandbits(3) == 0:
                    o.rewind()
                    for m in model:
                        m[2] = 0
                self.assertEqual(o.pending, len(model), seed)
                self.assertEqual(o.in_flight, len([m for m in model if m[2]]), seed)
                self.assertTrue(len(o.buffer) <= 300)
            self.assertEqual(texts(o), [m[0] for m in model], seed)


if __name__ == "__main__":
    unittest.main()
