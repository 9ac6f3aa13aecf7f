"""What the Client does when the link fails, in virtual time: waits, refusals, blame."""

import json
import unittest

from allthingstalk import Client, Device, NumberAsset, StringAsset
from fake_net import FakeNet

_HOUR_MS = 3600000


class Board(Device):
    temp = NumberAsset()
    text = StringAsset()


class RecoveryTest(unittest.TestCase):
    def setUp(self):
        self.reports = []
        self.net = FakeNet()
        cls = type("VirtualClient", (Client,), {"net": self.net})
        self.client = cls("maker:secret", api="http://h", log=self.reports.append)
        self.device = Board(client=self.client, id="D")

    def run_for(self, seconds, step_ms=10):
        end = self.net.now_ms + int(seconds * 1000)
        while self.net.now_ms < end:
            self.client.poll()
            self.net.advance(step_ms)

    def lose(self):
        """Lose a session that was good for a while; return when that was."""
        self.run_for(6)
        self.net.socket.ended = True
        return self.net.now_ms


class TestBackOff(RecoveryTest):
    def pauses(self, seconds):
        lost_at = self.lose()
        self.net.fails = OSError(113)
        tried = len(self.net.dials)
        self.run_for(seconds)
        tries = self.net.dials[tried:]
        self.assertEqual(tries[0] - lost_at <= 20, True)  # at once
        return [b - a for a, b in zip(tries, tries[1:])]

    def test_the_first_try_is_made_at_once(self):
        self.pauses(1)

    def test_pauses_grow_and_are_capped(self):
        pauses = self.pauses(1200)
        self.assertTrue(200 <= pauses[0] <= 520, pauses)
        self.assertTrue(max(pauses) <= 90000, pauses)
        self.assertTrue(min(pauses[-3:]) >= 30000, pauses)
        for a, b in zip(pauses, pauses[1:]):
            self.assertTrue(b >= a * 0.7, pauses)

    def test_it_is_back_half_the_outage_and_half_a_second_after_the_broker_at_the_latest(self):
        for outage in (0.1, 0.7, 1.5, 3.3, 7, 20, 61):
            self.setUp()
            self.lose()
            self.net.fails = OSError(113)
            self.run_for(outage)
            self.net.fails = None
            back_at = self.net.now_ms
            while not self.client.connected:
                self.client.poll()
                self.net.advance(10)
            took = (self.net.now_ms - back_at) / 1000
            self.assertTrue(took <= outage / 2 + 0.52, (outage, took))

    def test_a_new_good_session_starts_over(self):
        self.pauses(300)
        self.net.fails = None
        self.run_for(100)
        self.assertTrue(self.client.connected)
        self.assertTrue(self.pauses(2)[0] <= 520)


class TestLost(RecoveryTest):
    def test_a_closed_connection_is_noticed(self):
        self.lose()
        self.client.poll()
        self.assertTrue("closed" in self.client.last_error, self.client.last_error)

    def test_a_way_up_never_makes_poll_wait(self):
        self.lose()
        self.net.broker.connack = b""  # connections are taken, but nothing is said
        tried = len(self.net.dials)
        for _ in range(3000):
            before_ms = self.net.now_ms
            self.client.poll()
            self.assertEqual(self.net.now_ms, before_ms)
            self.net.advance(10)
        tries = self.net.dials[tried:]
        self.assertEqual(len(tries), 3)
        for a, b in zip(tries, tries[1:]):
            self.assertTrue(10000 <= b - a <= 11600, tries)
        self.assertEqual(self.client.status, "connecting")

    def test_a_link_that_is_reset_each_second_keeps_nobody_away_for_long(self):
        self.run_for(6)
        for _ in range(6):
            reset_at = self.net.now_ms
            self.net.socket.ended = True
            self.client.poll()
            while not self.client.connected:
                self.client.poll()
                self.net.advance(10)
            self.assertTrue(self.net.now_ms - reset_at <= 3000, self.net.now_ms - reset_at)
            self.device.temp = self.net.now_ms
            self.run_for(1)
            self.assertEqual(self.client.pending, 0)
        self.assertEqual(self.client.status, "online")


class TestAssignments(RecoveryTest):
    """Who has to wait for a connect, where the soak found gaps."""

    def test_one_does_not_connect_while_the_program_polls(self):
        self.lose()
        self.net.broker.connack = b""  # connections are taken, but nothing is said
        for _ in range(1200):
            self.client.poll()
            self.net.advance(10)
            before_ms = self.net.now_ms
            self.device.temp = 1
            self.assertEqual(self.net.now_ms, before_ms)
        self.assertEqual(self.client.pending + self.client.dropped, 1200)

    def test_one_does_not_connect_right_after_a_poll_that_took_long(self):
        self.lose()
        self.net.broker.connack = b""
        own = self.net.getaddrinfo

        def getaddrinfo(host, port):
            self.net.advance(10000)
            return own(host, port)

        self.net.getaddrinfo = getaddrinfo
        before_ms = self.net.now_ms
        while self.net.now_ms < before_ms + 10000:
            self.client.poll()  # finds the end, connects at once and waits for DNS
        self.net.advance(600)
        before_ms = self.net.now_ms
        self.device.temp = 1
        self.assertEqual(self.net.now_ms, before_ms)
        self.assertEqual(self.client.pending, 1)

    def test_one_serves_a_program_that_has_not_polled_for_5_seconds(self):
        self.lose()
        self.net.advance(6000)
        self.device.temp = 1
        self.assertTrue(self.client.connected)
        self.assertEqual(len(self.net.dials), 2)
        self.net.socket.ended = True
        self.net.broker.connack = b""
        self.net.advance(6000)
        before_ms = self.net.now_ms
        self.device.temp = 2
        self.device.temp = 3  # bounded by the timeout of a step
        self.assertTrue(self.net.now_ms - before_ms <= 10600, self.net.now_ms - before_ms)


class TestShortSessions(RecoveryTest):
    def tries(self, step_ms):
        """Return how many tries an hour of sessions brings that end at once."""
        self.run_for(6)
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
        self.assertTrue(self.tries(1000) <= 20)
        self.assertEqual(self.client.status, "refused")

    def test_and_for_one_that_polls_each_6_seconds(self):
        self.assertTrue(self.tries(6000) <= 20)
        self.assertEqual(self.client.status, "refused")


class TestRefused(RecoveryTest):
    def test_a_token_revoked_later_waits_from_a_minute_to_a_quarter_of_an_hour(self):
        self.lose()
        self.net.broker.connack = b"\x20\x02\x00\x05"
        tried = len(self.net.dials)
        self.run_for(4000, step_ms=1000)
        tries = self.net.dials[tried:]
        pauses = [round((b - a) / 60000) for a, b in zip(tries, tries[1:])]
        self.assertEqual(pauses[:6], [1, 2, 4, 8, 15, 15])
        self.assertEqual(self.client.status, "refused")
        self.assertTrue("token" in self.client.last_error)

    def test_values_wait_and_arrive_when_it_is_accepted_again(self):
        self.lose()
        self.net.broker.connack = b"\x20\x02\x00\x05"
        self.run_for(5)
        self.device.temp = 5
        self.net.broker.connack = b"\x20\x02\x00\x00"
        self.run_for(61)
        self.assertEqual(self.client.status, "online")
        self.assertEqual(self.client.pending, 0)

    def test_five_short_sessions_in_a_row_count_as_refused(self):
        self.lose()
        self.net.broker.drop_at = lambda packet: packet[0] & 0xF0 == 0x10
        tried = len(self.net.dials)

        def accept_and_close(sock):
            sock.inbound.extend(b"\x20\x02\x00\x00")
            sock.ended = True

        own = self.net.broker.received
        self.net.broker.received = lambda sock, data: accept_and_close(sock)
        self.run_for(50)
        self.assertEqual(self.client.status, "refused")
        self.assertEqual(len(self.net.dials) - tried, 5)
        self.assertTrue("5 sessions in a row" in self.client.last_error)
        self.net.broker.received = own
        self.net.broker.drop_at = None
        self.run_for(70)
        self.assertTrue(self.client.connected)


class TestBlame(RecoveryTest):
    """A broker that drops the link at a publish to an asset it does not know."""

    def values(self, asset):
        topic = b"device/D/asset/" + asset + b"/state"
        return [json.loads(p[1])["value"] for p in self.net.broker.publishes() if p[0] == topic]

    def drop_at_asset(self, name):
        self.net.broker.drop_at = lambda packet: (
            packet[0] & 0xF0 == 0x30 and b"/asset/%s/" % name in packet
        )

    def test_the_asset_is_set_aside_named_and_the_others_go_on(self):
        self.run_for(6)
        self.drop_at_asset(b"nope")
        self.client.publish_asset_state("D", "nope", 1)
        self.client.publish_asset_state("D", "nope", 2)
        for i in range(60):
            self.device.temp = i
            self.run_for(1, step_ms=50)
        self.assertEqual(self.client.status, "online")
        self.assertTrue(any("'nope'" in r and "set aside" in r for r in self.reports))
        self.assertEqual(self.client.dropped, 2)
        self.assertEqual(self.client.pending, 0)
        self.assertEqual(sorted(set(self.values(b"temp"))), list(range(60)))
        dials = len(self.net.dials)
        self.client.publish_asset_state("D", "nope", 3)
        self.run_for(10)
        self.assertEqual(len(self.net.dials), dials)
        self.assertEqual(self.client.dropped, 3)

    def test_a_link_that_merely_drops_condemns_nobody(self):
        self.net.broker.acknowledges = True
        for i in range(12):
            self.run_for(6, step_ms=50)
            self.net.broker.drop_at = lambda packet: packet[0] & 0xF0 == 0x30
            self.device.temp = i
            self.net.broker.drop_at = None
            self.client.poll()
        self.run_for(60, step_ms=50)
        self.assertFalse(any("set aside" in r for r in self.reports))
        self.assertEqual((self.client.dropped, self.client.pending), (0, 0))
        self.assertEqual(sorted(set(self.values(b"temp"))), list(range(12)))

    def test_after_a_drop_that_follows_a_publish_the_assets_are_looked_at_again(self):
        self.run_for(6)
        self.net.rest.log = []
        del self.net.rest.assets["temp"]  # deleted on the platform
        self.net.broker.drop_at = lambda packet: (
            b"/asset/temp/" in packet and "temp" not in self.net.rest.assets
        )
        self.device.temp = 5
        self.run_for(5)
        self.assertTrue("temp" in self.net.rest.assets)
        self.assertEqual(self.values(b"temp")[-1], 5)
        self.assertEqual(self.client.pending, 0)

    def test_a_drop_without_a_publish_does_not_ask_rest_again(self):
        self.run_for(6)
        self.net.rest.log = []
        self.net.socket.ended = True
        self.run_for(5)
        self.assertTrue(self.client.connected)
        self.assertEqual(self.net.rest.log, [])


if __name__ == "__main__":
    unittest.main()
