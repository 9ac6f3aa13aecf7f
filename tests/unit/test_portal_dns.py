"""The portal's answers to name look-ups: every name is here, and nothing damaged is answered."""

import unittest

from allthingstalk.portal.dns import answer

HERE = b"\xc0\xa8\x04\x01"
NAME = b"\x07captive\x05apple\x03com\0"


def question(kind=1, name=NAME, flags=b"\x01\0", counts=b"\0\x01\0\0\0\0\0\0", kind_class=1):
    return b"\x12\x34" + flags + counts + name + bytes((0, kind, 0, kind_class))


class TestAnswer(unittest.TestCase):
    def test_every_name_has_the_boards_address(self):
        for name in (NAME, b"\0", b"\x3f" + b"a" * 63 + b"\0"):
            reply = answer(question(name=name), HERE)
            asked = question(name=name)[12:]
            self.assertEqual(reply[:4], b"\x12\x34\x85\x80")
            self.assertEqual(reply[4:12], b"\0\x01\0\x01\0\0\0\0")
            self.assertEqual(reply[12 : 12 + len(asked)], asked)
            record = reply[12 + len(asked) :]
            self.assertEqual(record[:6], b"\xc0\x0c\0\x01\0\x01")
            self.assertEqual(record[-6:], b"\0\x04" + HERE)
            self.assertEqual(len(record), 16)

    def test_what_else_is_asked_of_a_name_is_not_there(self):
        for kind, kind_class in ((28, 1), (65, 1), (255, 1), (1, 3)):
            reply = answer(question(kind, kind_class=kind_class), HERE)
            self.assertEqual(reply[3:12], b"\x80\0\x01\0\0\0\0\0\0")
            self.assertEqual(reply[12:], question(kind, kind_class=kind_class)[12:])

    def test_what_comes_behind_the_question_is_left_out(self):
        more = question(counts=b"\0\x01\0\0\0\0\0\x01") + b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
        self.assertEqual(answer(more, HERE), answer(question(), HERE))

    def test_what_is_no_question_gets_no_answer(self):
        whole = question()
        for n in range(len(whole)):
            self.assertIsNone(answer(whole[:n], HERE))
        for other in (
            question(flags=b"\x81\0"),  # an answer
            question(flags=b"\x29\0"),  # an update
            question(counts=b"\0\x02\0\0\0\0\0\0"),
            question(counts=bytes(8)),
            question(name=b"\xc0\x0c"),  # a name that is itself
            question(name=b"\x40" + b"a" * 64 + b"\0"),
            whole + bytes(600),
            b"\xff" * 300,
        ):
            self.assertIsNone(answer(other, HERE))


if __name__ == "__main__":
    unittest.main()
