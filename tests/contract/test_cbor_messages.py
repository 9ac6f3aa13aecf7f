"""`Client(payload="cbor")`: what is published and obeyed, also late, several, and on flash."""

import json
import os
import time
import unittest
from binascii import hexlify

from allthingstalk import AssetState, Client, Device, GeoAsset, NumberAsset, Outbox, timestamps
from allthingstalk.cbor import dumps, loads
from contract import Board, ContractTest
from own_client import raised

T0_MS = 1800000000000  # 2027-01-15T08:00:00Z
AT = "2026-01-02T03:04:05.5Z"
PLACE = {"latitude": 51.5, "longitude": 3}


class Tracker(Device):
    place = GeoAsset()
    temp = NumberAsset()
    last = NumberAsset(keep="latest")


class CborTest(ContractTest):
    options = {"payload": "cbor"}

    def setUp(self):
        super().setUp()
        self.now_ms, start = timestamps.now_ms, self.net.now_ms
        timestamps.now_ms = lambda: T0_MS + self.net.now_ms - start

    def tearDown(self):
        timestamps.now_ms = self.now_ms

    def messages(self):
        """Return (topic, what the payload says) of all that was published."""
        return [(str(p[0], "utf-8"), loads(p[1])) for p in self.net.broker.publishes()]


class TestOut(CborTest):
    def test_a_value_is_one_map_on_the_topic_of_the_device(self):
        board = self.board()
        board.temp = 21.5
        board.led = True
        board.text = "größer"
        topics = [p[0] for p in self.net.broker.publishes()]
        self.assertEqual(topics, [b"device/D/state"] * 3)
        self.assertEqual(
            [str(hexlify(p[1]), "utf-8") for p in self.net.broker.publishes()],
            ["a16474656d70f94d60", "a1636c6564f5", "a1647465787468" + "6772c3b6c39f6572"],
        )
        self.client.flush(5)
        self.assertEqual((self.client.pending, self.client.errors), (0, 0))

    def test_a_place_is_tag_103(self):
        Tracker(client=self.client, id="D").place = PLACE
        self.assertEqual(
            self.net.broker.publishes()[0][1], b"\xa1\x65place\xd8\x67\x82\xf9\x52\x70\x03"
        )

    def test_a_time_of_its_own_is_tag_120(self):
        board = self.board()
        board.temp = AssetState(5, at=AT)
        board.temp = AssetState(6, at="2013-03-21T20:04:00Z")
        self.assertEqual(
            [p[1] for p in self.net.broker.publishes()],
            [
                b"\xd8\x78\x83\xa1\x64temp\x05\xc0\x76" + AT.encode() + b"\xf6",
                b"\xd8\x78\x83\xa1\x64temp\x06\xc1\x1a\x51\x4b\x67\xb0\xf6",
            ],
        )

    def test_so_is_a_place_of_its_own(self):
        board = self.board()
        board.temp = AssetState(5, at=AT, place=PLACE)
        board.temp = AssetState(6, place=dict(PLACE, altitude=None))
        self.assertEqual(
            self.messages(),
            [
                ("device/D/state", {"value": {"temp": 5}, "at": AT, "place": PLACE}),
                ("device/D/state", {"value": {"temp": 6}, "at": None, "place": PLACE}),
            ],
        )

    def test_a_place_of_its_own_is_no_place(self):
        board = self.board()
        for place in ({}, {"latitude": 1}, {"latitude": 1, "longitude": None}, "here", 5):
            with self.assertRaises((ValueError, TypeError)):
                board.temp = AssetState(5, place=place)
        self.assertEqual((self.messages(), self.client.pending), ([], 0))

    def test_late_values_keep_their_time(self):
        board = self.board()
        self.drop()
        self.away()
        self.client.poll()
        board.temp = 1
        self.run_for(2.5)
        board.update(temp=2, led=True)
        self.run_for(5)
        self.away(False)
        self.run_for(60)
        first, second = self.messages()
        self.assertEqual(
            (first[1]["value"], second[1]["value"]), ({"temp": 1}, {"temp": 2, "led": True})
        )
        ages = [timestamps.parse(second[1]["at"]) - timestamps.parse(first[1]["at"])]
        self.assertEqual(ages, [2500])

    def test_a_late_place_has_the_time_of_its_assignment_whatever_the_clock_said_then(self):
        tracker = Tracker(client=self.client, id="D")
        self.drop()
        self.away()
        self.client.poll()
        right, start = timestamps.now_ms, self.net.now_ms
        for wrong in (lambda: right() + 7200000, lambda: None):
            timestamps.now_ms = wrong
            tracker.temp = 1
            tracker.temp = AssetState(2, place=PLACE)
            tracker.update(temp=AssetState(3, place=PLACE))
        timestamps.now_ms = right
        self.run_for(5)
        self.away(False)
        self.run_for(60)
        found = [message for _, message in self.messages()]
        self.assertEqual([m["value"]["temp"] for m in found], [1, 2, 3] * 2)
        self.assertEqual([m["place"] for m in found], [None, PLACE, PLACE] * 2)
        self.assertEqual(
            {m["at"] for m in found}, {timestamps.iso(right() - self.net.now_ms + start)}
        )

    def test_several_are_one_map_but_for_what_has_a_time_of_its_own(self):
        tracker = Tracker(client=self.client, id="D")
        tracker.update(temp=5, place=PLACE, last=7)
        tracker.update(temp=AssetState(6, at=AT), place=PLACE)
        found = [message for _, message in self.messages()]
        self.assertEqual(
            found,
            [
                {"temp": 5, "place": PLACE},
                {"last": 7},
                {"place": PLACE},
                {"value": {"temp": 6}, "at": AT, "place": None},
            ],
        )

    def test_of_keep_latest_only_the_last_waits(self):
        tracker = Tracker(client=self.client, id="D")
        self.drop()
        self.away()
        self.client.poll()
        for n in range(5):
            tracker.last = n
            tracker.temp = n
        self.assertEqual(self.client.pending, 6)

    def test_over_rest_alone_it_is_json(self):
        client = self.make(payload="cbor", mqtt=False)
        board = Board(client=client, id="D")
        board.temp = 5
        client.poll()
        self.assertEqual(self.rest.bodies, [b'{"value":5}'])

    def test_a_json_client_has_no_place_for_places(self):
        board = Board(client=self.make(), id="D")
        with self.assertRaises(ValueError):
            board.temp = AssetState(5, place=PLACE)

    def test_other_formats_are_refused(self):
        e = raised(ValueError, Client, "maker:x", payload="xml")
        self.assertIn("'json', 'cbor' or an abcl.Format", str(e))

    def test_what_an_interrupt_assigns(self):
        board = self.board()
        self.client.enter()
        board.temp = 5
        board.temp = AssetState(6, at=AT)
        self.client.leave()
        self.run_for(1)
        self.assertEqual([message for _, message in self.messages()][0], {"temp": 5})
        self.assertEqual(self.messages()[1][1], {"value": {"temp": 6}, "at": AT, "place": None})


class TestIn(CborTest):
    def setUp(self):
        super().setUp()
        self.heard = []
        self.device = self.board()
        for member in ("temp", "led", "text"):
            getattr(self.device.command, member)(
                lambda device, value, at: self.heard.append((value, at))
            )
        self.client.poll()

    def test_commands_in_cbor(self):
        for asset, payload, heard in (
            ("temp", dumps({"value": 5}), (5, None)),
            ("temp", dumps({"Value": 5, "At": AT}), (5, AT)),
            ("temp", b"\xd8\x78\x83\x05\xc1\x1a\x51\x4b\x67\xb0\xf6", (5, "2013-03-21T20:04:00Z")),
            ("temp", b"\xf9\x4d\x60", (21.5, None)),
            ("temp", b"\x18\x64", (100, None)),
            ("led", b"\xf5", (True, None)),
            ("text", b"\x63\xc3\xa4b", ("äb", None)),
        ):
            self.arrive(asset, payload)
            self.client.poll()
            self.assertEqual(self.heard[-1:], [heard], self.client.last_error)
        self.assertEqual(self.client.errors, 0)

    def test_commands_in_json(self):
        for payload, heard in (
            (b'{"value":5}', (5, None)),
            (b'{"value":"5","at":"%s"}' % AT.encode(), (5, AT)),
            (b"55", (55, None)),
        ):
            self.arrive("temp", payload)
            self.client.poll()
            self.assertEqual(self.heard.pop(), heard)

    def test_what_is_neither_is_reported(self):
        for n, payload in enumerate((b"", b"\xff", b"\xa1", b"{", b"\xa1\x61a\x05", b"\x82\x05")):
            self.arrive("temp", payload)
            self.client.poll()
            self.assertEqual((self.heard, self.client.errors), ([], n + 1), repr(payload))


class TestOnFlash(CborTest):
    def setUp(self):
        self.path = "/tmp/allthingstalk-cbor-%d" % time.time_ns()
        super().setUp()

    def tearDown(self):
        super().tearDown()
        for name in (self.path, self.path + ".new"):
            try:
                os.remove(name)
            except OSError:
                pass

    def boot(self, payload):
        self.client = self.make(payload=payload, outbox=Outbox(self.path, always=True))
        return self.board()

    def assign_off_line(self, payload):
        """Assign what waits, then lose the power."""
        board = self.boot(payload)
        self.drop()
        self.away()
        self.client.poll()
        board.temp = 1
        board.text = "zwölf"
        board.led = AssetState(True, at=AT)
        board.update(temp=2, led=False)
        board.temp = 3
        self.run_for(3)

    def test_across_a_reset_and_in_the_other_format(self):
        for before, after in (("cbor", "cbor"), ("json", "cbor"), ("cbor", "json")):
            self.assign_off_line(before)
            self.away(False)
            self.net.broker.log.clear()
            self.boot(after)
            self.run_for(5)
            self.assertEqual((self.client.pending, self.client.dropped), (0, 0))
            self.assertEqual(self.client.errors, 0)
            states = []
            for message in self.net.broker.publishes():
                topic, text = message[:2]
                if after == "json":
                    name = str(topic, "utf-8").split("/")[3]
                    found = json.loads(text)
                    states.append((name, found["value"], found["at"]))
                else:
                    found = loads(text)
                    for name in sorted(found["value"], reverse=True):
                        states.append((name, found["value"][name], found["at"]))
            values = [state[:2] for state in states]
            self.assertEqual(values[:3], [("temp", 1), ("text", "zwölf"), ("led", True)])
            self.assertEqual(sorted(values[3:5]), [("led", False), ("temp", 2)])
            self.assertEqual(values[5:], [("temp", 3)])
            self.assertEqual(states[2][2], AT)
            for n in (0, 1, 3, 4, 5):
                self.assertEqual(states[n][2][:16], timestamps.iso(T0_MS)[:16])
            self.client.close()


if __name__ == "__main__":
    unittest.main()
