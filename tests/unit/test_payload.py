"""What arrives: values and times in all the forms they were seen in, and what cannot be used."""

import json
import unittest

from allthingstalk import (
    ArrayAsset,
    BooleanAsset,
    Device,
    IntegerAsset,
    NumberAsset,
    ObjectAsset,
    StringAsset,
)
from own_client import OwnClient, ReportingClient

AT = "2020-01-02T03:04:05.678Z"


class Board(Device):
    count = IntegerAsset()
    temp = NumberAsset(maximum=85)
    led = BooleanAsset()
    text = StringAsset()
    second = NumberAsset(name="2")
    data = ObjectAsset()
    rows = ArrayAsset()


class MessageTest(unittest.TestCase):
    def setUp(self):
        self.client = ReportingClient()
        self.board = Board(client=self.client, id="D")
        self.heard = []
        for member in self.board.assets:
            getattr(self.board.command, member)(self.hear)
            getattr(self.board.feed, member)(self.hear)

    def hear(self, device, value, at):
        self.heard.append((value, at))

    def gives(self, asset, payload, value, at=None):
        del self.heard[:]
        self.board.on_message("command", asset, payload)
        self.assertEqual(self.heard, [(value, at)], "%r gives %r" % (payload, self.heard))
        self.assertEqual(type(self.heard[0][0]), type(value))

    def refused(self, asset, payload):
        reports = len(self.client.reports)
        self.board.on_message("command", asset, payload)
        self.assertEqual(self.heard, [], "%r" % (payload,))
        self.assertEqual(len(self.client.reports), reports + 1, "%r" % (payload,))
        self.assertIn("command of '%s'" % asset, self.client.reports[-1])


class TestForms(MessageTest):
    def test_value_and_time(self):
        payload = '{"at":"%s","value":5}' % AT
        self.gives("count", payload, 5, AT)
        self.gives("count", payload.encode(), 5, AT)
        self.gives("count", bytearray(payload.encode()), 5, AT)
        self.gives("count", memoryview(payload.encode()), 5, AT)
        self.gives("count", {"at": AT, "value": 5}, 5, AT)

    def test_keys_in_any_case(self):
        self.gives("count", '{"At":"%s","Value":5}' % AT, 5, AT)
        self.gives("count", '{"AT":"%s","VALUE":5}' % AT, 5, AT)

    def test_other_keys_do_no_harm(self):
        self.gives("count", '{"id":"x","value":5,"state":{"value":6},"at":null}', 5)

    def test_a_bare_json_value(self):
        self.gives("count", b"5", 5)
        self.gives("led", "true", True)
        self.gives("text", '"größer"', "größer")
        self.gives("rows", "[1,2]", [1, 2])
        self.gives("count", 5, 5)
        self.gives("rows", [1, 2], [1, 2])

    def test_text_beyond_ascii(self):
        self.gives("text", json.dumps({"value": "größer ☀"}), "größer ☀")
        self.gives("text", '{"value":"größer ☀"}'.encode(), "größer ☀")

    def test_blanks_around_it(self):
        self.gives("count", ' \n{ "value" : 5 }\r\n', 5)

    def test_the_time_is_utc_or_none(self):
        self.gives("count", '{"value":5}', 5, None)
        self.gives(
            "count", '{"value":5,"at":"2020-01-02T04:04:05+01:00"}', 5, "2020-01-02T03:04:05Z"
        )
        for at in ('"yesterday"', '""', "null", "5", "1577934245.5", "true", "{}", "[]", '["x"]'):
            self.gives("count", '{"value":5,"at":%s}' % at, 5, None)

    def test_values_of_zero_and_nothing(self):
        self.gives("count", '{"value":0}', 0)
        self.gives("led", '{"value":false}', False)
        self.gives("text", '{"value":""}', "")
        self.gives("data", '{"value":{}}', {})

    def test_values_are_converted_to_the_assets_type(self):
        self.gives("count", '{"value":1.0}', 1)
        self.gives("count", '{"value":"1"}', 1)
        self.gives("temp", '{"value":"21.5"}', 21.5)
        self.gives("text", '{"value":5}', "5")
        for value in ("1", '"true"', '"ON"', '"1"', "true"):
            self.gives("led", '{"value":%s}' % value, True)
        for value in ("0", '"False"', '"off"', '"0"', "false"):
            self.gives("led", '{"value":%s}' % value, False)

    def test_it_goes_by_the_assets_name(self):
        self.gives("2", '{"value":5}', 5)
        del self.heard[:]
        self.board.on_message("command", "second", '{"value":5}')
        self.assertEqual((self.heard, self.client.reports), ([], []))


class TestRefused(MessageTest):
    def test_what_does_not_fit_is_reported_and_the_handler_not_called(self):
        for asset, value in (
            ("count", "1.5"),
            ("count", "null"),
            ("count", '"one"'),
            ("count", "true"),
            ("temp", "86"),
            ("temp", '"21,5"'),
            ("temp", "[1]"),
            ("led", "2"),
            ("led", '"yes"'),
            ("led", "[]"),
            ("text", "null"),
            ("text", "true"),
            ("data", "5"),
            ("rows", "{}"),
        ):
            self.refused(asset, '{"value":%s}' % value)

    def test_without_a_value(self):
        for payload in ("{}", '{"at":"%s"}' % AT, '{"values":5}', {}, {"at": AT}, {5: 6}, "{1:2}"):
            self.refused("count", payload)

    def test_what_is_no_json(self):
        for payload in (b"", "", " ", "hello", "{'value':5}", '{"value":', b"\xff\xfe\x00", "nul"):
            self.refused("count", payload)

    def test_what_is_nothing_at_all(self):
        for payload in (None, object(), b"null"):
            self.refused("count", payload)

    def test_nested_deeper_than_the_stack(self):
        self.refused("rows", "[" * 1900 + "]" * 1900)
        self.refused("data", '{"value":' + '{"a":' * 900 + "5" + "}" * 901)

    def test_a_number_of_five_thousand_figures(self):
        self.refused("led", '{"value":"%s"}' % ("9" * 5000))
        self.refused("temp", '{"value":"%s"}' % ("9" * 5000))

    def test_the_report_is_short(self):
        self.refused("count", '{"value":"%s"}' % ("x" * 3000))
        self.assertTrue(len(self.client.reports[-1]) < 150)

    def test_a_handler_that_raises_is_reported_and_the_next_is_called(self):
        def fail(device, value, at):
            raise ValueError("of the handler")

        self.board.command.count(fail)
        self.board.on_message("command", "count", "5")
        self.assertEqual(len(self.client.reports), 1)
        self.assertIn("handler", self.client.reports[0])
        self.gives("temp", "5", 5)

    def test_ctrl_c_in_a_handler_gets_through(self):
        def interrupted(device, value, at):
            raise KeyboardInterrupt

        self.board.command.count(interrupted)
        try:
            self.board.on_message("command", "count", "5")
        except KeyboardInterrupt:
            return
        self.fail("KeyboardInterrupt was swallowed")

    def test_without_a_handler_nothing_is_read(self):
        board = Board(client=self.client, id="E")
        board.on_message("event", "count", "not JSON")
        board.on_message("command", "nobody", "not JSON")
        board.on_message("nonsense", "count", "not JSON")
        self.assertEqual(self.client.reports, [])

    def test_a_client_that_takes_no_reports_gets_none(self):
        board = Board(client=OwnClient(), id="E")
        board.command.count(self.hear)
        board.on_message("command", "count", "not JSON")
        board.on_message("command", "count", "5")
        self.assertEqual(self.heard, [(5, None)])


class TestRedelivery(MessageTest):
    def deliver(self, again, stream="command", asset="count", at=AT):
        self.board.__again__ = again  # what a Client says of a message with DUP set
        message = {"value": 5}
        if at:
            message["at"] = at
        self.board.on_message(stream, asset, json.dumps(message))
        self.board.__again__ = False
        return len(self.heard)

    def test_a__again___command_is_handed_over_once(self):
        self.assertEqual(self.deliver(False), 1)
        self.assertEqual(self.deliver(True), 1)
        self.assertEqual(self.deliver(True), 1)

    def test_one_that_never_arrived_is_handed_over(self):
        self.assertEqual(self.deliver(True), 1)

    def test_the_same_time_without_dup_is_a_new_command(self):
        self.deliver(False)
        self.assertEqual(self.deliver(False), 2)

    def test_another_time_is_another_command(self):
        self.deliver(False)
        self.assertEqual(self.deliver(True, at="2020-01-02T03:04:06Z"), 2)

    def test_without_a_time_nothing_can_be_told(self):
        self.deliver(False, at=None)
        self.assertEqual(self.deliver(True, at=None), 2)

    def test_assets_streams_and_devices_are_apart(self):
        self.deliver(False)
        self.assertEqual(self.deliver(True, asset="temp"), 2)
        self.assertEqual(self.deliver(True, stream="feed"), 3)
        self.assertEqual(self.deliver(True), 3)
        other = Board(client=self.client, id="E")
        other.command.count(self.hear)
        other.__again__ = True
        other.on_message("command", "count", '{"value":5,"at":"%s"}' % AT)
        self.assertEqual(len(self.heard), 4)


if __name__ == "__main__":
    unittest.main()
