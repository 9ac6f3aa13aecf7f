"""ABCL: bytes against vectors worked out by hand, and what a layout refuses."""

import os
import time
import unittest
from binascii import hexlify
from struct import unpack

from allthingstalk import Outbox
from allthingstalk.abcl import Format
from contract import Board, ContractTest
from own_client import raised


class TestLayout(unittest.TestCase):
    def gives(self, hexed, values, *fields, **options):
        layout = Format(*fields, **options)
        data = layout.pack(values)
        self.assertEqual(str(hexlify(data), "utf-8"), hexed)
        self.assertEqual(layout.size, len(data))

    def test_integers_of_all_sizes(self):
        for kind, value, hexed in (
            ("int8", -1, "ff"),
            ("int8", 127, "7f"),
            ("uint8", 255, "ff"),
            ("int16", -2, "fffe"),
            ("uint16", 0x1234, "1234"),
            ("int32", -(1 << 31), "80000000"),
            ("uint32", 0xDEADBEEF, "deadbeef"),
            ("int64", -1, "ff" * 8),
            ("uint64", (1 << 64) - 2, "fffffffffffffffe"),
        ):
            self.gives(hexed, {"a": value}, ("a", kind))

    def test_both_orders(self):
        self.gives("12345678", {"a": 0x1234, "b": 0x5678}, ("a", "uint16"), ("b", "uint16"))
        self.gives(
            "34127856", {"a": 0x1234, "b": 0x5678}, ("a", "uint16"), ("b", "uint16"), order="little"
        )
        self.gives("41ac0000", {"a": 21.5}, ("a", "float"))
        self.gives("0000ac41", {"a": 21.5}, ("a", "float"), order="little")
        self.gives("4035800000000000", {"a": 21.5}, ("a", "double"))

    def test_factor_and_offset(self):
        for value, hexed in ((21.5, "00d7"), (-0.1, "ffff"), (21.54, "00d7"), (21.56, "00d8")):
            self.gives(hexed, {"a": value}, ("a", "int16", 0.1))
        self.gives("00", {"a": -40}, ("a", "uint8", 0.5, -40))
        self.gives("ff", {"a": 87.5}, ("a", "uint8", 0.5, -40))
        self.gives("05", {"a": 50}, ("a", "uint8", 10))
        self.gives("fe", {"a": 1}, ("a", "int8", -0.5))

    def test_a_float_is_rounded_for_an_integer(self):
        for value, hexed in ((1.4, "01"), (1.5, "02"), (-1.4, "ff"), (-1.5, "fe")):
            self.gives(hexed, {"a": value}, ("a", "int8"))

    def test_integers_are_exact_and_halves_go_away_from_zero(self):
        for value, factor, offset, kind, hexed in (
            ((1 << 62) + 1, 1, 1, "int64", "4000000000000000"),
            ((1 << 63) + 7, 1, None, "uint64", "8000000000000007"),
            (5, 2, None, "int8", "03"),
            (-5, 2, None, "int8", "fd"),
            (5, -2, None, "int8", "fd"),
            (4, 3, None, "int8", "01"),
            (0, -3, None, "int8", "00"),
            (1 << 24 | 1, 1, 0, "uint32", "01000001"),
        ):
            self.gives(hexed, {"a": value}, ("a", kind, factor, offset))
        odd = float((1 << 22) + 1)  # where half of it is more than a float of 4 bytes keeps
        self.gives("00400001", {"a": odd}, ("a", "uint32"))
        self.gives("00", {"a": 0.4999999}, ("a", "uint8"))

    def test_bits_in_a_row_share_a_byte(self):
        fields = (("a", "bit", 0), ("b", "bit", 7), ("c", "bit", 0), ("n", "uint8"), ("d", "bit"))
        self.gives("81010501", {"a": 1, "b": True, "c": True, "n": 5, "d": 1}, *fields)
        self.gives("80000500", {"a": 0, "b": 1, "c": False, "n": 5, "d": 0}, *fields)
        self.assertEqual([field[2] for field in Format(*fields).fields], [0, 0, 1, 2, 3])

    def test_against_struct(self):
        layout = Format(("a", "int8"), ("b", "uint32"), ("c", "float"), ("d", "int64"))
        values = {"a": -5, "b": 4000000000, "c": 1.25, "d": -(1 << 40)}
        self.assertEqual(unpack(">bIfq", layout.pack(values)), (-5, 4000000000, 1.25, -(1 << 40)))
        layout = Format(("b", "uint16"), ("d", "double"), order="little")
        self.assertEqual(unpack("<Hd", layout.pack({"b": 7, "d": -2.5})), (7, -2.5))


class TestRefused(unittest.TestCase):
    def test_layouts_that_cannot_be(self):
        for fields, words in (
            ((), "needs a field"),
            ((("a",),), "there is no type"),
            ((5,), "a field is"),
            ((("a", "int12"),), "int16"),
            ((("a", "bit", 8),), "0 to 7"),
            ((("a", "bit", 0.5),), "0 to 7"),
            ((("a", "bit", 0, 1),), "0 to 7"),
            ((("a", "int8"), ("a", "int8")), "comes once"),
            (((5, "int8"),), "asset name"),
            ((("a/b", "int8"),), "asset name"),
            ((("", "int8"),), "asset name"),
            ((("a", ["int8"]),), "there is no type"),
            ((("a", "int8", 1, 0, 5),), "a field is"),
            ((("a", "int8", float("nan")),), "are numbers"),
            ((("a", "int8", 1, float("inf")),), "are numbers"),
            ((("a", "int8", 0),), "not 0"),
            ((("a", "int8", "x"),), "are numbers"),
            ((("a", "float", 0.1),), "a float has none"),
        ):
            self.assertIn(words, str(raised(ValueError, Format, *fields)))
        self.assertIn("big or little", str(raised(ValueError, Format, ("a", "int8"), order="?")))

    def test_values_that_do_not_fit(self):
        for kind, value in (
            ("int8", 128),
            ("int8", -129),
            ("uint8", -1),
            ("uint8", 255.5),
            ("uint16", 65536),
            ("int32", 1 << 31),
            ("uint64", 1 << 64),
            ("float", 1e39),
        ):
            e = raised(ValueError, Format(("speed", kind)).pack, {"speed": value})
            self.assertIn("speed", str(e))
        e = raised(ValueError, Format(("t", "int8", 1e-30)).pack, {"t": 1e30})
        self.assertIn("t: it is", str(e))
        e = raised(ValueError, Format(("t", "int8", 0.1)).pack, {"t": 12.8})
        self.assertIn("-128 to 127 in int8, got 128 after factor", str(e))

    def test_values_of_another_type(self):
        layout = Format(("n", "int8"), ("b", "bit"))
        for values in (
            {"n": "5", "b": True},
            {"n": None, "b": True},
            {"n": True, "b": True},
            {"n": float("nan"), "b": True},
            {"n": 5, "b": 2},
            {"n": 5, "b": "on"},
        ):
            raised(TypeError, layout.pack, values)

    def test_names_that_are_missing_or_unknown(self):
        layout = Format(("n", "int8"), ("b", "bit"))
        self.assertIn("b: no value", str(raised(ValueError, layout.pack, {"n": 5})))
        e = raised(ValueError, layout.pack, {"n": 5, "b": 1, "x": 5})
        self.assertIn("x: no such field; there are n b", str(e))


class TestSend(ContractTest):
    def messages(self):
        return [p[:2] for p in self.net.broker.publishes()]

    def test_values_in_the_layout_of_the_client(self):
        self.client = self.make(payload=Format(("temp", "int16", 0.1), ("led", "bit", 0)))
        board = self.board()
        board.send({"temp": 21.5, "led": True})
        board.temp = 5
        board.send(b"\0\x01\xff")
        self.assertTrue(self.client.flush(5))
        self.assertEqual(
            self.messages(),
            [
                (b"device/D/state", b"\0\xd7\x01"),
                (b"device/D/asset/temp/state", b'{"value":5}'),
                (b"device/D/state", b"\0\x01\xff"),
            ],
        )

    def test_late_they_wait_in_their_place(self):
        for payload in ("json", "cbor"):
            self.client = self.make(payload=payload)
            self.net.broker.log.clear()
            board = self.board()
            self.drop()
            self.away()
            self.client.poll()
            board.temp = 1
            board.send(b"abc")
            board.temp = 2
            self.run_for(3)
            self.away(False)
            self.run_for(60)
            self.assertEqual([m[1] == b"abc" for m in self.messages()], [False, True, False])

    def test_a_reset_loses_none_whatever_the_format_is_afterwards(self):
        path = "/tmp/allthingstalk-abcl-%d" % time.time_ns()
        try:
            for before, after in (("json", "json"), ("json", "cbor"), ("cbor", "json")):
                self.client = self.make(payload=before, outbox=Outbox(path, always=True))
                board = self.board()
                self.drop()
                self.away()
                self.client.poll()
                board.send(b"\0\xa1\x7b")
                board.temp = 2
                self.away(False)
                self.net.broker.log.clear()
                self.client = self.make(payload=after, outbox=Outbox(path, always=True))
                self.board()
                self.run_for(5)
                self.assertEqual(self.messages()[0], (b"device/D/state", b"\0\xa1\x7b"))
                self.assertEqual((len(self.messages()), self.client.pending), (2, 0))
                self.client.close()
        finally:
            os.remove(path)

    def test_refused(self):
        board = self.board()
        self.assertIn("payload=abcl.Format", str(raised(TypeError, board.send, {"temp": 5})))
        raised(ValueError, board.send, b"")
        raised(TypeError, board.send, "text")
        rest = Board(client=self.make(mqtt=False), id="D")
        self.assertIn("MQTT", str(raised(ValueError, rest.send, b"abc")))
        raised(RuntimeError, Board(id="D").send, b"abc")
        self.assertEqual(self.messages(), [])


if __name__ == "__main__":
    unittest.main()
