"""`Client(mqtt=False)`: states go by REST, wait while it is away, and none blocks the others."""

import json
import unittest

from allthingstalk import AccessForbiddenException
from contract import ContractTest


class RestModeTest(ContractTest):
    options = {"mqtt": False}

    def setUp(self):
        super().setUp()
        self.events = []
        self.client.on_connect = lambda client: self.events.append("up")
        self.client.on_disconnect = lambda client, reason: self.events.append("down")
        self.device = self.board()
        self.client.poll()

    def sent(self):
        return [state[2] for state in self.rest.states]


class TestDelivery(RestModeTest):
    def test_it_is_on_line_without_a_broker_and_sends_by_rest(self):
        self.assertEqual((self.client.status, self.client.mqtt), ("online", None))
        self.device.temp = 21.5
        self.client.poll()
        self.assertEqual(self.rest.states, [("D", "temp", 21.5)])
        self.assertEqual((self.net.dials, self.client.pending, self.events), ([], 0, ["up"]))
        self.assertEqual(self.rest.bodies, [b'{"value":21.5}'])

    def test_values_wait_in_order_while_it_is_away_and_carry_their_time(self):
        self.away()
        for i in range(5):
            self.device.temp = i
            self.run_for(3)
        self.assertEqual((self.client.status, self.client.pending), ("offline", 5))
        self.away(False)
        self.run_for(12)
        self.assertEqual(self.sent(), list(range(5)))
        self.assertEqual((self.client.pending, self.client.dropped), (0, 0))
        self.assertTrue("at" in json.loads(self.rest.bodies[0]))

    def test_each_loss_is_told_once_and_so_is_each_return(self):
        self.away()
        self.device.temp = 1
        self.run_for(60)
        self.assertEqual(self.events, ["up", "down"])
        self.away(False)
        self.run_for(60)
        self.assertEqual(self.events, ["up", "down", "up"])

    def test_while_it_is_away_it_says_so(self):
        self.away()
        self.device.temp = 1
        self.client.poll()
        for _ in range(600):
            self.assertFalse(self.client.poll())
            self.net.advance(50)

    def test_a_poll_is_bounded_however_much_waits(self):
        self.away()
        for i in range(100):
            self.device.temp = i
            self.client.poll()
        self.away(False)
        self.rest.on_request = lambda line: self.net.advance(2000)
        self.net.advance(60000)
        before = self.net.now_ms
        self.client.poll()
        self.assertTrue(self.net.now_ms - before <= 30000)
        self.run_for(300)
        self.assertEqual(self.sent(), list(range(100)))


class TestWaits(RestModeTest):
    def tries(self, seconds):
        """Take REST away for so long; return the pauses between the tries in ms."""
        tries = []

        def dial(endpoint, timeout_s, ca=None):
            tries.append(self.net.now_ms)
            raise OSError(113)

        own, self.net.dial = self.net.dial, dial
        self.device.temp = 1
        self.run_for(seconds, step_ms=10)
        self.net.dial = own
        return [b - a for a, b in zip(tries, tries[1:])]

    def test_tries_are_at_once_and_then_grow(self):
        pauses = self.tries(30)
        self.assertTrue(pauses[0] <= 20, pauses)
        self.assertTrue(pauses[1] <= 520, pauses)
        self.assertTrue(pauses[-1] > 2000, pauses)

    def test_they_start_over_with_each_loss(self):
        self.tries(300)
        self.run_for(100)
        self.assertEqual(self.client.pending, 0)
        pauses = self.tries(30)
        self.assertTrue(pauses[0] <= 20 and pauses[1] <= 520, pauses)

    def test_it_is_back_half_the_outage_and_half_a_second_later_at_the_latest(self):
        self.run_for(1000, step_ms=1000)
        for outage in (0.5, 3, 20):
            self.tries(outage)
            back_at = self.net.now_ms
            while self.client.pending:
                self.client.poll()
                self.net.advance(10)
            took = (self.net.now_ms - back_at) / 1000
            self.assertTrue(took <= outage / 2 + 0.55, (outage, took))

    def test_retry_after_is_honoured(self):
        self.rest.status, self.rest.extra = 429, b"Retry-After: 100\r\n"
        self.device.temp = 1
        self.client.poll()
        requests = len(self.rest.log)
        self.run_for(95)
        self.assertEqual(len(self.rest.log), requests)
        self.rest.status, self.rest.extra = None, b""
        self.run_for(10)
        self.assertEqual(self.sent(), [1])

    def test_a_revoked_token_waits_long_and_loses_nothing(self):
        self.rest.status = 403
        self.device.temp = 1
        self.run_for(50)
        self.assertEqual((self.client.status, self.client.pending), ("refused", 1))
        self.rest.status = None
        self.run_for(70)
        self.assertEqual((self.client.status, self.sent()), ("online", [1]))
        self.assertEqual(self.client.dropped, 0)

    def test_connect_raises_what_is_refused(self):
        self.rest.status = 401
        self.assertRaises(AccessForbiddenException, self.device.connect)


class TestRefusedValues(RestModeTest):
    def test_a_value_the_platform_refuses_is_dropped_reported_and_blocks_nobody(self):
        for status in (400, 409, 413, 422):
            self.rest.statuses = {"/asset/text/": status}
            self.device.text = "x"
            self.device.temp = status
            self.client.poll()
            self.assertEqual((self.client.status, self.client.pending), ("online", 0))
            self.assertTrue("'text'" in self.client.last_error, self.client.last_error)
        self.assertEqual(self.sent(), [400, 409, 413, 422])
        self.assertEqual((self.client.dropped, self.client.errors), (4, 4))

    def test_what_is_not_about_the_value_drops_none(self):
        """Token, proxy, redirect, endpoint, what nobody knows: a person has to act, they wait."""
        statuses = (300, 301, 302, 303, 304, 307, 308, 401, 402, 403, 405, 406, 407, 411, 412, 416)
        statuses += (417, 418, 423, 424, 426, 428, 431, 451, 499)
        for status in statuses:
            self.rest.statuses = {"/state": status}
            self.device.temp = status
            self.device.text = "x"
            self.client.poll()
            found = (status, self.client.status, self.client.pending, self.client.dropped)
            self.assertEqual(found, (status, "refused", 2, 0))
            self.assertTrue(str(status) in self.client.last_error, self.client.last_error)
            self.rest.statuses = {}
            self.assertTrue(self.device.connect())
            self.run_for(1)
            self.assertEqual((self.client.status, self.client.pending), ("online", 0))
        self.assertEqual(self.sent(), [each for s in statuses for each in (s, "x")])

    def test_each_status_that_is_about_the_value_drops_that_one(self):
        for status in (400, 409, 413, 414, 415, 422):
            self.rest.statuses = {"/asset/text/": status}
            self.device.text = "x"
            self.device.temp = status
            self.client.poll()
            self.assertEqual((self.client.status, self.client.pending), ("online", 0))
        self.assertEqual((self.sent(), self.client.dropped), ([400, 409, 413, 414, 415, 422], 6))

    def test_an_asset_that_is_gone_is_looked_at_as_one_that_is_unknown(self):
        self.rest.statuses = {"/asset/text/": 410}
        self.device.text = "x"
        self.device.temp = 1
        requests = len(self.rest.log)
        self.client.poll()
        self.assertTrue(any("GET" in line for line in self.rest.log[requests:]))
        self.assertEqual((self.sent(), self.client.dropped), ([1], 1))

    def test_a_device_that_is_gone_is_a_refusal_and_its_values_wait(self):
        self.rest.statuses = {"/device/D/": 410}
        self.device.temp = 1
        self.run_for(50)
        self.assertEqual((self.client.status, self.client.pending), ("refused", 1))
        self.assertEqual(self.client.dropped, 0)

    def test_a_certificate_that_turns_bad_drops_nothing(self):
        from allthingstalk.exceptions import CertificateException

        self.net.rest_fails = CertificateException("refused")
        self.device.temp = 1
        self.device.temp = 2
        self.run_for(5)
        found = (self.client.status, self.client.pending, self.client.dropped)
        self.assertEqual(found, ("refused", 2, 0))
        self.net.rest_fails = None
        self.run_for(70)
        self.assertEqual((self.client.status, self.sent()), ("online", [1, 2]))

    def test_a_page_where_a_network_wants_a_login_takes_no_value(self):
        """It answers 200 to everything, and hands out HTML."""
        self.rest.extra = b"Content-Type: text/html; charset=utf-8\r\n"
        self.rest.answers = {"/state": b"<html>log in</html>"}
        self.device.temp = 1
        self.device.temp = 2
        self.run_for(5)
        found = (self.client.status, self.client.pending, self.client.dropped)
        self.assertEqual(found, ("offline", 2, 0))
        self.assertTrue("login" in self.client.last_error, self.client.last_error)
        self.rest.answers = {}
        self.rest.extra = b""
        self.run_for(60)
        self.assertEqual((self.client.status, self.sent()), ("online", [1, 2]))

    def test_an_empty_answer_may_be_called_html(self):
        self.rest.extra = b"Content-Type: text/html\r\n"
        self.rest.answers = {"/state": b""}
        self.device.temp = 1
        self.run_for(1)
        found = (self.client.status, self.client.pending, self.client.errors)
        self.assertEqual(found, ("online", 0, 0))

    def test_what_is_too_large_concerns_that_value_alone(self):
        self.rest.statuses = {"/asset/text/": 413}
        self.device.temp = 1
        self.device.text = "x" * 3000
        self.device.text = "y" * 3000
        self.device.temp = 2
        self.run_for(1)
        self.assertEqual((self.client.status, self.client.pending), ("online", 0))
        self.assertEqual((self.sent(), self.client.dropped), ([1, 2], 2))
        self.assertEqual(self.events, ["up"])

    def test_a_proxy_that_wants_a_password_is_a_refusal_and_drops_nothing(self):
        self.rest.status = 407
        self.device.temp = 1
        self.device.temp = 2
        self.run_for(50)
        self.assertEqual((self.client.status, self.client.pending), ("refused", 2))
        self.assertTrue("407" in self.client.last_error)
        self.rest.status = None
        self.run_for(70)
        self.assertEqual((self.client.status, self.sent()), ("online", [1, 2]))
        self.assertEqual(self.client.dropped, 0)

    def test_what_passes_drops_nothing(self):
        statuses = (408, 421, 425, 429, 500, 501, 502, 503, 504, 505, 511, 599)
        for status in statuses:
            self.rest.status = status
            self.device.temp = status
            self.run_for(5)
            self.assertEqual((self.client.status, self.client.pending), ("offline", 1))
            self.rest.status = None
            self.run_for(60)
            self.assertEqual((self.client.status, self.client.pending), ("online", 0))
        self.assertEqual(self.sent(), list(statuses))
        self.assertEqual(self.client.dropped, 0)

    def test_an_asset_deleted_on_the_platform_is_created_again(self):
        del self.rest.assets["temp"]
        self.device.temp = 5
        self.client.poll()
        self.assertEqual(self.sent(), [5])
        self.assertEqual((self.client.status, self.client.dropped), ("online", 0))

    def test_an_asset_that_stays_unknown_is_dropped_reported_and_blocks_nobody(self):
        self.client.publish_asset_state("D", "nope", 1)
        self.device.temp = 2
        self.client.poll()
        self.assertEqual((self.sent(), self.client.dropped), ([2], 1))
        self.assertTrue("'nope'" in self.client.last_error)

    def test_a_device_deleted_on_the_platform_is_a_refusal_and_its_values_wait(self):
        self.rest.statuses = {"/device/D/": 404}
        self.device.temp = 1
        self.run_for(50)
        self.assertEqual((self.client.status, self.client.pending), ("refused", 1))
        self.rest.statuses = {}
        self.run_for(100)
        self.assertEqual(self.sent(), [1])

    def test_of_two_devices_the_deleted_one_blocks_not_the_other(self):
        other = self.board("E")
        self.rest.statuses = {"/device/E/": 404}
        other.temp = 1
        self.device.temp = 2
        self.run_for(200)
        self.assertEqual((self.sent(), self.client.pending), ([2], 0))
        self.device.temp = 3
        self.client.poll()
        self.assertEqual(self.sent(), [2, 3])

    def test_an_assignment_in_the_middle_of_a_request_loses_nothing(self):
        """A button's interrupt: its handler runs between two statements of the library."""
        texts = ["x" * 2000] * 5

        def button(line):
            if texts:
                self.device.text = texts.pop()

        self.rest.on_request = button
        self.device.temp = 1
        self.run_for(1)
        self.assertEqual(self.sent()[0], 1)
        self.assertEqual(len(self.sent()) + self.client.dropped, 6)
        self.assertEqual(self.client.pending, 0)


if __name__ == "__main__":
    unittest.main()
