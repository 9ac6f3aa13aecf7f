"""What the API promises of reading, names, tokens, client ids, where no other test proves it."""

import sys
import unittest

from allthingstalk import (
    AssetStateRetrievalException,
    Device,
    NumberAsset,
    PlatformUnavailableException,
)
from contract import ContractTest


class TestReading(ContractTest):
    def test_never_set_is_none_in_every_form(self):
        device = self.board()
        for body in (b"null", b"", b'{"state":null}', b'{"state":{"value":null}}', b"{}"):
            self.rest.answers = {"/asset/temp/state": body}
            self.assertIsNone(device.temp)
            self.assertIsNone(self.client.get_asset_state("D", "temp"))
        self.rest.answers = {}
        self.assertIsNone(device.temp)  # 404
        for body in (b'{"state":{"value":0,"at":"2026-01-02T03:04:05Z"}}', b'{"value":0}'):
            self.rest.answers = {"/asset/temp/state": body}
            self.assertEqual(device.temp.value, 0)

    def test_any_status_but_2xx_is_raised_with_its_number(self):
        device = self.board()
        for status in (401, 403, 400, 429, 500, 503, 302):
            self.rest.statuses = {"/state": status}
            for read in (lambda: device.temp, lambda: self.client.get_asset_state("D", "temp")):
                try:
                    read()
                except AssetStateRetrievalException as e:
                    self.assertEqual(e.status, status)
                else:
                    self.fail(status)

    def test_what_is_pending_for_the_asset_goes_first(self):
        device = self.board()
        self.net.socket.takes = 0
        device.temp = 5
        self.rest.answers = {"/asset/temp/state": b'{"value":5}'}
        own = self.net.sleep_ms

        def sleep_ms(ms):
            self.net.socket.takes = None
            own(ms)

        self.net.sleep_ms = sleep_ms
        self.assertEqual(device.temp.value, 5)
        self.assertEqual(self.values(), [5])

    def test_with_the_network_away_it_waits_for_the_timeout_and_raises(self):
        device = self.board()
        self.away()
        self.drop()
        device.temp = 5
        before = self.net.now_ms
        self.assertRaises(PlatformUnavailableException, lambda: device.temp)
        self.assertTrue(self.net.now_ms - before <= 11000)
        self.assertEqual(self.client.pending, 1)


class TestNames(ContractTest):
    def test_names_beyond_ascii_in_paths_and_topics(self):
        class Meter(Device):
            temp = NumberAsset(name="Größe_°C")

        heard = []
        meter = Meter(client=self.client, id="D")
        meter.command.temp(lambda device, value, at: heard.append(value))
        meter.temp = 5
        self.assertRaises(AssetStateRetrievalException, self.client.get_asset_state, "D", "Größe")
        self.assertTrue("/asset/Gr%C3%B6%C3%9Fe/state" in self.rest.log[-1], self.rest.log)
        topic = "device/D/asset/Größe_°C/state".encode()
        self.assertEqual(self.net.broker.publishes(), [(topic, b'{"value":5}', False)])
        self.client.poll()
        self.arrive("Größe_°C", b'{"value":7}')
        self.client.poll()
        self.assertEqual(heard, [7])

    def test_a_long_token_is_sent_as_it_is(self):
        token = "maker:" + "x" * 300
        self.client = self.make(token)
        self.assertTrue(self.board() and self.client.connected)
        self.assertTrue(token.encode() in self.net.broker.log[0])
        self.assertTrue(b"Authorization: Bearer " + token.encode() in self.rest.heads[0])

    def test_clients_on_one_board_have_each_an_id_of_their_own(self):
        class Machine:
            @staticmethod
            def unique_id():
                return b"\x01\x02\x03\x04\x05\x06\x07\x08"

        own = sys.modules.get("machine")
        sys.modules["machine"] = Machine
        try:
            ids = []
            for token in ("maker:one", "maker:two", "maker:one"):
                self.client = self.make(token)
                self.board()
                packet = self.net.broker.log[-1]
                ids.append(packet[14 : 14 + packet[13]])
        finally:
            if own:
                sys.modules["machine"] = own
            else:
                del sys.modules["machine"]
        self.assertEqual(ids[0], ids[2])
        self.assertTrue(ids[0] != ids[1], ids)
        for client_id in ids:
            self.assertTrue(client_id.startswith(b"att0102030405060708"), client_id)
            self.assertTrue(len(client_id) <= 23, client_id)  # what every broker takes


if __name__ == "__main__":
    unittest.main()
