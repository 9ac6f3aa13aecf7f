"""`device.update(temp=21.5, led=True)`: values of several assets in one message."""

import json
import os
import unittest

from allthingstalk import AssetState, Device, NumberAsset, Outbox, timestamps
from contract import ContractTest
from own_client import OwnClient

T0_MS = 1800000000000  # 2027-01-15T08:00:00Z


class UpdateTest(ContractTest):
    def messages(self):
        return [(str(p[0], "utf-8"), json.loads(p[1])) for p in self.net.broker.publishes()]

    def clock(self):
        start = self.net.now_ms
        own = timestamps.now_ms
        timestamps.now_ms = lambda: T0_MS + self.net.now_ms - start
        return own


class TestOneMessage(UpdateTest):
    def test_several_values_are_one_message(self):
        self.board().update(temp=21.5, led=True, text="zwölf")
        self.assertTrue(self.client.flush(10))
        self.assertEqual(
            self.messages(),
            [
                (
                    "device/D/state",
                    {"temp": {"value": 21.5}, "led": {"value": True}, "text": {"value": "zwölf"}},
                )
            ],
        )

    def test_each_carries_the_time_of_the_assignment_if_it_had_to_wait(self):
        own = self.clock()
        try:
            self.away()
            board = self.board()
            board.update(temp=1, led=AssetState(False, at="2026-01-02T03:04:05Z"))
            self.run_for(5)
            self.away(False)
            self.assertTrue(self.client.flush(60))
        finally:
            timestamps.now_ms = own
        states = self.messages()[0][1]
        self.assertEqual(states["temp"], {"value": 1, "at": timestamps.iso(T0_MS)})
        self.assertEqual(states["led"], {"value": False, "at": "2026-01-02T03:04:05Z"})

    def test_it_keeps_its_place_between_assignments(self):
        self.away()
        board = self.board()
        board.temp = 1
        board.update(temp=2, led=True)
        board.temp = 3
        self.assertEqual(self.client.pending, 3)
        self.away(False)
        self.assertTrue(self.client.flush(60))
        self.assertEqual([len(t.split("/")) for t, _ in self.messages()], [5, 3, 5])

    def test_in_a_handler_it_waits_for_its_end(self):
        board = self.board()

        @board.command.led
        def switch(device, value, at):
            device.update(led=value, temp=1)

        self.client.poll()
        self.arrive("led", b'{"value":true}')
        self.assertTrue(self.client.wait(0.2))
        self.assertTrue(self.client.flush(5))
        self.assertEqual(self.messages()[0][1]["led"], {"value": True})

    def test_reading_one_of_them_waits_until_it_is_delivered(self):
        board = self.board()
        self.rest.answers["/asset/temp/state"] = b'{"state":{"value":3}}'
        self.net.broker.acknowledges = False
        board.update(temp=3, led=True)
        started_ms = self.net.now_ms
        self.assertEqual(board.temp.value, 3)
        self.assertTrue(self.net.now_ms - started_ms >= 9000)

    def test_over_rest_it_is_one_request(self):
        self.client = self.make(mqtt=False)
        board = self.board()
        self.client.poll()
        self.rest.statuses["PUT /device/D/state"] = 204
        board.update(temp=1, led=True)
        self.client.poll()
        self.assertEqual(self.client.pending, 0)
        self.assertTrue("PUT /device/D/state" in self.rest.log[-1])

    def test_a_program_that_only_updates_and_sleeps_comes_back(self):
        self.away()
        board = self.board()
        self.net.advance(10000)
        self.away(False)
        for n in range(30):
            board.update(temp=n, led=True)
            self.net.advance(10000)
        self.assertTrue(self.client.connected)
        self.assertTrue(self.client.pending <= 1, self.client.pending)

    def test_of_an_asset_that_keeps_the_latest_only_that_waits(self):
        class Meter(Device):
            level = NumberAsset(keep="latest")
            count = NumberAsset()

        self.away()
        meter = Meter(client=self.client, id="D")
        for n in range(50):
            meter.update(level=n)
        self.assertEqual((self.client.pending, self.client.dropped), (1, 0))
        meter.update(level=50, count=1)
        self.assertEqual(self.client.pending, 2)
        self.away(False)
        self.assertTrue(self.client.flush(60))
        self.assertEqual(self.values("level"), [50])

    def test_too_little_memory_is_told_to_the_program(self):
        board = self.board()
        put = self.client.outbox.put

        def full(*args):
            raise MemoryError

        self.client.outbox.put = full
        self.assertRaises(MemoryError, board.update, temp=1, led=True)
        self.client.outbox.put = put
        self.assertTrue(self.client.connected)


class TestRefused(UpdateTest):
    def test_a_wrong_value_publishes_none_of_them(self):
        board = self.board()
        self.assertRaises(TypeError, board.update, temp=1, led="on")
        self.assertRaises(ValueError, board.update, temp=float("nan"))
        self.assertEqual(self.client.pending, 0)

    def test_an_asset_that_is_not_there_is_named_with_those_that_are(self):
        try:
            self.board().update(temp=1, humidity=40)
            self.fail("taken")
        except TypeError as e:
            self.assertTrue("'humidity'" in str(e) and "temp" in str(e), str(e))

    def test_before_connect(self):
        class Room(Device):
            temp = NumberAsset()

        self.assertRaises(RuntimeError, Room(client=self.client, connect=False).update, temp=1)

    def test_no_values_are_no_message(self):
        self.board().update()
        self.assertEqual(self.client.pending, 0)


class TestElsewhere(UpdateTest):
    def test_a_client_of_somebodys_own_gets_them_one_by_one(self):
        class Room(Device):
            temp = NumberAsset()
            humidity = NumberAsset(name="hum")

        client = OwnClient()
        Room(client=client, id="D").update(temp=1, humidity=2)
        self.assertEqual(sorted(p[1:] for p in client.published), [("hum", 2), ("temp", 1)])

    def test_the_file_keeps_them_through_a_reset(self):
        path = "/tmp/allthingstalk-update-%d" % id(self)
        try:
            self.client = self.make(outbox=Outbox(path, always=True))
            self.away()
            self.board().update(temp=1, led=True)
            self.client = self.make(outbox=Outbox(path, always=True))
            self.assertEqual(self.client.pending, 1)
            self.away(False)
            self.assertTrue(self.client.flush(60))
        finally:
            os.remove(path)
        topic, states = self.messages()[0]
        self.assertEqual(topic, "device/D/state")
        self.assertEqual((states["temp"]["value"], states["led"]["value"]), (1, True))

    def test_a_device_that_gets_its_id_later_sends_them_there(self):
        self.client.ground = "G"
        self.away()
        board = self.board(id=None)
        board.update(temp=1, led=True)
        self.away(False)
        self.assertTrue(self.client.flush(60))
        self.assertEqual(self.messages()[0][0], "device/%s/state" % board.id)


if __name__ == "__main__":
    unittest.main()
