"""What the API promises of several devices on one client, and of devices without an id."""

import unittest

from allthingstalk import (
    AccessForbiddenException,
    AssetMismatchException,
    Device,
    NotFoundException,
    NumberAsset,
    PlatformUnavailableException,
)
from contract import ContractTest


class TestSeveral(ContractTest):
    def setUp(self):
        super().setUp()
        self.first = self.board("D")

    def test_one_that_is_refused_leaves_the_others_on_line(self):
        self.rest.statuses = {"/device/E/": 404}
        other = self.board("E", connect=False)
        self.assertRaises(NotFoundException, other.connect)
        self.assertRaises(RuntimeError, setattr, other, "temp", 1)
        self.first.temp = 2
        self.run_for(1)
        self.assertEqual((self.client.status, self.values()), ("online", [2]))
        self.assertEqual(len(self.net.dials), 1)

    def test_one_that_passes_counts_as_started_and_comes_later(self):
        self.rest.statuses = {"/device/E/": 503}
        other = self.board("E", connect=False)
        self.assertFalse(other.connect())
        other.temp = 1
        self.first.temp = 2
        self.rest.statuses = {}
        self.run_for(5)
        self.assertEqual((self.client.status, sorted(self.values())), ("online", [1, 2]))

    def test_while_the_first_waits_for_the_network_the_second_may_be_refused(self):
        self.away()
        self.drop()
        self.client.poll()
        self.away(False)
        self.rest.statuses = {"/device/E/": 403}
        other = self.board("E", connect=False)
        self.assertRaises(AccessForbiddenException, other.connect)
        self.run_for(1)
        self.first.temp = 2
        self.assertEqual((self.client.status, self.values()), ("online", [2]))

    def test_a_second_device_is_not_refused_for_the_first(self):
        self.client.close()
        self.rest.assets["temp"]["is"] = "actuator"
        self.client.devices[self.first] = "again"  # as after a drop that follows a publish

        class Other(Device):
            other = NumberAsset()

        other = Other(client=self.client, id="E", connect=False)
        self.assertTrue(other.connect())
        self.assertTrue("device D is left out" in self.client.last_error)
        other.other = 5
        self.assertEqual(self.values(), [5])

    def test_one_deleted_on_the_platform_later_leaves_the_others_on_line(self):
        heard = []
        other = self.board("E")
        for device in (self.first, other):
            device.command.led(lambda device, value, at: heard.append(device.id))
        self.run_for(6)
        self.rest.statuses = {"/device/E/": 404}
        self.net.broker.log.clear()
        other.temp = 1
        self.drop()  # the broker drops a session that publishes to it
        self.run_for(5)
        self.assertEqual(self.client.status, "online")
        self.assertTrue("device E is left out" in self.client.last_error)
        subscribed = self.net.broker.of_kind(0x80)
        self.assertEqual(len(subscribed), 1)  # one that is not allowed would end the session
        self.assertTrue(b"device/D/" in subscribed[0])
        self.arrive("led", b"true")
        self.run_for(1)
        self.assertEqual(heard, ["D"])

    def test_the_only_one_deleted_later_is_a_refusal_and_its_values_wait(self):
        self.run_for(6)
        self.rest.statuses = {"/device/D/": 404}
        self.first.temp = 1
        self.drop()
        self.net.sleep_ms(1)  # a burst looks once a millisecond whether the link is there
        self.first.temp = 2
        self.run_for(50)
        self.assertEqual((self.client.status, len(self.net.dials)), ("refused", 1))
        self.rest.statuses = {}
        self.run_for(100)
        self.assertEqual((self.client.status, self.client.pending), ("online", 0))
        self.assertEqual(self.values()[-2:], [1, 2])


class TestAgain(ContractTest):
    def test_connecting_twice_neither_subscribes_nor_hands_over_twice(self):
        heard = []
        device = self.board()
        device.command.led(lambda device, value, at: heard.append(value))
        for _ in range(3):
            self.assertTrue(device.connect())
        self.assertEqual((len(self.net.dials), len(self.net.broker.of_kind(0x80))), (1, 1))
        self.arrive("led", b"true")
        self.client.poll()
        self.assertEqual(heard, [True])

    def test_a_second_connect_looks_at_the_assets_again(self):
        device = self.board()
        self.rest.assets["temp"]["profile"] = {"type": "string"}
        self.assertRaises(AssetMismatchException, device.connect)
        self.assertRaises(RuntimeError, setattr, device, "temp", 1)
        self.assertTrue(device.connect(overwrite_assets=True))
        device.temp = 1
        self.assertEqual(self.rest.assets["temp"]["profile"]["type"], "number")
        self.assertEqual(self.values(), [1])

    def test_after_close_it_subscribes_again_and_delivers_what_waited(self):
        device = self.board()
        device.command.led(lambda device, value, at: None)
        self.client.poll()
        self.client.close()
        device.temp = 1
        self.run_for(10)
        self.assertEqual(self.values(), [])
        self.assertTrue(device.connect())
        self.client.poll()
        self.assertEqual((self.values(), len(self.net.broker.of_kind(0x80))), ([1], 2))


class TestWithoutAnId(ContractTest):
    options = {"ground": "G"}

    def setUp(self):
        super().setUp()
        self.rest.answers = {"/ground/G/devices": b'{"id":"N1"}'}

    def test_without_a_ground_it_says_what_to_do(self):
        self.client = self.make()
        device = self.board(None, connect=False)
        try:
            device.connect()
        except NotImplementedError as e:
            self.assertTrue("ground" in str(e))
        else:
            self.fail("connected")
        self.assertRaises(RuntimeError, setattr, device, "temp", 1)
        self.run_for(5)
        self.assertEqual(self.net.dials, [])

    def test_created_late_it_gets_what_was_assigned_before(self):
        self.away()
        device = self.board(None, connect=False)
        self.assertFalse(device.connect())
        device.temp = 1
        self.assertRaises(PlatformUnavailableException, lambda: device.temp)
        self.away(False)
        self.run_for(20)
        device.temp = 2
        self.assertEqual(device.id, "N1")
        self.assertEqual(
            [p[0] for p in self.net.broker.publishes()], [b"device/N1/asset/temp/state"] * 2
        )
        self.assertEqual(self.values(), [1, 2])

    def test_two_of_them_get_each_their_own(self):
        self.away()
        first = self.board(None, connect=False)
        second = self.board(None, connect=False)
        for device in (first, second):
            self.assertFalse(device.connect())
        first.temp = 1
        second.temp = 2

        def renumber(line):
            if line.startswith("POST /device/N1/") or "/device/N1/assets" in line:
                self.rest.answers = {"/ground/G/devices": b'{"id":"N2"}'}

        self.rest.on_request = renumber
        self.away(False)
        self.run_for(5)
        self.assertEqual((first.id, second.id), ("N1", "N2"))
        self.assertEqual(
            [p[:2] for p in self.net.broker.publishes()],
            [
                (b"device/N1/asset/temp/state", b'{"value":1}'),
                (b"device/N2/asset/temp/state", b'{"value":2}'),
            ],
        )

    def test_it_is_created_by_post_with_title_and_name(self):
        self.assertEqual(self.client.create_device("My board", ground="G"), "N1")
        head = str(self.rest.heads[-1], "utf-8").split("\r\n")[0]
        self.assertEqual(head, "POST /ground/G/devices HTTP/1.1")


if __name__ == "__main__":
    unittest.main()
