"""What the API promises on REST that no other test proves: answers, digest, IPv6."""

import os
import socket
import time
import unittest

from allthingstalk import (
    Client,
    Device,
    NumberAsset,
    PlatformUnavailableException,
    net,
)
from allthingstalk.connect.dial import dial
from contract import ContractTest


class TestRest(ContractTest):
    def test_no_compression_is_asked_for_and_none_accepted(self):
        self.board()
        for head in self.rest.heads:
            self.assertFalse(b"encoding" in head.lower(), head)
        self.rest.extra = b"Content-Encoding: gzip\r\n"
        self.rest.answers = {"/assets": b"\x1f\x8b\x08\x00\x00"}
        self.assertRaises(PlatformUnavailableException, self.client.get_assets, "D")

    def test_json_nested_deeper_than_the_stack_is_no_answer(self):
        device = self.board()
        self.rest.answers = {"/state": b"[" * 2000 + b"]" * 2000}
        try:
            self.assertIsNone(device.temp)  # where the stack is deep enough
        except PlatformUnavailableException:
            pass

    def test_an_entry_of_the_list_nested_deeper_than_the_stack_is_skipped(self):
        deep = b'{"x":' + b"[" * 1500 + b"]" * 1500 + b"}"
        self.rest.answers = {"GET /device/D/assets": b"[" + deep + b',{"name":"a","is":"sensor"}]'}
        self.assertEqual([asset.name for asset in self.client.get_assets("D")], ["a"])
        self.assertEqual(self.client.errors, 1)


class TestDigest(ContractTest):
    def setUp(self):
        super().setUp()
        self.path = "/tmp/allthingstalk-contract-%d" % time.time_ns()
        self.client = self.make(digest=self.path)

    def tearDown(self):
        os.remove(self.path)

    def test_later_boots_skip_rest_until_a_drop_follows_a_publish(self):
        self.board()
        self.client = self.make(digest=self.path)
        self.rest.log.clear()
        device = self.board()
        self.assertTrue(self.client.connected)
        self.assertEqual(self.rest.log, [])
        del self.rest.assets["temp"]
        self.net.broker.drop_at = lambda packet: (
            b"/asset/temp/" in packet and "temp" not in self.rest.assets
        )
        device.temp = 1
        self.run_for(5)
        self.assertTrue("temp" in self.rest.assets)
        self.assertEqual((self.values()[-1], self.client.pending), (1, 0))

    def test_a_device_that_changed_is_looked_at(self):
        self.board()
        self.rest.log.clear()

        class Other(Device):
            temp = NumberAsset(unit="V")

        Other(client=self.make(digest=self.path), id="D")
        self.assertEqual(self.rest.log, ["GET /device/D/assets HTTP/1.1"])


class TestIpv6(ContractTest):
    def test_the_host_of_a_request_is_in_brackets(self):
        self.client = self.make()
        self.client.http = "http://[::1]:8080"
        self.client.get_assets("D")
        self.assertTrue(b"\r\nHost: [::1]:8080\r\n" in self.rest.heads[0] + b"\r\n")

    def test_it_is_dialed(self):
        listener, port = self.listening()
        try:
            way = dial(net, "mqtt://[::1]:%d" % port, 2, None, lambda: None)
            while True:
                try:
                    next(way)
                except StopIteration as e:
                    e.value.close()
                    break
                net.sleep_ms(5)
        finally:
            listener.close()

    def listening(self):
        for _ in range(50):  # MicroPython tells no port of its own: any that is free
            port = 20000 + net.getrandbits(14)
            try:
                address = socket.getaddrinfo("::1", port, 0, socket.SOCK_STREAM)[0]
                listener = socket.socket(address[0], socket.SOCK_STREAM)
            except OSError as e:
                failure = e
                break
            try:
                listener.bind(address[-1])
                listener.listen(1)
                return listener, port
            except OSError as e:
                failure = e
                listener.close()
        raise unittest.SkipTest("no IPv6 here: %s" % failure)


class TestSubclass(ContractTest):
    def test_a_client_of_ones_own_calls_what_it_overrides_by_name_and_keyword(self):
        class Own(Client):
            net = self.net

            def get_assets(self, device_id):
                return super().get_assets(device_id=device_id)

        self.rest.assets["temp"] = {"name": "temp", "is": "sensor", "profile": {"type": "number"}}
        client = Own("maker:secret", api="http://h")
        self.assertEqual([asset.name for asset in client.get_assets("D")], ["temp"])
        self.rest.answers["/asset/temp/state"] = b'{"state":{"value":3}}'
        state = client.get_asset_state(device_id="D", asset_name="temp")
        self.assertEqual(state.value, 3)

    def test_so_does_one_that_overrides_close_of_a_class_of_its_own(self):
        told = []

        class Base(Client):
            net = self.net

        class Own(Base):
            def close(self):
                told.append(self.status)
                super().close()

        client = Own("maker:secret", api="http://h")
        self.assertTrue(Device(client=client, id="D").connect())
        client.close()
        self.assertEqual((told, client.status), (["online"], "closed"))
        self.client.close()  # one without it does as before
        self.assertEqual(self.client.status, "closed")


if __name__ == "__main__":
    unittest.main()
