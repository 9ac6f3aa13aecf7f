"""The outbox on flash: what a reset, a power cut at any moment, and damage leave of it."""

import gc
import json
import os
import random
import sys
import unittest

import loaded  # noqa: F401
from allthingstalk import timestamps
from allthingstalk.topics import head
from outbox_files import T0_MS, FileTest

TOO_SMALL = 700  # bytes for a hundred values


class TestRestart(FileTest):
    def test_what_puts_together_messages_of_several_is_loaded_before_an_interrupt_may_need_it(self):
        sys.modules.pop("allthingstalk.core.several", None)
        if hasattr(sys.modules["allthingstalk.core"], "several"):
            del sys.modules["allthingstalk.core"].several
        self.restart()
        self.assertTrue("allthingstalk.core.several" in sys.modules)

    def test_values_survive_a_reset_in_order_with_the_time_of_their_assignment(self):
        self.clock()
        board = self.offline_board()
        for n in range(5):
            board.temp = n
            self.net.advance(1000)
        self.restart()
        self.assertEqual(self.client.pending, 5)
        self.net.advance(3600000)
        self.assertEqual(
            self.deliver(),
            [{"value": n, "at": timestamps.iso(T0_MS + 1000 * n)} for n in range(5)],
        )
        self.assertEqual(self.restart().pending, 0)

    def test_values_of_several_assets_devices_and_kinds(self):
        board = self.offline_board()
        other = self.board(id="E")
        board.temp = 1.5
        other.temp = 2
        board.text = 'ein "Wort" für dich'
        other.led = True
        self.restart()
        self.board(id="E")  # other topic numbers than before
        self.away(False)
        self.assertTrue(self.client.flush(120))
        topics = [(str(p[0], "utf-8"), json.loads(p[1])) for p in self.net.broker.publishes()]
        self.assertEqual(
            [(t.split("/")[1], t.split("/")[3], m["value"]) for t, m in topics],
            [
                ("D", "temp", 1.5),
                ("E", "temp", 2),
                ("D", "text", 'ein "Wort" für dich'),
                ("E", "led", True),
            ],
        )

    def test_what_was_acknowledged_does_not_come_again_after_a_flush(self):
        board = self.board()
        for n in range(5):
            board.temp = n
        self.assertTrue(self.client.flush(10))
        self.assertEqual(self.restart().pending, 0)

    def test_without_a_device_the_values_go_as_well(self):
        self.offline_board().temp = 7
        self.restart()
        self.assertEqual(self.deliver()[0]["value"], 7)

    def test_a_state_with_a_time_of_its_own_keeps_it(self):
        from allthingstalk import AssetState

        self.offline_board().temp = AssetState(1, at="2026-01-02T03:04:05Z")
        self.restart()
        self.assertEqual(self.deliver(), [{"value": 1, "at": "2026-01-02T03:04:05Z"}])

    def test_a_clock_set_later_in_the_same_boot_tells_the_time_after_the_reset(self):
        self.clock(None)
        self.offline_board().temp = 1
        self.run_for(100)
        self.clock(100)  # T0 was 100 s ago, at the assignment
        self.run_for(2)
        self.restart()
        self.assertEqual(self.deliver(), [{"value": 1, "at": timestamps.iso(T0_MS)}])

    def test_a_clock_set_in_the_next_boot_tells_nothing_of_the_last(self):
        self.clock(None)
        self.offline_board().temp = 1
        self.restart()
        self.offline_board().temp = 2
        self.run_for(10)
        self.clock()
        self.run_for(2)
        self.restart()
        first, second = self.deliver()
        self.assertEqual(first, {"value": 1})
        self.assertEqual(second, {"value": 2, "at": timestamps.iso(T0_MS - 10000)})

    def test_only_the_latest_waits_where_so_declared(self):
        from allthingstalk import Device, NumberAsset

        class Meter(Device):
            level = NumberAsset(keep="latest")
            count = NumberAsset()

        self.away()
        meter = Meter(client=self.client, id="D")
        for n in range(4):
            meter.level = n
            meter.count = n
        self.restart()
        self.assertEqual(self.waiting(), ["0", "1", "2", "3", "3"])
        meter = Meter(client=self.client, id="D")
        meter.level = 9
        self.assertEqual(self.waiting(), ["0", "1", "2", "3", "9"])
        self.assertEqual(self.client.dropped, 0)

    def test_values_over_the_bound_go_oldest_first_and_are_counted(self):
        board = self.offline_board()
        for n in range(100):
            board.temp = n
        self.assertEqual(self.client.dropped, 0)
        self.size = TOO_SMALL
        self.restart()
        kept = self.waiting()
        self.assertEqual(kept, [str(n) for n in range(100 - len(kept), 100)])
        self.assertEqual(self.client.dropped, 100 - len(kept))
        self.restart()
        self.assertEqual(self.waiting(), kept)

    def test_the_bound_holds_on_flash_as_in_ram(self):
        self.size = TOO_SMALL
        self.restart()
        board = self.offline_board()
        for n in range(200):
            board.temp = n
        kept, dropped = self.waiting(), self.client.dropped
        self.assertEqual(len(kept) + dropped, 200)
        self.restart()
        self.assertEqual(self.waiting(), kept)
        self.assertEqual(self.client.dropped, 0)

    def test_values_of_a_device_that_has_no_id_yet_are_nobodys_after_a_reset(self):
        self.client.ground = "G"
        self.away()
        board = self.board(id=None)
        board.temp = 1
        self.assertEqual(self.client.pending, 1)
        self.restart()
        self.assertEqual(self.client.pending, 0)

    def test_a_device_that_gets_its_id_later_leaves_the_order_right(self):
        self.client.ground = "G"
        self.away()
        later = self.board(id=None)
        later.temp = 1
        other = self.board(id="E")
        other.temp = 2
        o, numbers = self.client.outbox, self.client.numbers
        numbers["D"] = numbers.pop(id(later))  # as when the platform answers
        topic = numbers["D"]["temp"]
        self.client.heads[topic] = head(self.client, "D", "temp")
        other.temp = 3
        self.assertTrue(o.find(topic))
        o.remove(o.at)
        o.store.push()
        self.restart()
        self.assertEqual(self.waiting(), ["2", "3"])


class TestAlways(FileTest):
    def test_each_value_is_in_the_file_before_the_assignment_returns(self):
        board = self.board()  # of the client that goes on, while others look at its file
        for n in range(20):
            board.temp = n
            self.restart()
            self.assertEqual(self.waiting()[-1], str(n))

    def test_the_file_stays_small_over_years_of_values(self):
        board = self.board()
        most = 0
        for n in range(400):
            board.temp = n
            self.client.poll()
            most = max(most, len(self.read()))
            self.assertEqual(len(self.values()), 1)
            self.net.broker.log.clear()
        self.assertTrue(0 < most < 4000, most)
        self.run_for(61)
        self.assertEqual(self.read(), b"")

    def test_a_full_flash_is_reported_once_and_loses_nothing_in_ram(self):
        self.path = "/tmp/no/such/folder/file"
        board = self.restart() and self.offline_board()
        self.reports.clear()
        for n in range(10):
            board.temp = n
        self.assertEqual(len([r for r in self.reports if "outbox file" in r]), 1)
        self.assertEqual([m["value"] for m in self.deliver()], list(range(10)))

    def test_after_a_failed_write_the_file_is_made_whole(self):
        self.path += "-folder/file"
        board = self.restart() and self.offline_board()
        board.temp = 1
        os.mkdir(self.path[:-5])
        try:
            board.temp = 2
            self.restart()
            self.assertEqual(self.waiting(), ["1", "2"])
        finally:
            os.remove(self.path)
            os.rmdir(self.path[:-5])


class TestSparing(FileTest):
    always = False

    def test_what_is_acknowledged_soon_never_touches_the_flash(self):
        board = self.board()
        for n in range(100):
            board.temp = n
            self.run_for(0.3)
        self.client.close()
        self.assertEqual(len(self.values()), 100)
        self.assertRaises(OSError, os.stat, self.path)

    def test_off_line_values_are_written_together_after_5_seconds(self):
        board = self.offline_board()
        for n in range(4):
            board.temp = n
            self.run_for(1)
        self.assertRaises(OSError, os.stat, self.path)
        self.run_for(3)
        self.restart()
        self.assertEqual(self.waiting(), ["0", "1", "2", "3"])

    def test_without_a_puback_they_are_written_too(self):
        board = self.board()
        self.net.broker.acknowledges = False
        board.temp = 1
        self.run_for(7)
        self.assertEqual(self.make(outbox=self.outbox()).pending, 1)

    def test_a_flush_that_fails_and_a_close_write_at_once(self):
        board = self.offline_board()
        board.temp = 1
        self.assertFalse(self.client.flush(0.5))
        self.assertEqual(self.make(outbox=self.outbox()).pending, 1)
        board.temp = 2
        self.client.close()
        self.assertEqual(self.make(outbox=self.outbox()).pending, 2)

    def test_a_write_that_fails_is_tried_again(self):
        self.path += "-later/file"
        board = self.restart() and self.offline_board()
        board.temp = 1
        self.run_for(10)
        os.mkdir(self.path[:-5])
        try:
            self.run_for(10)
            self.assertEqual(self.make(outbox=self.outbox()).pending, 1)
        finally:
            os.remove(self.path)
            os.rmdir(self.path[:-5])


class TestDamage(FileTest):
    def filled(self, count=12):
        board = self.offline_board()
        for n in range(count):
            board.temp = 100 + n
        return self.read(), [str(100 + n) for n in range(count)]

    def test_a_file_cut_at_any_byte_loses_at_most_the_record_being_written(self):
        whole, values = self.filled()
        record = len(whole) // len(values)
        for n in range(len(whole)):
            self.write(whole[:n])
            self.restart()
            self.assertEqual(self.waiting(), values[: n // record], n)

    def test_after_a_half_written_record_the_next_ones_are_kept(self):
        whole, values = self.filled(3)
        self.write(whole[:-5])
        self.restart()
        board = self.board()
        board.temp = 7
        self.restart()
        self.assertEqual(self.waiting(), values[:2] + ["7"])
        self.assertTrue("damaged" in "".join(self.reports))

    def test_any_damaged_byte_costs_its_record_and_no_other(self):
        whole, values = self.filled(5)
        record = len(whole) // len(values)
        for n in range(len(whole)):
            for flip in (0xFF, 0x01):
                self.write(whole[:n] + bytes([whole[n] ^ flip]) + whole[n + 1 :])
                self.restart()
                k = n // record
                self.assertEqual(self.waiting(), values[:k] + values[k + 1 :], n)

    def test_rubbish_is_no_file(self):
        random.seed(5)
        for n in range(20):
            self.write(bytes([random.getrandbits(8) for _ in range(n * 20)]))
            self.assertEqual(self.restart().pending, 0)

    def test_a_cut_between_writing_anew_and_replacing(self):
        whole, values = self.filled(4)
        os.remove(self.path)
        self.write(whole, self.path + ".new")  # FAT: the old file is gone already
        self.restart()
        self.assertEqual(self.waiting(), values)
        self.offline_board().temp = 7
        self.restart()
        self.assertEqual(self.waiting(), values + ["7"])

    def test_the_power_goes_twice_on_fat(self):
        whole, values = self.filled(4)
        os.remove(self.path)
        self.write(whole, self.path + ".new")
        self.restart()
        self.assertEqual(self.read(), whole)  # under its name before anything is written
        self.assertEqual(self.read(self.path + ".new"), b"")

    def test_a_half_written_new_file_beside_a_whole_one_is_passed_over(self):
        whole, values = self.filled(4)
        self.write(whole[:50], self.path + ".new")
        self.restart()
        self.assertEqual(self.waiting(), values)


class TestAnyMoment(FileTest):
    """The power goes after any operation: every value not acknowledged by then is there."""

    def test_random_use_with_resets_loses_nothing(self):
        for seed in range(6):
            random.seed(seed)
            self.tearDown()
            self.setUp()
            board = self.board()
            number = 0
            arrived = []  # in order of the first arrival
            for _ in range(100):
                what = random.getrandbits(4)
                if what < 7:
                    number += 1
                    board.temp = number
                elif what < 10:
                    self.run_for(random.getrandbits(3))
                elif what == 10:
                    self.drop()
                elif what == 11:
                    self.net.broker.acknowledges = random.getrandbits(1) == 1
                elif what == 12:
                    self.away(random.getrandbits(1) == 1)
                elif what == 13:
                    self.run_for(70)
                elif what == 14:
                    self.client.flush(1)
                else:
                    self.restart()
                    board = self.board()
                self.note(arrived)
            self.net.broker.acknowledges = True
            self.away(False)
            self.assertTrue(self.client.flush(2000), seed)
            self.note(arrived)
            self.assertEqual(arrived, list(range(1, number + 1)), seed)
            self.assertEqual(self.client.dropped, 0)

    def note(self, arrived):
        for value in self.values():
            if value not in arrived:
                arrived.append(value)
        self.net.broker.log.clear()
        self.net.rest.log.clear()
        gc.collect()


if __name__ == "__main__":
    unittest.main()
