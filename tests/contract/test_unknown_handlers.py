"""A handler for a member that does not exist is a typo, and said so as early as possible.

Without `__set_name__` that is when the first instance is made, of the last class to have one: so
every class here is made by the test that uses it, and gets its instance there.
"""

import unittest

from allthingstalk import BooleanAsset, Device, NumberAsset
from own_client import HAS_SET_NAME, forget_handlers, raised


def hear(device, value, at):
    pass


class TestUnknown(unittest.TestCase):
    def setUp(self):
        forget_handlers()

    def test_on_a_class_it_is_refused_at_once_or_by_the_first_instance(self):
        class Board(Device):
            led = BooleanAsset()
            temp = NumberAsset()

        if HAS_SET_NAME:
            e = raised(AttributeError, getattr, Board.command, "tmp")
            self.assertIn("Board", str(e))
            Board()
        else:
            Board.command.tmp(hear)
            e = raised(AttributeError, Board)
            Board()  # it was said
        for word in ("'tmp'", "led", "temp"):
            self.assertIn(word, str(e))

    def test_once_all_classes_are_known_it_is_refused_at_once_everywhere(self):
        class Board(Device):
            led = BooleanAsset()

        Board()
        raised(AttributeError, getattr, Board.command, "let")
        raised(AttributeError, getattr, Device.command, "let")

    def test_on_an_instance_it_is_refused_at_once(self):
        class Board(Device):
            led = BooleanAsset()

        board = Board()
        for stream in (board.command, board.feed, board.state, board.event):
            self.assertIn("Board", str(raised(AttributeError, getattr, stream, "let")))

    def test_the_assets_name_is_not_the_members(self):
        class Board(Device):
            second = NumberAsset(name="two")

        board = Board()
        raised(AttributeError, getattr, board.command, "two")
        self.assertTrue(callable(board.command.second))

    def test_a_handler_of_a_class_without_instances_yet_is_no_typo(self):
        class First(Device):
            one = BooleanAsset()

        class Second(Device):
            two = BooleanAsset()

        Second.command.two(hear)
        First()
        Second()
        First.command.one(hear)
        Second()

    def test_a_handler_registered_after_the_only_instance_is_no_typo_for_the_next_class(self):
        class First(Device):
            alone = BooleanAsset()

        class Second(Device):
            other = BooleanAsset()

        First()
        First.command.alone(hear)
        Second()

    def test_a_member_that_a_subclass_hides_is_known_of_its_base(self):
        class Base(Device):
            hidden = BooleanAsset()

        class Other(Base):
            hidden = None
            shown = BooleanAsset()

        Base.command.hidden(hear)
        other = Other()
        raised(AttributeError, getattr, other.command, "hidden")

    def test_a_stream_that_does_not_exist(self):
        class Board(Device):
            led = BooleanAsset()

        self.assertFalse(hasattr(Board, "commands"))
        self.assertFalse(hasattr(Board(), "commands"))


if __name__ == "__main__":
    unittest.main()
