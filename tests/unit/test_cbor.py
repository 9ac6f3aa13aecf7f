"""CBOR, byte by byte: the examples of RFC 8949, appendix A, and vectors worked out by hand."""

import unittest
from binascii import hexlify, unhexlify

from allthingstalk.cbor import append_time, dumps, loads

# One value in two floats: this interpreter's have 32 or 64 bits.
DOUBLES = 0.1 + 0.2 != 0.3
BOTH_WAYS = [
    (0, "00"),
    (1, "01"),
    (10, "0a"),
    (23, "17"),
    (24, "1818"),
    (25, "1819"),
    (100, "1864"),
    (255, "18ff"),
    (256, "190100"),
    (1000, "1903e8"),
    (65535, "19ffff"),
    (65536, "1a00010000"),
    (1000000, "1a000f4240"),
    (4294967295, "1affffffff"),
    (4294967296, "1b0000000100000000"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (18446744073709551616, "c249010000000000000000"),
    (-1, "20"),
    (-10, "29"),
    (-24, "37"),
    (-25, "3818"),
    (-100, "3863"),
    (-1000, "3903e7"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (-18446744073709551617, "c349010000000000000000"),
    (0.0, "f90000"),
    (1.0, "f93c00"),
    (1.5, "f93e00"),
    (-4.0, "f9c400"),
    (21.5, "f94d60"),
    (65504.0, "f97bff"),
    (65536.0, "fa47800000"),
    (100000.0, "fa47c35000"),
    (0.00006103515625, "f90400"),  # the least half that is normal
    (0.000060975551605224609375, "f903ff"),  # the largest that is not
    (5.960464477539063e-8, "f90001"),
    (2.0**-25, "fa33000000"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (b"", "40"),
    (b"\x01\x02\x03\x04", "4401020304"),
    ("", "60"),
    ("a", "6161"),
    ("IETF", "6449455446"),
    ('"\\', "62225c"),
    ("ü", "62c3bc"),
    ("水", "63e6b0b4"),
    ("\U0001f600", "64f09f9880"),
    ([], "80"),
    ([1, 2, 3], "83010203"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    (list(range(1, 26)), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
    ({}, "a0"),
    ({"a": [2, None]}, "a161618202f6"),
    (["a", {"b": "c"}], "826161a161626163"),
    # tag 103, an array of latitude and longitude, and of altitude where it is there
    ({"latitude": 51.5, "longitude": -3}, "d86782f9527022"),
    ({"latitude": 0, "longitude": 0, "altitude": 12.5}, "d867830000f94a40"),
    ({"latitude": 1, "longitude": 2, "note": "x"}, None),
    ({"latitude": 1, "altitude": 2}, None),
    ({"latitude": 1}, None),
    ("a" * 23, "77" + "61" * 23),
    ("a" * 24, "7818" + "61" * 24),
    ("a" * 300, "79012c" + "61" * 300),
]
ONE_WAY = [
    (0, "1800"),  # longer than needed
    (1, "1b0000000000000001"),
    (1.5, "fa3fc00000"),
    (1.5, "fb3ff8000000000000"),
    (None, "f7"),  # undefined
    ([], "9fff"),
    ([1, [2, 3], [4, 5]], "9f018202039f0405ffff"),
    ({"a": 1, "b": [2, 3]}, "bf61610161629f0203ffff"),
    ("streaming", "7f657374726561646d696e67ff"),
    (b"\x01\x02\x03\x04\x05", "5f42010243030405ff"),
    ("2013-03-21T20:04:00Z", "c074323031332d30332d32315432303a30343a30305a"),
    ("2013-03-21T20:04:00Z", "c11a514b67b0"),
    ("2013-03-21T20:04:00.5Z", "c1fb41d452d9ec200000"),
    (5, "d9d9f705"),  # tag 55799: this is CBOR
    ({"value": 5, "at": None, "place": None}, "d8788305f6f6"),
    ({"value": 5}, "d8788105"),
    ({"value": "a"}, "d8786161"),
    # the examples of the two tags' specifications
    (
        {
            "value": 23.5,
            "at": "2017-07-14T02:40:00Z",
            "place": {"latitude": 44.7866, "longitude": 20.4489, "altitude": 117},
        },
        "d87883f94de0c11a59682f00d86783fb404664af4f0d844dfb403472eb1c432ca51875",
    ),
    ({"latitude": 51.0625, "longitude": 3.732421875}, "d86782f95262f94377"),
    ({"latitude": 51.0625, "longitude": 3.732421875}, "d86784f95262f94377f71805"),
    (
        {"value": {"t": 5}, "at": "2013-03-21T20:04:00Z", "place": {"latitude": 1, "longitude": 2}},
        "d87883a1617405c11a514b67b0d867820102",
    ),
]
WRONG = (
    "",
    "18",
    "1901",
    "1c",  # a length that does not exist
    "1f",
    "3f",
    "df00",
    "fe",
    "f818",  # simple values that nobody has given a meaning
    "e0",
    "ff",
    "81ff",
    "82ff",
    "a161",
    "a16161",
    "a1616161ff",
    "a10000",  # a key that is no text
    "bf6161ff",
    "6261",
    "61ff",
    "63eda0bd",  # half of a surrogate pair
    "62c080",
    "7f4161ff",
    "7f6161",
    "5f6161ff",
    "9b7fffffffffffffff00",  # more than there is
    "5bffffffffffffffff00",
    "c1f5",
    "c16161",
    "c06161",
    "c000",
    "c200",
    "c1",
    "d867",
    "d86700",
    "d878ff",
    "f97c00",  # infinite, and no number at all
    "f97e00",
    "fa7f800000",
    "fb7ff8000000000000",
    "0000",
    "81" * 40 + "00",
    "9f" * 40,
    "c1" * 40 + "00",
)


def text(data):
    return str(hexlify(data), "utf-8")


class TestVectors(unittest.TestCase):
    def test_there_and_back(self):
        for value, hexed in BOTH_WAYS:
            data = dumps(value)
            if hexed is not None:
                self.assertEqual(text(data), hexed)
            back = loads(data)
            self.assertEqual((type(back), back), (type(value), value), repr(value))

    def test_doubles_where_there_are_some(self):
        if not DOUBLES:
            return
        for value, hexed in (
            (1.1, "fb3ff199999999999a"),
            (-4.1, "fbc010666666666666"),
            (1.0e300, "fb7e37e43c8800759c"),
        ):
            self.assertEqual(loads(unhexlify(hexed)), value)
            self.assertEqual(text(dumps(value)), hexed)
        for value in (3.4e38, 3.4028234663852886e38, 3.5e38, -3.5e38, 5e-324, 1.17549435e-38):
            self.assertEqual(loads(dumps(value)), value)

    def test_what_others_write(self):
        for value, hexed in ONE_WAY:
            back = loads(unhexlify(hexed))
            self.assertEqual((type(back), back), (type(value), value), hexed)

    def test_a_tuple_is_an_array(self):
        self.assertEqual(dumps((1, 2)), dumps([1, 2]))

    def test_times(self):
        for at, hexed in (
            ("2013-03-21T20:04:00Z", "c11a514b67b0"),
            ("2110-01-01T00:00:00Z", "c11b000000010754fd00"),
            ("2013-03-21T20:04:00.5Z", "c076323031332d30332d32315432303a30343a30302e355a"),
        ):
            out = bytearray()
            append_time(out, at)
            self.assertEqual(text(out), hexed)
            self.assertEqual(loads(out), at)


class TestRefused(unittest.TestCase):
    def test_what_is_no_cbor(self):
        for hexed in WRONG:
            try:
                value = loads(unhexlify(hexed))
            except ValueError:
                continue
            self.fail("%s is %r" % (hexed, value))

    def test_every_beginning_of_a_message(self):
        data = dumps({"a": [1, 1.5, "text", {"latitude": 51.5, "longitude": 3}], "b": 1 << 70})
        for n in range(len(data)):
            self.assertRaises(ValueError, loads, data[:n])

    def test_what_cbor_does_not_carry(self):
        for value in (float("nan"), float("inf"), -float("inf")):
            self.assertRaises(ValueError, dumps, value)
            self.assertRaises(ValueError, dumps, [value])
        for value in (object(), {1}, {1: 2}, {None: 1}):
            self.assertRaises(TypeError, dumps, value)


if __name__ == "__main__":
    unittest.main()
