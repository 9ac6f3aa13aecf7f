"""The Client in virtual time: states, waits, delivery, handlers. Real engines, a fake network."""

import json
import unittest

from allthingstalk import (
    AccessForbiddenException,
    BooleanAsset,
    Client,
    Device,
    NotFoundException,
    NumberAsset,
    StringAsset,
    timestamps,
)
from fake_net import FakeNet, message


class Board(Device):
    temp = NumberAsset()
    led = BooleanAsset(kind="actuator")
    text = StringAsset()


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.reports = []
        self.net = FakeNet()
        self.client = self.make()

    def make(self, **kwargs):
        cls = type("VirtualClient", (Client,), {"net": self.net})
        return cls("maker:secret", api="http://h", log=self.reports.append, **kwargs)

    def board(self):
        return Board(client=self.client, id="D")

    def run_for(self, seconds, step_ms=50):
        """Poll for so many seconds of virtual time."""
        end = self.net.now_ms + int(seconds * 1000)
        while self.net.now_ms < end:
            self.client.poll()
            self.net.advance(step_ms)

    def arrive(self, asset, payload, stream="command", **kwargs):
        topic = "device/D/asset/%s/%s" % (asset, stream)
        self.net.socket.inbound.extend(message(topic, payload, **kwargs))

    def values(self):
        return [json.loads(p[1]) for p in self.net.broker.publishes()]

    def drop(self):
        self.net.socket.ended = True


class TestFace(ClientTest):
    def test_the_constructor_touches_no_network(self):
        self.assertEqual(self.net.dials, [])
        self.assertEqual(self.client.status, "offline")
        self.assertFalse(self.client.poll())
        self.assertEqual(self.net.dials, [])

    def test_the_resolved_endpoints(self):
        self.assertEqual((self.client.http, self.client.mqtt), ("http://h:80", "mqtt://h:1883"))
        c = Client("t")
        self.assertEqual(c.http, "https://api.allthingstalk.io:443")
        self.assertEqual(c.mqtt, "mqtts://api.allthingstalk.io:8883")
        self.assertIsNone(Client("t", mqtt=False).mqtt)

    def test_a_token_that_cannot_be_right_is_refused_and_not_shown(self):
        for token in ("", "two words", "line\n", None, b"bytes", 5, "\x00", "ü"):
            try:
                Client(token)
            except ValueError as e:
                self.assertFalse("words" in str(e))
            else:
                self.fail(token)

    def test_other_arguments_that_cannot_be_right(self):
        for wrong in ({"qos": 2}, {"timeout": 0}, {"keepalive": 65536}, {"keepalive": -1}):
            self.assertRaises(ValueError, Client, "t", **wrong)
        self.assertRaises(TypeError, Client, "t", outbox=5)

    def test_no_repr_shows_the_token(self):
        device = self.board()
        for thing in (self.client, device, device.assets):
            self.assertFalse("secret" in repr(thing))


class TestConnect(ClientTest):
    def test_missing_assets_are_created_in_the_order_of_declaration(self):
        device = self.board()
        self.assertTrue(self.client.connected)
        self.assertEqual(self.client.status, "online")
        self.assertEqual(sorted(self.net.rest.assets), ["led", "temp", "text"])
        posts = [line for line in self.net.rest.log if line.startswith("POST")]
        self.assertEqual(posts, ["POST /device/D/assets HTTP/1.1"] * 3)
        self.assertEqual(device.assets["temp"].id, "id-temp")
        self.assertEqual(device.assets["temp"].thing_id, "D")

    def test_with_the_network_away_it_returns_false_and_poll_goes_on(self):
        self.net.rest_fails = OSError(113)
        device = Board(client=self.client, id="D", connect=False)
        self.assertFalse(device.connect())
        self.assertEqual(self.client.status, "offline")
        device.temp = 1
        self.assertEqual(self.client.pending, 1)
        self.net.rest_fails = None
        self.run_for(3)
        self.assertTrue(self.client.connected)
        self.assertEqual(self.client.pending, 0)

    def test_a_refused_token_raises_and_the_device_is_not_started(self):
        self.net.rest.status = 403
        device = Board(client=self.client, id="D", connect=False)
        self.assertRaises(AccessForbiddenException, device.connect)
        self.assertEqual(self.client.status, "refused")
        self.assertRaises(RuntimeError, setattr, device, "temp", 1)
        self.assertFalse(self.client.poll())
        self.assertEqual(self.net.dials, [])

    def test_an_unknown_device_raises(self):
        self.net.rest.status = 404
        self.assertRaises(NotFoundException, self.board)

    def test_connack_4_and_5_are_refusals(self):
        for code in (4, 5):
            self.net.broker.connack = b"\x20\x02\x00" + bytes([code])
            try:
                self.board()
            except AccessForbiddenException as e:
                self.assertEqual(e.status, code)
            else:
                self.fail("connected")

    def test_connack_3_passes(self):
        self.net.broker.connack = b"\x20\x02\x00\x03"
        device = Board(client=self.client, id="D", connect=False)
        self.assertFalse(device.connect())

    def test_a_broker_that_answers_something_else_passes(self):
        for answer in (b"HTTP/1.1 400", b"\x20\x02", b"", b"\x20\x03\x00\x00\x00"):
            self.net.broker.connack = answer
            self.client = self.make()
            device = Board(client=self.client, id="D", connect=False)
            self.assertFalse(device.connect(), answer)
            self.assertEqual(self.client.errors, 1)

    def test_only_streams_with_handlers_are_subscribed(self):
        device = Board(client=self.client, id="D", connect=False)

        @device.command.led
        def on_led(device, value, at):
            pass

        device.connect()
        subscribes = self.net.broker.of_kind(0x80)
        self.assertEqual(len(subscribes), 1)
        self.assertTrue(b"device/D/asset/+/command" in subscribes[0])

        @device.feed.temp
        def on_temp(device, value, at):
            pass

        self.client.poll()
        subscribes = self.net.broker.of_kind(0x80)
        self.assertEqual(len(subscribes), 2)
        self.assertTrue(b"device/D/asset/+/feed" in subscribes[1])

    def test_a_short_id_of_the_chip_or_the_one_given(self):
        self.client = self.make(client_id="my-board")
        self.board()
        self.assertTrue(b"\x00\x08my-board" in self.net.broker.log[0])


class TestDelivery(ClientTest):
    def test_a_live_value_carries_no_time_the_platform_stamps_it(self):
        self.board().temp = 21.5
        self.assertEqual(
            self.net.broker.publishes(),
            [(b"device/D/asset/temp/state", b'{"value":21.5}', False)],
        )

    def test_a_value_that_waited_carries_the_time_of_its_assignment(self):
        device = self.board()
        self.client.poll()
        self.drop()
        self.net.fails = OSError(113)
        self.client.poll()
        device.temp = 5
        assigned = timestamps.now_ms()
        self.run_for(30)
        self.net.fails = None
        self.run_for(60)
        value = self.values()[-1]
        self.assertEqual(value["value"], 5)
        # Virtual time runs, the real clock does not: the value is as old as it waited.
        waited_ms = timestamps.now_ms() - timestamps.parse(value["at"])
        self.assertTrue(30000 <= waited_ms <= 90000, (waited_ms, assigned))

    def test_a_time_of_its_own_goes_along(self):
        from allthingstalk import AssetState

        self.board().temp = AssetState(1, at="2020-01-02T03:04:05Z")
        self.assertEqual(self.values(), [{"value": 1, "at": "2020-01-02T03:04:05Z"}])

    def test_values_assigned_off_line_arrive_in_order_when_it_is_back(self):
        device = self.board()
        self.drop()
        self.net.fails = OSError(113)
        self.client.poll()
        for i in range(50):
            device.temp = i
        self.assertEqual(self.client.pending, 50)
        self.net.fails = None
        self.run_for(10)
        self.assertEqual([v["value"] for v in self.values()], list(range(50)))
        self.assertEqual((self.client.pending, self.client.dropped), (0, 0))

    def test_an_assignment_never_waits_for_the_network(self):
        device = self.board()
        self.net.broker.acknowledges = False
        before = self.net.now_ms
        for i in range(100):
            device.temp = i
        self.assertEqual(self.net.now_ms, before)

    def test_a_full_outbox_is_reported_once_and_counted(self):
        device = self.board()
        self.net.broker.acknowledges = False
        for _ in range(100):
            device.text = "x" * 200
        self.assertTrue(self.client.dropped > 50)
        self.assertEqual(self.client.errors, 1)
        self.assertTrue("full" in self.client.last_error)

    def test_flush_says_whether_everything_is_acknowledged(self):
        device = self.board()
        self.net.broker.acknowledges = False
        device.temp = 1
        self.assertFalse(self.client.flush(timeout=1))
        self.net.broker.acknowledges = True
        self.run_for(12)
        self.assertTrue(self.client.flush())

    def test_qos_0_is_sent_once(self):
        self.client = self.make(qos=0)
        self.board().temp = 1
        self.assertEqual(self.net.broker.of_kind(0x30)[0][0], 0x30)
        self.assertEqual(self.client.pending, 0)

    def test_what_json_cannot_carry_is_refused_at_the_low_level_too(self):
        self.board()
        for value in (float("nan"), float("inf")):
            for state in (value, [value], {"a": {"b": value}}):
                self.assertRaises(ValueError, self.client.publish_asset_state, "D", "temp", state)
        for state in (b"bytes", [b"bytes"], {1: 2}, {"a": object()}):
            self.assertRaises(TypeError, self.client.publish_asset_state, "D", "temp", state)
        self.assertEqual(self.client.pending, 0)

    def test_a_program_that_never_polls_is_served_by_its_assignments(self):
        device = self.board()
        self.drop()
        device.temp = 1  # notices the drop
        self.assertFalse(self.client.connected)
        self.net.advance(1000)
        device.temp = 2
        self.assertFalse(self.client.connected)
        self.net.advance(5000)
        device.temp = 3
        self.assertTrue(self.client.connected)
        self.assertEqual([v["value"] for v in self.values()][-3:], [1, 2, 3])


class TestHandlers(ClientTest):
    def setUp(self):
        super().setUp()
        self.heard = []
        self.device = Board(client=self.client, id="D", connect=False)
        self.device.command.led(self.on_led)
        self.device.command.temp(self.on_temp)
        self.device.connect()

    def on_led(self, device, value, at):
        self.heard.append((value, at))

    def on_temp(self, device, value, at):
        self.heard.append(value)
        device.temp = value

    def test_a_command_is_heard_at_poll(self):
        self.arrive("led", b'{"at":"2020-01-02T03:04:05.678Z","value":true}', qos=1)
        self.client.poll()
        self.assertEqual(self.heard, [(True, "2020-01-02T03:04:05.678Z")])
        self.assertEqual(self.net.broker.of_kind(0x40), [b"\x40\x02\x00\x01"])

    def test_a_command_is_heard_at_the_next_publish(self):
        self.arrive("led", b'{"value":1}')
        self.device.text = "x"
        self.assertEqual(self.heard, [(True, None)])

    def test_one_poll_takes_all_that_arrived(self):
        for i in range(200):
            self.arrive("temp", b'{"value":%d}' % i)
        self.client.poll()
        self.assertEqual(self.heard, list(range(200)))

    def test_what_a_handler_assigns_is_delivered(self):
        self.arrive("temp", b'{"value":7}')
        self.client.poll()
        self.assertEqual(self.values(), [{"value": 7}])

    def test_a_handler_that_raises_is_reported_with_its_traceback(self):
        self.device.command.led(lambda device, value, at: 1 // 0)
        self.arrive("led", b"true")
        self.arrive("temp", b"5")
        self.client.poll()
        self.assertEqual(self.heard, [5])
        self.assertEqual(self.client.errors, 1)
        self.assertTrue("ZeroDivisionError" in self.client.last_error)
        self.assertTrue(any("test_client" in line for line in self.reports))

    def test_a_handler_that_publishes_a_hundred_values(self):
        def on_led(device, value, at):
            for i in range(100):
                device.temp = i

        self.device.command.led(on_led)
        self.arrive("led", b"true")
        self.run_for(1)
        self.assertEqual([v["value"] for v in self.values()], list(range(100)))

    def test_a_handler_that_polls_waits_and_flushes(self):
        def on_led(device, value, at):
            device.temp = 1
            self.client.poll()
            self.assertTrue(self.client.flush())
            self.heard.append("flushed")

        self.device.command.led(on_led)
        self.arrive("led", b"true")
        self.arrive("temp", b"2")
        self.client.poll()
        self.assertEqual(self.heard, ["flushed", 2])
        self.assertEqual(self.client.errors, 0)

    def test_a_redelivered_command_is_handed_over_once(self):
        command = b'{"at":"2020-01-02T03:04:05Z","value":true}'
        self.arrive("led", command, qos=1)
        self.arrive("led", command, qos=1, packet_id=1, dup=True)
        self.arrive("led", command, qos=1, packet_id=2)
        self.client.poll()
        self.assertEqual(len(self.heard), 2)
        self.assertEqual(len(self.net.broker.of_kind(0x40)), 3)

    def test_what_cannot_be_read_is_reported_and_counted(self):
        for n, payload in enumerate((b"{", b"", b"{}", b"null", b'{"value":2.5}', b"[1]", b"\xff")):
            self.arrive("led", payload)
            self.client.poll()
            self.assertEqual(self.client.errors, n + 1, payload)
        self.assertEqual(self.heard, [])
        self.assertTrue(self.client.connected)

    def test_messages_for_others_are_passed_over(self):
        for topic in (
            "device/E/asset/led/command",
            "device/D/asset/nope/command",
            "x",
            "a/b/c/d/e",
        ):
            self.net.socket.inbound.extend(message(topic, b"true"))
        self.client.poll()
        self.assertEqual((self.heard, self.client.errors), ([], 0))

    def test_a_timer_in_the_middle_of_our_own_io_is_harmless(self):
        self.net.on_write = self.client.poll
        self.device.text = "x"
        self.arrive("led", b"true")
        self.client.poll()
        self.assertEqual(self.heard, [(True, None)])
        self.assertEqual(self.values(), [{"value": "x"}])
        self.assertEqual((self.client.errors, self.client.pending), (0, 0))


class TestEvents(ClientTest):
    def test_on_connect_and_on_disconnect(self):
        events = []
        self.client.on_connect = lambda client: events.append("up")
        self.client.on_disconnect = lambda client, reason: events.append(reason)
        self.board()
        self.client.poll()
        self.assertEqual(events, ["up"])
        self.drop()
        self.client.poll()
        self.assertTrue("closed" in events[1])
        self.client.poll()
        self.assertEqual(events[2:], ["up"])

    def test_one_that_raises_or_publishes_does_no_harm(self):
        def up(client):
            client.publish_asset_state("D", "temp", 1)
            raise KeyError("mine")

        self.client.on_connect = up
        self.board()
        self.client.poll()
        self.assertEqual(self.values(), [{"value": 1}])
        self.assertTrue("KeyError" in self.client.last_error)

    def test_close_says_disconnect_and_stays_off_line(self):
        device = self.board()
        self.client.close()
        self.assertEqual(self.net.broker.log[-1], b"\xe0\x00")
        self.assertEqual(self.client.status, "closed")
        self.run_for(100)
        self.assertEqual(len(self.net.dials), 1)
        device.connect()
        self.assertTrue(self.client.connected)


if __name__ == "__main__":
    unittest.main()
