"""Lines of the API that no other test proves: reports, status, outbox, keepalive."""

import sys
import unittest

from allthingstalk import AssetState, Outbox
from contract import Board, ContractTest


class TestReports(ContractTest):
    def test_one_line_each_and_never_the_token(self):
        device = self.board()

        def on_led(device, value, at):
            raise ValueError("first\nsecond maker:secret")

        device.command.led(on_led)
        self.client.poll()
        self.arrive("led", b"true")
        self.client.poll()
        self.assertEqual(self.client.errors, 1)
        self.assertTrue("first second ***" in self.client.last_error, self.client.last_error)
        for line in self.reports:
            self.assertFalse("\n" in line or "secret" in line, line)

    def test_a_log_that_raises_stops_nothing(self):
        def log(text):
            raise OSError(28)  # a file on a full flash

        self.client.log = log
        device = self.board()
        self.run_for(6)
        self.drop()
        self.assertTrue(self.client.poll())
        device.command.led(lambda device, value, at: 1 // 0)
        self.client.poll()
        self.arrive("led", b"true")
        self.client.poll()
        self.assertEqual(self.client.errors, 2)

    def test_a_log_that_publishes_is_no_loop(self):
        device = self.board()

        def log(text):
            device.text = text[:20]

        self.client.log = log
        self.run_for(6)
        self.drop()
        self.run_for(2)
        self.assertEqual(self.values(), ["allthingstalk: mqtt:"])
        self.assertEqual((self.client.errors, self.client.pending), (1, 0))

    def test_none_is_silence_and_errors_count_all_the_same(self):
        self.client.log = None
        self.board()
        self.drop()
        self.client.poll()
        self.assertEqual((self.client.errors, self.reports), (1, []))

    def test_an_on_message_of_the_programs_own_may_raise(self):
        class Own(Board):
            def on_message(self, stream, asset_name, payload):
                raise KeyError(asset_name)

        device = Own(client=self.client, id="D")
        device.command.led(lambda device, value, at: None)
        self.client.poll()
        self.arrive("led", b"true")
        self.assertTrue(self.client.poll())
        self.assertTrue("KeyError" in self.client.last_error)


class TestStatus(ContractTest):
    def test_each_of_them(self):
        statuses = []
        self.rest.on_request = lambda line: statuses.append(self.client.status)
        self.assertEqual(self.client.status, "offline")
        self.board()
        self.assertEqual(statuses, ["connecting"] * 4)
        self.assertEqual((self.client.status, self.client.connected), ("online", True))
        self.away()
        self.drop()
        self.client.poll()
        self.assertEqual((self.client.status, self.client.connected), ("offline", False))
        self.client.close()
        self.assertEqual((self.client.status, self.client.connected), ("closed", False))


class TestTimer(ContractTest):
    def setUp(self):
        super().setUp()
        timers = self.timers = []

        class Machine:
            class Timer:
                PERIODIC = 1

                def __init__(self, id):
                    self.running = False
                    timers.append(self)

                def init(self, **kwargs):
                    self.running = True

                def deinit(self):
                    self.running = False

        self.own = sys.modules.get("machine")
        sys.modules["machine"] = Machine

    def tearDown(self):
        if self.own:
            sys.modules["machine"] = self.own
        else:
            del sys.modules["machine"]

    def test_one_runs_however_often_it_is_started_and_none_after_close(self):
        self.client.start()
        self.client.start(50)
        self.assertEqual([timer.running for timer in self.timers], [False, True])
        self.client.close()
        self.assertEqual([timer.running for timer in self.timers], [False, False])

    def test_where_there_is_none_start_says_what_to_do(self):
        sys.modules["machine"] = object()
        self.assertRaises(NotImplementedError, self.client.start)


class TestOutbox(ContractTest):
    def test_a_value_larger_than_the_outbox_is_reported_and_counted(self):
        device = self.board()
        device.text = "x" * 9000
        self.assertEqual((self.client.dropped, self.client.errors), (1, 1))
        self.assertTrue("larger than the outbox" in self.client.last_error)
        self.assertTrue("/text/" in self.client.last_error)

    def test_no_value_is_larger_than_64_kib_whatever_the_bound(self):
        self.client = self.make(outbox=Outbox(size=200000))
        device = self.board()
        device.text = "x" * 70000
        device.temp = 1
        self.run_for(1)
        self.assertEqual((self.values(), self.client.dropped), ([1], 1))

    def test_a_state_keeps_the_time_it_was_given(self):
        device = self.board()
        device.temp = AssetState(5, at="2026-01-02T03:04:05+02:00")
        self.client.publish_asset_state("D", "temp", AssetState(6))
        self.assertEqual(
            [p[1] for p in self.net.broker.publishes()],
            [b'{"value":5,"at":"2026-01-02T01:04:05Z"}', b'{"value":6}'],
        )

    def test_a_name_that_cannot_be_part_of_a_topic_is_refused_at_the_low_level_too(self):
        self.board()
        for name in ("", "two words", "a/b", "a+", "#", None):
            self.assertRaises(ValueError, self.client.publish_asset_state, "D", name, 1)
        self.assertEqual(self.client.pending, 0)

    def test_packet_ids_wrap_at_16_bits_and_are_never_0(self):
        device = self.board()
        self.client.session.packet_id = 65530
        for i in range(20):
            device.temp = i
        self.client.poll()
        ids = [p[29] << 8 | p[30] for p in self.net.broker.of_kind(0x30)]
        self.assertEqual(ids, [65531, 65532, 65533, 65534, 65535] + list(range(1, 16)))
        self.assertEqual((self.values(), self.client.pending), (list(range(20)), 0))

    def test_what_an_interrupt_assigns_during_a_connect_is_not_lost(self):
        device = self.board()
        self.run_for(6)
        self.drop()

        def dial(endpoint, timeout_s, ca=None):
            for i in range(100):
                device.temp = i
            raise OSError(113)

        own, self.net.dial = self.net.dial, dial
        self.client.poll()
        self.net.dial = own
        self.run_for(5)
        self.assertEqual(self.values(), list(range(100)))
        self.assertEqual((self.client.dropped, self.client.pending), (0, 0))

    def test_what_an_interrupt_assigns_while_the_outbox_is_in_use_is_bounded_and_counted(self):
        device = self.board()
        values = list(range(100))

        def interrupt():
            while values:
                device.temp = values.pop(0)

        self.net.on_write = interrupt
        device.text = "x"
        self.run_for(5)
        self.assertEqual(self.values("temp"), list(range(36, 100)))
        self.assertEqual((self.client.dropped, self.client.pending), (36, 0))

    def test_a_handlers_assignments_are_written_when_it_is_done(self):
        writes = []
        device = self.board()

        def on_led(device, value, at):
            device.temp = 1
            writes.append(len(self.values()))

        device.command.led(on_led)
        self.client.poll()
        self.arrive("led", b"true")
        self.client.poll()
        self.assertEqual((writes, self.values()), ([0], [1]))


class TestKeepalive(ContractTest):
    def packet(self, **kwargs):
        self.client = self.make(**kwargs)
        self.board()
        return self.net.broker.log[-1]

    def test_it_goes_into_connect_in_whole_seconds(self):
        for given, sent in ((60, 60), (0, 0), (65535, 65535), (30.0, 30)):
            packet = self.packet(keepalive=given)
            self.assertEqual(packet[10] << 8 | packet[11], sent)

    def test_with_0_nothing_is_pinged(self):
        self.packet(keepalive=0)
        self.run_for(1000, step_ms=1000)
        self.assertEqual(self.net.broker.of_kind(0xC0), [])
        self.assertTrue(self.client.connected)


if __name__ == "__main__":
    unittest.main()
