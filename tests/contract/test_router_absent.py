"""The router is gone for an hour, in virtual time: what is lost, and how often the board tries."""

import unittest

import loaded  # noqa: F401
from contract import ContractTest

_HOUR_S = 3600
_EACH_S = 10


class TestRouterAbsent(ContractTest):
    def hour(self):
        """Assign a value each ten seconds of an hour; return how many."""
        count = _HOUR_S // _EACH_S
        for n in range(count):
            self.device.temp = n
            self.run_for(_EACH_S, 250)
        return count

    def counted(self, count):
        """Print the row and check it: lost is 0, and nothing came out of order."""
        first = []
        for value in self.values("temp"):
            if value not in first:
                first.append(value)
        twice = len(self.values("temp")) - len(first)
        lost = count - len(first)
        print(
            "router absent for an hour: %d published, %d delivered, %d delivered twice, %d lost"
            % (count, len(first), twice, lost)
        )
        self.assertEqual((lost, twice, self.client.dropped), (0, 0, 0))
        self.assertEqual(first, list(range(count)))

    def setUp(self):
        super().setUp()
        self.device = self.board()
        self.run_for(60)

    def test_connections_fail_all_the_time(self):
        self.away()
        self.drop()
        tries = len(self.net.dials)
        count = self.hour()
        tries = len(self.net.dials) - tries
        # 0.5, 1, 2 … 60 s apart, jitter or not; and it asked both REST and MQTT.
        self.assertTrue(60 <= tries <= 130, tries)
        self.away(False)
        self.run_for(91)
        self.assertTrue(self.client.connected)
        self.run_for(30)
        self.counted(count)

    def test_the_wifi_says_that_it_is_down(self):
        up = []
        self.client.link_up = lambda: bool(up)
        self.client.poll()  # learns of it before a value is on its way, which would go twice
        self.assertFalse(self.client.connected)
        tries = len(self.net.dials)
        count = self.hour()
        self.assertEqual(len(self.net.dials), tries)
        up.append(True)
        self.run_for(91)
        self.assertTrue(self.client.connected)
        self.run_for(30)
        self.counted(count)

    def test_a_week_without_wifi_delays_nothing(self):
        """Ticks wrap after 12.4 days: what was due 6.2 days ago looks as if it were to come."""
        up = []
        self.client.link_up = lambda: bool(up)
        self.run_for(7 * 86400, 60000)
        up.append(True)
        self.run_for(91)
        self.assertTrue(self.client.connected)


if __name__ == "__main__":
    unittest.main()
