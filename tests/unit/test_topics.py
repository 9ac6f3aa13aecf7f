"""SUBSCRIBE, judged by the bytes on the wire (MQTT 3.1.1, section 3.8)."""

import unittest

from allthingstalk import BooleanAsset, Device
from allthingstalk.topics import subscribe
from wire import SessionTest


class Lamp(Device):
    led = BooleanAsset()


class TestSubscribe(SessionTest):
    def subscribe(self, stream):
        lamp = Lamp(id="x")
        getattr(lamp, stream).led(lambda device, value, at: None)
        self.owner.devices = {lamp: None}
        self.net.broker.answers_subscribes = False
        subscribe(self.owner, self.net.ticks_ms())
        self.push()

    def test_subscribe_asks_for_qos_1_and_does_not_wait(self):
        self.subscribe("command")
        self.assertEqual(
            self.net.broker.log, [b"\x82\x1d\x00\x01\x00\x18device/x/asset/+/command\x01"]
        )
        self.assertTrue(self.session.asked)
        self.arrive(b"\x90\x03\x00\x01\x01")  # SUBACK, packet 1, QoS 1
        self.assertFalse(self.session.asked)
        self.assertEqual(self.reports, [])

    def test_a_refused_subscription_is_reported_and_the_rest_goes_on(self):
        self.subscribe("feed")
        self.arrive(b"\x90\x03\x00\x01\x80")
        self.assertTrue("device/x/asset/+/feed" in self.reports[0])
        self.assertFalse(self.session.asked)

    def test_a_long_id_makes_a_length_of_two_bytes(self):
        lamp = Lamp(id="x" * 150)
        lamp.command.led(lambda device, value, at: None)
        self.owner.devices = {lamp: None}
        subscribe(self.owner, self.net.ticks_ms())
        self.push()
        packet = self.net.broker.log[0]
        self.assertEqual(packet[:3], b"\x82\xb2\x01")  # 178 = 0x32 | 1 << 7
        self.assertEqual(len(packet), 3 + 178)

    def test_what_was_subscribed_is_not_subscribed_again_and_a_missing_suback_is_a_dead_link(self):
        self.subscribe("command")
        subscribe(self.owner, self.net.ticks_ms())
        self.push()
        self.assertEqual(len(self.net.broker.log), 1)
        self.net.advance(10001)
        self.assertTrue("acknowledged" in self.raises(self.check))


if __name__ == "__main__":
    unittest.main()
