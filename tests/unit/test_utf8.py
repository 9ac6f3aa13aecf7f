"""Text beyond ASCII, in and out: pairs of escapes are joined, what is no UTF-8 goes nowhere."""

import json
import unittest

from allthingstalk import AssetState, Client, Device, ObjectAsset, StringAsset
from allthingstalk.utf8 import check, loads
from contract import ContractTest

SMILE = "\U0001f600"
# UTF-8 that MicroPython's str takes and nobody else: half a pair, a zero that is too long, one
# beyond U+10FFFF.
WRONG = (b"\xed\xa0\xbd", b"\xed\xb8\x80", b"\xc0\x80", b"\xe0\x80\x80", b"\xf4\x90\x80\x80")


class Sign(Device):
    text = StringAsset(kind="actuator")
    data = ObjectAsset()
    last = StringAsset(keep="latest")


def half():
    """Return text with half of a surrogate pair, as a program can make it on this interpreter."""
    try:
        return str(WRONG[0], "utf-8")  # MicroPython
    except UnicodeError:
        return chr(0xD83D)


class TestCheck(unittest.TestCase):
    def refuses(self, data):
        self.assertRaises(ValueError, check, data)
        self.assertRaises(ValueError, check, b"a" + data + b"b")

    def test_each_length(self):
        for text in ("", "a", "\x7f", "é", "߿", "ࠀ", "퟿", "", "￿", "𐀀", SMILE, "\U0010ffff"):
            check(text.encode())
            check(("a" + text + "b").encode())

    def test_what_no_other_reader_takes(self):
        for data in WRONG:
            self.refuses(data)

    def test_what_is_no_utf8_at_all(self):
        for data in (b"\x80", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xf5\x80\x80\x80", b"\xff"):
            self.refuses(data)

    def test_only_so_many_bytes(self):
        check(b"ab\xff", 2)
        self.assertRaises(ValueError, check, "aé".encode(), 2)


class TestLoads(unittest.TestCase):
    def test_pairs_are_joined(self):
        for text in ('"\\ud83d\\ude00"', '"\\uD83D\\uDE00"', '"%s"' % SMILE):
            self.assertEqual(loads(text), SMILE)
            self.assertEqual(loads(text.encode()), SMILE)
            self.assertEqual(loads(bytearray(text.encode())), SMILE)

    def test_several_in_names_and_values(self):
        text = '{"\\ud83d\\ude00":["a\\ud83d\\ude00b\\ud83d\\ude01",1],"\\u00e9":"\\u20ac\\n"}'
        self.assertEqual(loads(text), {SMILE: ["a%sb\U0001f601" % SMILE, 1], "é": "€\n"})

    def test_the_bounds_of_pairs(self):
        self.assertEqual(loads('"\\ud800\\udc00"'), "\U00010000")
        self.assertEqual(loads('"\\udbff\\udfff"'), "\U0010ffff")
        self.assertEqual(loads('"\\ud7ff\\ue000"').encode(), b"\xed\x9f\xbf\xee\x80\x80")

    def test_a_backslash_before_it_is_no_escape(self):
        self.assertEqual(loads('"\\\\ud83d\\\\ude00"'), "\\ud83d\\ude00")
        self.assertEqual(loads('"\\\\\\ud83d\\ude00"'), "\\" + SMILE)
        self.assertEqual(loads('"\\"\\ud83d\\ude00"'), '"' + SMILE)

    def test_halves_are_refused(self):
        for text in (
            '"\\ud83d"',
            '"\\ude00"',
            '"\\ude00\\ud83d"',
            '"\\ud83d\\ud83d\\ude00"',
            '"\\ud83d \\ude00"',
            '"\\ud83dde00"',
            '{"\\ud83d":1}',
        ):
            self.assertRaises(ValueError, loads, text)

    def test_raw_text_that_is_no_utf8_is_refused(self):
        for data in WRONG:
            self.assertRaises(ValueError, loads, b'"' + data + b'"')

    def test_what_is_no_json_is_refused(self):
        for text in ("", "x", '"\\ud83d\\ude0"', '"\\ud83d'):
            self.assertRaises(ValueError, loads, text)


class TestCommands(ContractTest):
    def setUp(self):
        super().setUp()
        self.heard = []
        self.sign = Sign(client=self.client, id="D")

        def hear(device, value, at):
            self.heard.append(value)
            device.text = value

        self.sign.command.text(hear)
        self.client.poll()
        self.net.advance(50)

    def test_a_pair_of_escapes_is_one_character_and_goes_back_as_it(self):
        self.arrive("text", b'{"value":"\\ud83d\\ude00 ok"}')
        self.run_for(1)
        self.assertEqual([text.encode() for text in self.heard], [(SMILE + " ok").encode()])
        self.assertEqual(self.net.broker.publishes()[-1][1], b'{"value":"%s ok"}' % SMILE.encode())
        self.assertEqual((self.client.pending, self.client.errors), (0, 0))

    def test_halves_are_reported(self):
        for text in (b"\\ud83d", b"\\ude00", WRONG[0], WRONG[2]):
            self.arrive("text", b'{"value":"%s"}' % text)
            self.run_for(1)
            self.assertIn("no UTF-8", self.client.last_error)
        self.assertEqual((self.heard, self.client.errors), ([], 4))

    def test_what_no_platform_could_read_is_refused_at_the_assignment(self):
        sent = len(self.net.broker.publishes())
        for value in (half(), "a" + half(), "a" * 100 + half(), AssetState(half())):
            with self.assertRaises(ValueError):
                self.sign.text = value
            with self.assertRaises(ValueError):
                self.sign.last = value
            with self.assertRaises(ValueError):
                self.client.publish_asset_state("D", "text", value)
        for value in ({"a": half()}, {half(): 1}, {"a": [half()]}):
            with self.assertRaises(ValueError):
                self.sign.data = value
        with self.assertRaises(ValueError):
            self.sign.update(data={"a": 1}, text=half())
        self.run_for(1)
        self.assertEqual(self.client.pending, 0)
        self.assertEqual(len(self.net.broker.publishes()), sent)
        self.sign.text = SMILE
        self.run_for(1)
        self.assertEqual(self.values("text"), [SMILE])

    def test_also_what_an_interrupt_assigns(self):
        raised = []

        def interrupt():
            try:
                self.sign.text = half()
            except ValueError as e:
                raised.append(e)

        self.client.enter()
        interrupt()
        self.client.leave()
        self.assertEqual(len(raised), 1)
        self.run_for(1)
        self.assertEqual((self.client.pending, self.values("text")), (0, []))

    def test_states_that_are_read(self):
        self.rest.answers["GET /device/D/asset/text/state"] = (
            b'{"state":{"value":"\\ud83d\\ude00"}}'
        )
        self.assertEqual(self.sign.text.value.encode(), SMILE.encode())

    def test_titles_that_are_read(self):
        self.rest.answers["GET /device/E/assets"] = (
            b'[{"name":"a","title":"\\uD83D\\uDE00","is":"sensor","profile":{"type":"string",'
            b'"enum":["\\ud83d\\ude00"]}}]'
        )
        asset = self.client.get_assets("E")[0]
        self.assertEqual(asset.title.encode(), SMILE.encode())
        self.assertEqual(asset.profile["enum"][0].encode(), SMILE.encode())

    def test_an_asset_with_half_a_pair_is_skipped_and_reported(self):
        self.rest.answers["GET /device/E/assets"] = (
            b'[{"name":"a","title":"\\uD83D","is":"sensor","profile":{"type":"string"}}]'
        )
        self.assertEqual(self.client.get_assets("E"), [])
        self.assertIn("cannot be read", self.client.last_error)


class TestDeclared(unittest.TestCase):
    def test_texts_that_are_no_utf8_are_refused(self):
        for given in (
            {"name": half()},
            {"title": half()},
            {"description": half()},
            {"enum": ["a", half()]},
            {"profile": {"type": "string", "x": half()}},
        ):
            self.assertRaises(ValueError, StringAsset, **given)
        self.assertEqual(StringAsset(title=SMILE, enum=[SMILE]).title, SMILE)

    def test_a_last_will(self):
        with self.assertRaises(ValueError):
            Client("maker:x", last_will=("D", "text", half()))
        will = Client("maker:x", last_will=("D", "text", SMILE)).last_will[1]
        self.assertEqual(json.loads(will), {"value": SMILE})


if __name__ == "__main__":
    unittest.main()
