"""The status LED's patterns, tick by tick."""

import unittest

from allthingstalk.board import status_led
from allthingstalk.board.status_led import StatusLed


class Pin:
    def __init__(self):
        self.levels = []

    def value(self, level):
        self.levels.append(level)


class Client:
    connected = False
    status = "offline"


class WiFi:
    up = False


class Lamp(StatusLed):
    """Without a timer: the test ticks."""

    def __init__(self, on=1):
        super().__init__(None, on)
        self._pin = Pin()


def ticks(lamp, count=20):
    lamp._pin.levels.clear()
    for _ in range(count):
        lamp.tick()
    return "".join(str(level) for level in lamp._pin.levels)


class TestStatusLed(unittest.TestCase):
    def test_patterns(self):
        lamp = Lamp()
        for pattern, shown in (
            (status_led.WIFI, "11001100110011001100"),
            (status_led.PLATFORM, "11111000001111100000"),
            (status_led.ONLINE, "1" * 20),
            (status_led.REFUSED, "10100000000000000000"),
            (status_led.NO_SETTINGS, "10101000000000000000"),
            (status_led.SAFE, "10000000000000000000"),
        ):
            lamp.show(pattern)
            self.assertEqual(ticks(lamp), shown)

    def test_an_led_that_shines_at_0(self):
        lamp = Lamp(on=0)
        lamp.show(status_led.SAFE)
        self.assertEqual(ticks(lamp), "0" + "1" * 19)

    def test_it_follows_the_client_and_the_wifi(self):
        lamp, client, wifi = Lamp(), Client(), WiFi()
        lamp.follow(client, wifi)
        self.assertEqual(ticks(lamp, 20), "11001100110011001100")
        wifi.up = True
        self.assertEqual(ticks(lamp, 20), "11111000001111100000")
        client.connected = True
        self.assertEqual(ticks(lamp, 20), "1" * 20)
        client.connected, client.status = False, "refused"
        self.assertEqual(ticks(lamp, 20), "10100000000000000000")
        lamp.show(status_led.SAFE)
        self.assertEqual(ticks(lamp, 20), "1" + "0" * 19)

    def test_a_network_that_is_not_ours_is_taken_for_up(self):
        lamp = Lamp()
        lamp.follow(Client(), None)
        self.assertEqual(ticks(lamp, 20), "11111000001111100000")

    def test_without_an_led_nothing_happens(self):
        StatusLed(None).tick()


if __name__ == "__main__":
    unittest.main()
