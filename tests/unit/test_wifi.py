"""Wi-Fi in virtual time, with an interface that does what the test says."""

import sys
import unittest

from allthingstalk.board.wifi import WiFi

LOADED = [name for name in sys.modules if name.startswith("allthingstalk.board.")]

import network  # noqa: E402
from allthingstalk import Client, Device  # noqa: E402
from allthingstalk.board import rp2_limits  # noqa: E402
from fake_net import FakeNet  # noqa: E402

HOME, PHONE = ("home", "password1"), ("phone", "password2")


class WiFiTest(unittest.TestCase):
    def setUp(self):
        self.net = FakeNet()
        self.said = []

    def make(self, *networks, **options):
        cls = type("VirtualWiFi", (WiFi,), {"net": self.net})
        self.wifi = cls(networks or (HOME, PHONE), log=self.said.append, **options)
        self.wlan = network.WLAN.last

    def run_for(self, seconds):
        end = self.net.now_ms + int(seconds * 1000)
        while self.net.now_ms < end:
            self.wifi.poll()
            self.net.advance(100)

    def tried(self):
        return [call[0] for call in self.wlan.calls if call != "disconnect"]

    def test_it_connects_and_says_so(self):
        self.make()
        self.wlan.answer = {"home": 3}
        self.assertTrue(self.wifi.connect(timeout_s=5))
        self.assertEqual(self.wlan.calls, [HOME])
        self.assertTrue("home" in self.said[0] and "192.168.1.2" in self.said[0])

    def test_it_is_imported_alone(self):
        names = ["allthingstalk.board." + name for name in ("rp2_limits", "wifi")]
        self.assertEqual(sorted(LOADED), names)

    def test_power_saving_is_disabled_where_it_has_to_be(self):
        kept = rp2_limits.WIFI_PM_OFF
        try:
            for pm in (None, 0xA11140):
                rp2_limits.WIFI_PM_OFF = pm
                self.make(HOME)
                self.wlan.answer = {"home": 3}
                self.run_for(1)
                self.assertTrue(self.wifi.up)
                self.assertEqual(self.wlan.settings.get("pm"), pm)
        finally:
            rp2_limits.WIFI_PM_OFF = kept

    def test_connected_without_an_address_is_not_up(self):
        self.make()
        self.wlan.answer = {"home": 3}
        self.assertFalse(self.wifi.associated())
        self.wifi.poll()
        self.assertEqual(self.wifi.addresses()[0], "192.168.1.2")
        self.wlan.address = "0.0.0.0"
        self.assertFalse(self.wifi.poll())
        self.assertTrue(self.wifi.associated())
        self.wlan.address = "10.0.0.5"
        self.assertTrue(self.wifi.poll())

    def test_the_next_network_has_its_turn_when_one_does_not_answer(self):
        self.make()
        self.wlan.answer = {"home": 1, "phone": 3}
        self.run_for(14)
        self.assertEqual(self.tried(), ["home"])
        self.run_for(4)
        self.assertEqual(self.tried(), ["home", "phone"])
        self.assertTrue(self.wifi.up)
        self.assertEqual(self.wifi.name, "phone")

    def test_a_wrong_password_is_doubted_for_three_seconds(self):
        for status in (-3, 202):
            self.make()
            self.wlan.answer = {"home": status}
            self.run_for(2)
            self.wlan.become(3)  # it was the router that restarted
            self.run_for(1)
            self.assertEqual(self.tried(), ["home"])
            self.assertTrue(self.wifi.up)

    def test_a_wrong_password_that_stays_is_named(self):
        self.make(HOME)
        self.wlan.answer = {"home": 202}
        self.run_for(4)
        self.assertTrue("wrong password" in self.said[0])
        self.assertFalse(any("password1" in text for text in self.said))

    def test_there_is_a_pause_between_two_connects(self):
        self.make(HOME)
        self.wlan.answer = {"home": OSError("Wifi Internal Error")}
        self.run_for(5)
        self.assertTrue(3 <= len(self.tried()) <= 5, self.wlan.calls)

    def test_after_a_loss_the_same_network_comes_first(self):
        self.make()
        self.wlan.answer = {"home": 201, "phone": 1010}
        self.run_for(10)
        self.assertEqual(self.wifi.name, "phone")
        self.wlan.become(200)
        self.run_for(3)
        self.assertEqual(self.tried()[-2:], ["phone", "phone"])
        self.assertTrue(any("lost" in text for text in self.said))

    def connected_before(self, name):
        """Make a WiFi on an interface that a soft reset has left connected."""
        self.make()
        self.wlan.active(True)
        self.wlan.ssid = name
        self.wlan.become(3)

    def test_a_network_of_ours_that_a_soft_reset_left_is_taken_over(self):
        self.connected_before("phone")
        self.assertTrue(self.wifi.poll())
        self.assertEqual((self.wifi.name, self.wlan.calls), ("phone", []))
        self.assertEqual(self.said, ["Wi-Fi phone: connected, 192.168.1.2"])
        self.wlan.answer = {"phone": 201, "home": 3}
        self.wlan.become(200)
        self.run_for(10)
        self.assertEqual(self.tried(), ["phone", "home"])

    def test_another_network_that_a_soft_reset_left_is_left(self):
        for name in ("neighbour", None):  # None: firmware that does not tell
            self.said.clear()
            self.connected_before(name)
            self.wlan.answer = {"home": 3}
            self.assertFalse(self.wifi.poll())
            self.assertTrue("none of the networks given" in self.said[0], self.said)
            self.run_for(2)
            self.assertEqual(self.wlan.calls, ["disconnect", HOME])
            self.assertEqual(self.said[1:], ["Wi-Fi home: connected, 192.168.1.2"])

    def test_a_network_that_comes_back_by_itself_keeps_its_name(self):
        self.make()
        self.wlan.answer = {"home": 201, "phone": 1010}
        self.run_for(10)
        self.wlan.become(200)
        self.wifi.poll()
        self.wlan.become(1010)
        self.run_for(1)
        self.assertEqual(
            self.said[-2:], ["Wi-Fi phone: lost", "Wi-Fi phone: connected, 192.168.1.2"]
        )

    def test_connect_gives_up_in_time(self):
        self.make()
        self.assertFalse(self.wifi.connect(timeout_s=40))
        self.assertTrue(40000 <= self.net.now_ms <= 41000)

    def test_host_name_country_and_static_address_are_set(self):
        address = ("10.0.0.9", "255.255.255.0", "10.0.0.1", "10.0.0.1")
        self.make(HOME, hostname="att-kitchen", country="BE", address=address)
        self.wifi.poll()
        self.assertEqual(network.said, {"hostname": "att-kitchen", "country": "BE"})
        self.assertEqual(self.wlan.settings["address"], address)

    def test_networks_that_cannot_be_are_refused(self):
        for wrong in ((), (("", "password"),), (("a" * 33, "password"),), (("home", "short"),)):
            self.assertRaises(ValueError, WiFi, wrong)
        for wrong in ((("home",),), ("home",), ((None, "password"),), (("home", 12345678),)):
            self.assertRaises(ValueError, WiFi, wrong)
        for wrong in ("p" * 64, "p" * 65, "passw\u00f6rd", "password\n"):
            self.assertRaises(ValueError, WiFi, (("home", wrong),))
        for wrong in (
            {"hostname": "n" * 33},
            {"country": "B"},
            {"address": ("1.2.3.4", "a", "b", "c")},
        ):
            self.assertRaises(ValueError, WiFi, (HOME,), **wrong)

    def test_a_key_of_64_hex_digits_is_passed_on(self):
        self.make(("home", "0aF" * 21 + "0"))
        self.wifi.poll()
        self.assertEqual(self.wlan.calls, [("home", "0aF" * 21 + "0")])

    def test_an_open_network_has_no_password_or_an_empty_one(self):
        for nothing in (None, ""):
            self.make(("open", nothing))
            self.wifi.poll()
            self.assertEqual(self.wlan.calls, [("open", None)])

    def test_a_client_it_is_kept_for_tries_nothing_without_an_address(self):
        cls = type("VirtualClient", (Client,), {"net": self.net})
        client = cls("token", api="http://h", log=self.said.append)
        self.make()
        self.wifi.keep(client)
        device = Device(client=client, id="D", connect=False)
        self.assertFalse(device.connect())
        for _ in range(600):
            client.poll()
            self.net.advance(100)
        self.assertEqual((self.net.dials, self.net.rest.log), ([], []))
        self.assertEqual(client.errors, 1)
        self.wlan.become(3)
        for _ in range(5):
            client.poll()
            self.net.advance(100)
        self.assertTrue(client.connected)
        self.wlan.become(0)
        client.poll()
        self.assertEqual(client.status, "offline")
        self.assertTrue("network is down" in client.last_error)
        for _ in range(200):
            client.poll()
            self.net.advance(100)
        self.assertEqual(len(self.net.dials), 1)


if __name__ == "__main__":
    unittest.main()
