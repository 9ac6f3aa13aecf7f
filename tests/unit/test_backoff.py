"""How often a client tries to connect, and who has to wait for it, where the soak found gaps."""

import unittest

from allthingstalk import Client, Device, NumberAsset, PlatformUnavailableException
from allthingstalk.failures import Failures
from fake_net import FakeNet

_HOUR_MS = 3600000


class Board(Device):
    temp = NumberAsset()


class PaceTest(unittest.TestCase):
    def setUp(self):
        self.net = FakeNet()
        cls = type("VirtualClient", (Client,), {"net": self.net})
        self.client = cls("maker:secret", api="http://h", log=None)
        self.device = Board(client=self.client, id="D")

    def run_for(self, ms, step_ms):
        end_ms = self.net.now_ms + ms
        while self.net.now_ms < end_ms:
            self.client.poll()
            self.net.advance(step_ms)


class TestAssignments(PaceTest):
    def test_one_does_not_connect_right_after_a_poll_that_took_long(self):
        self.run_for(6000, 50)
        self.net.broker.connack = b""  # connections are taken, but nothing is said
        self.net.socket.ended = True
        before_ms = self.net.now_ms
        self.client.poll()  # finds the end, connects at once and waits for CONNACK
        self.assertEqual(self.net.now_ms, before_ms + 10000)
        self.net.advance(600)  # now the next try is due
        before_ms = self.net.now_ms
        self.device.temp = 1
        self.assertEqual(self.net.now_ms, before_ms)
        self.assertEqual(self.client.pending, 1)


class TestTries(PaceTest):
    def test_a_short_retry_after_does_not_replace_the_pauses_that_grow(self):
        failures = Failures(self.net, 0)
        e = PlatformUnavailableException("503", status=503, retry_after_s=1)
        elapsed_ms = tries = 0
        while elapsed_ms < _HOUR_MS:
            pause_ms = failures.pause_ms(e, elapsed_ms)
            self.assertTrue(pause_ms >= 1000, pause_ms)
            elapsed_ms += pause_ms
            tries += 1
        self.assertTrue(tries <= 146, tries)

    def short_sessions(self, step_ms):
        """Return how many tries an hour of sessions brings that end at once."""
        self.run_for(6000, 50)
        tried = len(self.net.dials)
        self.net.socket.ended = True
        end_ms = self.net.now_ms + _HOUR_MS
        while self.net.now_ms < end_ms:
            self.client.poll()
            if self.client.connected:
                self.net.socket.ended = True
            self.net.advance(step_ms)
        return len(self.net.dials) - tried

    def test_sessions_that_end_at_once_are_a_refusal_for_a_program_that_polls_each_second(self):
        self.assertTrue(self.short_sessions(1000) <= 20)
        self.assertEqual(self.client.status, "refused")

    def test_and_for_one_that_polls_each_6_seconds(self):
        self.assertTrue(self.short_sessions(6000) <= 20)
        self.assertEqual(self.client.status, "refused")


if __name__ == "__main__":
    unittest.main()
