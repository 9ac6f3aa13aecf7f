"""What the API promises of lost links, waits and time, where no other test proves it."""

import sys
import unittest

from allthingstalk import AccessForbiddenException, timestamps
from allthingstalk.connect import recover
from contract import ContractTest

_DAY_S = 86400


class TestLosses(ContractTest):
    def test_a_command_that_came_with_the_end_of_the_link_is_heard(self):
        heard = []
        device = self.board()
        device.command.led(lambda device, value, at: heard.append(value))
        self.client.poll()
        self.arrive("led", b"true", qos=1)
        self.drop()
        self.client.poll()
        self.assertEqual(heard, [True])

    def test_a_loss_and_a_return_during_a_handler_are_both_told(self):
        events = []
        self.client.on_connect = lambda client: events.append("up")
        self.client.on_disconnect = lambda client, reason: events.append("down")
        device = self.board()

        def on_led(device, value, at):
            self.drop()
            self.client.wait(5)
            self.drop()
            self.client.wait(5)

        device.command.led(on_led)
        self.client.poll()
        self.arrive("led", b"true")
        self.client.poll()
        self.assertEqual(events, ["up", "down", "up", "down", "up"])

    def test_on_disconnect_may_connect_and_close(self):
        statuses = []
        device = self.board()
        self.client.on_disconnect = lambda client, reason: statuses.append(device.connect())
        self.drop()
        self.client.poll()
        self.assertEqual((statuses, self.client.status), ([True], "online"))
        self.client.on_disconnect = lambda client, reason: client.close()
        self.drop()
        self.run_for(100)
        self.assertEqual((self.client.status, self.client.errors), ("closed", 2))

    def test_a_handler_may_close(self):
        device = self.board()
        device.command.led(lambda device, value, at: self.client.close())
        self.client.poll()
        self.arrive("led", b"true")
        self.run_for(100)
        self.assertEqual((self.client.status, len(self.net.dials)), ("closed", 1))
        self.assertEqual(self.net.broker.log[-1], b"\xe0\x00")

    def test_after_a_drop_that_follows_an_acknowledged_publish_the_assets_are_looked_at(self):
        device = self.board()
        device.temp = 1
        self.client.poll()
        self.assertEqual(self.client.pending, 0)
        self.rest.log.clear()
        self.drop()
        self.client.poll()
        self.assertEqual(self.rest.log, ["GET /device/D/assets HTTP/1.1"])

    def test_a_drop_before_the_first_publish_does_not_ask_rest(self):
        self.board()
        self.rest.log.clear()
        for _ in range(3):
            self.run_for(6)
            self.drop()
        self.run_for(6)
        self.assertEqual(self.rest.log, [])

    def test_at_qos_0_a_deleted_asset_is_created_again(self):
        self.client = self.make(qos=0)
        device = self.board()
        self.run_for(6)
        del self.rest.assets["temp"]
        self.net.broker.drop_at = lambda packet: (
            b"/asset/temp/" in packet and "temp" not in self.rest.assets
        )
        device.temp = 1
        self.run_for(5)
        self.assertTrue("temp" in self.rest.assets)

    def test_after_close_a_connect_starts_with_short_waits(self):
        device = self.board()
        self.away()
        self.drop()
        self.run_for(600)
        self.away(False)
        self.run_for(100)
        self.client.close()
        self.away()
        self.assertFalse(device.connect())
        self.away(False)
        self.run_for(1)
        self.assertTrue(self.client.connected)

    def test_of_rest_and_mqtt_that_do_not_fit_both_mqtt_makes_room_and_comes_back(self):
        events = []
        self.client = self.make(keepalive=3600)
        self.client.on_connect = lambda client: events.append("up")
        self.client.on_disconnect = lambda client, reason: events.append("down")
        self.board()
        self.run_for(7 * _DAY_S, step_ms=600000)  # ticks half way round
        own, refused = self.net.dial, []

        def dial(endpoint, timeout_s, ca=None):
            if not refused:
                refused.append(endpoint)
                raise MemoryError()
            return own(endpoint, timeout_s, ca)

        self.net.dial = dial
        self.assertEqual(len(self.client.get_assets("D")), 3)
        self.run_for(1)
        self.assertEqual((self.client.status, self.client.errors), ("online", 0))
        self.assertEqual(events, ["up", "down", "up"])

    def test_retry_after_is_honoured_from_connect_on(self):
        self.rest.status, self.rest.extra = 503, b"Retry-After: 100\r\n"
        device = self.board(connect=False)
        self.assertFalse(device.connect())
        requests = len(self.rest.log)
        self.rest.status, self.rest.extra = None, b""
        self.run_for(95)
        self.assertEqual(len(self.rest.log), requests)
        self.run_for(10)
        self.assertTrue(self.client.connected)

    def test_a_retry_after_that_is_none_is_passed_over(self):
        for text in (b"soon", b"", b"-5", b"0", b"Wed, 21 Oct 2026 07:28:00 GMT", b"1.5"):
            self.setUp()
            self.rest.status, self.rest.extra = 503, b"Retry-After: " + text + b"\r\n"
            device = self.board(connect=False)
            self.assertFalse(device.connect())
            self.rest.status, self.rest.extra = None, b""
            self.run_for(2)
            self.assertTrue(self.client.connected, text)


class TestLongTimes(ContractTest):
    """Ticks wrap after 12.4 days and compare over half of that."""

    def test_a_program_that_never_polls_is_served_after_weeks_too(self):
        device = self.board()
        for day in range(20):
            self.net.advance(_DAY_S * 1000)
            device.temp = day
            self.drop()
            device.temp = day
            self.net.advance(10000)
            device.temp = day
            self.assertTrue(self.client.connected, day)

    def test_a_client_without_devices_that_idled_for_weeks_delivers_at_once(self):
        for _ in range(8):
            self.net.advance(_DAY_S * 1000)
            self.client.poll()
        self.client.publish_asset_state("D", "temp", 1)
        self.run_for(1)
        self.assertEqual(self.values(), [1])

    def test_a_session_of_weeks_is_no_short_one(self):
        losses = recover.fresh(0)
        lasted_ms = self.net.ticks_diff(self.net.ticks_add(0, 8 * _DAY_S * 1000), 0)
        for _ in range(10):
            self.assertEqual(recover.session_lost(losses, 0, lasted_ms, False), 0)

    def test_values_of_a_long_outage_carry_their_time(self):
        device = self.board()
        self.drop()
        self.away()
        self.client.poll()
        for day in range(15):
            device.temp = day
            self.run_for(_DAY_S, step_ms=_DAY_S * 250)
        own = timestamps.now_ms()
        self.away(False)
        self.run_for(1000, step_ms=10000)
        ats = []
        for _, payload, _ in self.net.broker.publishes():
            ats.append(timestamps.parse(str(payload, "utf-8").split('"')[5]))
        self.assertEqual(len(ats), 15)
        for day, at in enumerate(ats):
            self.assertTrue(abs(own - at - (15 - day) * _DAY_S * 1000) < 1100000, day)


class TestClock(ContractTest):
    class Time:
        def __init__(self, unix_s):
            self.unix_s = unix_s

        def time_ns(self):
            return (self.unix_s - timestamps.EPOCH_S) * 1000000000

    def with_clock(self, unix_s, call):
        own, timestamps.time = timestamps.time, self.Time(unix_s)
        try:
            return call()
        finally:
            timestamps.time = own

    def test_the_clock_counts_as_set_from_2024_on(self):
        for unix_s, is_set in ((0, False), (1704067199, False), (1704067200, True)):
            self.assertEqual(self.with_clock(unix_s, timestamps.clock_is_set), is_set)

    def late_value(self, unix_s):
        device = self.board()
        self.away()
        self.drop()
        self.client.poll()
        device.temp = 5
        self.run_for(100)
        self.away(False)
        self.with_clock(unix_s, lambda: self.run_for(100))
        return self.net.broker.publishes()[-1][1]

    def test_a_late_value_has_no_time_while_the_clock_is_not_set(self):
        self.assertEqual(self.late_value(1700000000), b'{"value":5}')

    def test_a_late_value_gets_its_time_from_a_clock_that_was_set_meanwhile(self):
        self.assertTrue(self.late_value(1800000000).startswith(b'{"value":5,"at":"2027-01-15T0'))


class TestWaiting(ContractTest):
    def took_ms(self, call):
        before = self.net.now_ms
        call()
        return self.net.now_ms - before

    def test_wait_takes_its_time_in_fractions_and_none_for_zero(self):
        self.board()
        for seconds, ms in ((0, 0), (0.25, 250), (0.001, 1), (3, 3000), (-1, 0)):
            self.assertEqual(self.took_ms(lambda seconds=seconds: self.client.wait(seconds)), ms)

    def test_wait_may_be_longer_than_ticks_count(self):
        own, self.net.sleep_ms = self.net.sleep_ms, lambda ms: self.net.advance(3600000)
        self.board()
        took_ms = self.took_ms(lambda: self.client.wait(20 * _DAY_S))
        self.net.sleep_ms = own
        self.assertTrue(0 <= took_ms - 20 * _DAY_S * 1000 <= 3600000, took_ms)

    def test_flush_of_zero_polls_once(self):
        device = self.board()
        self.assertTrue(self.client.flush(0))
        self.net.broker.acknowledges = False
        device.temp = 1
        self.assertEqual(self.took_ms(lambda: self.assertFalse(self.client.flush(0))), 0)

    def test_flush_ends_as_soon_as_everything_is_acknowledged(self):
        device = self.board()
        device.temp = 1
        self.assertEqual(self.took_ms(lambda: self.assertTrue(self.client.flush(60))), 0)


@unittest.skipUnless(sys.implementation.name == "cpython", "test_device_lifecycle proves it there")
class TestExit(ContractTest):
    def test_it_takes_about_a_second_once_even_if_connect_was_refused_before(self):
        import atexit

        hooks = []
        own, atexit.register = atexit.register, hooks.append
        try:
            self.rest.status = 403
            for _ in range(3):
                self.assertRaises(AccessForbiddenException, self.board)
            self.rest.status = None
            device = self.board()
        finally:
            atexit.register = own

        self.net.is_open = lambda raw: False  # the network swallows packets
        self.drop()
        device.temp = 1
        before = self.net.now_ms
        for hook in hooks:
            hook()
        self.assertEqual(len(hooks), 1)
        self.assertTrue(self.net.now_ms - before <= 1500, self.net.now_ms - before)


if __name__ == "__main__":
    unittest.main()
