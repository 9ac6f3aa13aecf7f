"""The outbox against a plain list that says what it should hold."""

import random
import unittest

from allthingstalk.outbox import HEAD, Outbox


def text(o, i):
    """Return the text of the record at offset `i`."""
    return bytes(o.buffer[i + HEAD : i + o.head(i)[0]])


def texts(outbox):
    """Return what a fresh session would send, in order."""
    outbox.rewind()
    found = []
    i = outbox.waiting()
    while i >= 0:
        found.append(text(outbox, i))
        outbox.sent(i, len(found))
        i = outbox.waiting()
    outbox.rewind()
    return found


class TestOutbox(unittest.TestCase):
    def test_first_in_first_out(self):
        o = Outbox()
        for i in range(5):
            self.assertEqual(o.put(0, b"%d" % i, 0, 0), 0)
        self.assertEqual(texts(o), [b"0", b"1", b"2", b"3", b"4"])
        self.assertEqual(o.pending, 5)

    def test_a_record_keeps_topic_time_flags_and_text(self):
        o = Outbox()
        o.put(65535, b'{"a":1}', 2147483647, 999, 8)
        i = o.waiting()
        self.assertEqual(o.head(i), (20, 8, 0, 65535, 2147483647, 999))
        self.assertEqual(text(o, i), b'{"a":1}')

    def test_full_the_oldest_goes_and_is_counted(self):
        o = Outbox(size=256)
        dropped = sum(o.put(0, b"%03d" % i, 0, 0) for i in range(40))
        self.assertEqual(o.pending, 16)  # 256 // (13 + 3)
        self.assertEqual(dropped, 24)
        self.assertEqual(texts(o), [b"%03d" % i for i in range(24, 40)])

    def test_what_is_on_its_way_is_not_dropped_while_others_wait(self):
        o = Outbox(size=256)
        for i in range(16):
            o.put(0, b"%03d" % i, 0, 0)
        o.sent(o.waiting(), 1)
        o.put(0, b"new", 0, 0)
        o.rewind()
        self.assertEqual(texts(o)[:2], [b"000", b"002"])

    def test_all_on_its_way_the_oldest_goes_even_so(self):
        o = Outbox(size=256)
        for i in range(16):
            o.put(0, b"%03d" % i, 0, 0)
            o.sent(o.waiting(), i + 1)
        self.assertEqual(o.put(0, b"new", 0, 0), 1)
        self.assertEqual((o.pending, o.in_flight), (16, 15))
        self.assertEqual(o.acknowledged(1), -1)
        self.assertEqual(o.acknowledged(2), 0)

    def test_a_value_larger_than_the_bound_drops_nothing(self):
        o = Outbox(size=256)
        o.put(0, b"1", 0, 0)
        self.assertEqual(o.put(0, b"x" * 244, 0, 0), -1)
        self.assertEqual(texts(o), [b"1"])

    def test_it_takes_memory_as_needed_only(self):
        o = Outbox(size=65536)
        o.put(0, b"1", 0, 0)
        self.assertEqual(len(o.buffer), 128)
        for _ in range(10000):  # no backlog: nothing grows
            o.put(0, b"1", 0, 0)
            o.sent(o.waiting(), 1)
            o.acknowledged(1)
        self.assertEqual(len(o.buffer), 128)
        self.assertEqual(o.pending, 1)

    def test_acknowledged_names_the_topic_and_forgets(self):
        o = Outbox()
        o.put(3, b"a", 0, 0)
        o.put(4, b"b", 0, 0)
        o.sent(o.waiting(), 300)
        o.sent(o.waiting(), 301)
        self.assertEqual(o.head(o.find())[3], 3)
        self.assertEqual(o.acknowledged(301), 4)
        self.assertEqual(o.acknowledged(301), -1)
        self.assertEqual(o.acknowledged(300), 3)
        self.assertEqual((o.pending, o.in_flight, o.find()), (0, 0, -1))

    def test_find_looks_at_one_topic(self):
        o = Outbox()
        for i in range(6):
            o.put(i % 2, b"%d" % i, 0, 0)
        o.sent(o.waiting(), 1)
        self.assertEqual(text(o, o.find(topic=0)), b"0")
        self.assertEqual(o.find(topic=2), -1)
        for _ in range(3):
            o.remove(o.find(topic=0))
        self.assertEqual(o.find(topic=0), -1)
        self.assertEqual(texts(o), [b"1", b"3", b"5"])

    def test_sent_before_is_kept_over_a_lost_session(self):
        o = Outbox()
        o.put(0, b"1", 0, 0)
        self.assertFalse(o.sent(o.waiting(), 1))
        o.rewind()
        self.assertTrue(o.sent(o.waiting(), 2))

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
                    model.append([value, topic, 0])
                    self.assertEqual(o.put(topic, value, 0, 0), dropped, seed)
                elif what < 5:
                    i = o.waiting()
                    waiting = [m for m in model if not m[2]]
                    self.assertEqual(i >= 0, bool(waiting), seed)
                    if waiting:
                        next_id += 1
                        waiting[0][2] = next_id
                        self.assertEqual(text(o, i), waiting[0][0], seed)
                        o.sent(i, next_id)
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
