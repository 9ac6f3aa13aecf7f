"""What is over a limit is acknowledged, skipped without being held, reported; the link goes on."""

import unittest

from contract import ContractTest
from fake_net import message

COMMAND = b'{"value":true}'
TOO_LONG = "a topic over the limit"


class TestLimits(ContractTest):
    def setUp(self):
        super().setUp()
        self.heard = []
        self.device = self.board()
        self.device.command.led(lambda device, value, at: self.heard.append(value))
        self.run_for(1)
        self.net.broker.log.clear()

    def arrive_in_pieces(self, packet, size):
        """Let a packet and a good command after it come, so many bytes at a poll."""
        self.heard.clear()
        self.reports.clear()
        self.net.broker.log.clear()
        packet += message("device/D/asset/led/command", COMMAND)
        most = 0
        for i in range(0, len(packet), size):
            self.net.socket.inbound.extend(packet[i : i + size])
            self.client.poll()
            most = max(most, len(self.client.session.buffer))
        self.run_for(0.5)  # a poll takes 32 KiB at most
        self.assertEqual(self.heard, [True], size)
        self.assertTrue(self.client.connected)
        self.assertEqual(len(self.reports), 1, self.reports)
        self.assertTrue(most < 4096 + 512 + 16, most)
        return self.reports[0]

    def acknowledged(self):
        return [p[2] << 8 | p[3] for p in self.net.broker.of_kind(0x40)]

    def test_a_topic_over_the_limit(self):
        for length in (513, 700, 5000, 65535):
            for qos in (0, 1):
                packet = message("x" * length, b"{}", qos=qos, packet_id=0x1234)
                for size in (1, 7, 64, len(packet) + 99):
                    if size == 1 and length > 700:
                        continue
                    report = self.arrive_in_pieces(packet, size)
                    self.assertTrue(
                        "a topic of %d " % length in report or TOO_LONG in report, report
                    )
                    self.assertEqual(self.acknowledged(), [0x1234] * qos)

    def test_a_message_over_the_limit(self):
        for length in (4097, 20000):
            for qos in (0, 1):
                packet = message(
                    "device/D/asset/led/command", b"9" * length, qos=qos, packet_id=0x1234
                )
                for size in (1, 50, 1000, len(packet) + 99):
                    if size == 1 and length > 5000:
                        continue
                    report = self.arrive_in_pieces(packet, size)
                    self.assertTrue("asset/led/command" in report, report)
                    self.assertEqual(self.acknowledged(), [0x1234] * qos)

    def test_topic_and_message_over_the_limit(self):
        packet = message("y" * 600, b"9" * 9000, qos=1, packet_id=7)
        for size in (13, len(packet) + 99):
            self.arrive_in_pieces(packet, size)
            self.assertEqual(self.acknowledged(), [7])

    def test_a_topic_longer_than_its_packet_ends_the_link(self):
        self.net.socket.inbound.extend(b"\x30\x05\xff\xffabc")
        self.client.poll()
        self.assertTrue("may not come" in self.reports[0], self.reports)
        self.run_for(2)
        self.assertTrue(self.client.connected)
        self.net.socket.inbound.extend(b"\x32\x80\x80\x01\xff\xff" + b"z" * 100)
        self.client.poll()
        self.assertTrue("impossible length" in self.reports[1], self.reports)

    def test_what_stalls_behind_a_long_topic_is_a_dead_link(self):
        packet = message("x" * 600, b"{}", qos=1, packet_id=9)
        self.net.socket.inbound.extend(packet[: 2 + 1 + 2 + 600])  # all but id and payload
        self.run_for(15)
        self.assertTrue("stalled" in self.reports[0], self.reports)


if __name__ == "__main__":
    unittest.main()
