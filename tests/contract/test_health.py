"""The health of a board as assets: chosen parts only, at the start and every so often."""

import gc
import json
import sys
import unittest

from allthingstalk import NumberAsset, health
from contract import Board, ContractTest
from own_client import raised


class Machine:
    PWRON_RESET, WDT_RESET, SOFT_RESET = 1, 3, 5
    cause = 3

    @classmethod
    def reset_cause(cls):
        return cls.cause


class Network:
    STA_IF = 0
    rssi = -60

    @classmethod
    def WLAN(cls, interface):
        return cls

    @classmethod
    def status(cls, what):
        if cls.rssi is None:
            raise OSError("not connected")
        return cls.rssi


class HealthTest(ContractTest):
    def setUp(self):
        super().setUp()
        self.modules = {name: sys.modules.get(name) for name in ("machine", "network")}
        sys.modules["machine"], sys.modules["network"] = Machine, Network
        Machine.cause, Network.rssi = 3, -60

    def tearDown(self):
        for name in self.modules:
            del sys.modules[name]
            if self.modules[name]:
                sys.modules[name] = self.modules[name]

    def watched(self, what=None, every=300):
        board = self.board()
        health.watch(board, every, *((what,) if what else ()))
        self.client.poll()
        return board

    def values(self, asset):
        """Return the values of an asset, which come with others in one message."""
        found = [json.loads(p[1]) for p in self.net.broker.publishes() if p[0] == b"device/D/state"]
        return [states[asset]["value"] for states in found if asset in states]


class TestParts(HealthTest):
    def test_assets_are_declared_for_what_is_chosen_alone(self):
        self.watched("signal uptime")
        created = [name for name in sorted(self.rest.assets) if "-" in name or name == "uptime"]
        self.assertEqual(created, ["uptime", "wifi-rssi", "wifi-signal"])

    def test_the_signal_in_dbm_and_in_the_words_of_the_arduino_sdk(self):
        self.watched("signal", every=1)
        for rssi, word in (
            (-54, "Excellent"),
            (-55, "Good"),
            (-69, "Good"),
            (-70, "Decent"),
            (-79, "Decent"),
            (-80, "Bad"),
            (-87, "Bad"),
            (-88, "Horrible"),
        ):
            Network.rssi = rssi
            self.run_for(1.1)
            self.assertEqual(self.values("wifi-rssi")[-1], rssi)
            self.assertEqual(self.values("wifi-signal")[-1], word)

    def test_a_network_that_tells_no_signal_is_no_error(self):
        Network.rssi = None
        self.watched("signal uptime")
        self.assertEqual((self.values("wifi-rssi"), len(self.values("uptime"))), ([], 1))
        self.assertEqual(self.client.errors, 0)

    def test_memory_and_uptime(self):
        self.watched("memory uptime", every=60)
        if hasattr(gc, "mem_free"):
            free, block = self.values("free-heap")[0], self.values("largest-block")[0]
            self.assertTrue(0 < block <= free)
        else:
            self.assertEqual(self.values("free-heap"), [])
        self.run_for(121, 500)
        self.assertEqual(self.values("uptime")[0], 0)
        self.assertEqual(len(self.values("uptime")), 3)

    def test_the_cause_of_the_reset_and_versions_once(self):
        self.watched("reset versions", every=1)
        self.run_for(5)
        self.assertEqual(self.values("reset-cause"), ["watchdog"])
        self.assertEqual(len(self.values("versions")), 1)
        self.assertIn("allthingstalk ", self.values("versions")[0])
        Machine.cause = 77
        self.client = self.make()
        self.watched("reset")
        self.assertEqual(self.values("reset-cause")[-1], "unknown, 77")

    def test_links_and_errors(self):
        self.watched("link errors", every=10)
        self.assertEqual(self.values("reconnects"), [0])
        self.assertEqual((self.values("errors"), self.values("last-error")), ([0], [""]))
        self.run_for(11)
        self.assertEqual(self.values("errors"), [0])  # nothing new
        self.drop()
        self.run_for(15)
        self.assertEqual(self.values("reconnects")[-1], 1)
        self.assertEqual(self.values("errors"), [0, 1])
        self.assertIn("closed the connection", self.values("last-error")[-1])
        self.assertFalse("secret" in str(self.net.broker.publishes()))

    def test_an_error_that_is_no_utf8_costs_no_report(self):
        try:
            half = str(b"\xed\xa0\xbd", "utf-8")  # MicroPython
        except UnicodeError:
            half = chr(0xD83D)
        self.client.report("half " + half)
        self.watched("errors uptime")
        self.assertEqual(self.values("last-error"), ["(its text is no UTF-8)"])
        self.assertEqual(len(self.values("uptime")), 1)

    def test_everything(self):
        self.watched()
        self.assertEqual(self.client.errors, 0)
        self.assertEqual(len(self.rest.assets), 3 + 11)


class TestWatch(HealthTest):
    def test_off_line_nothing_is_read_and_the_first_report_comes_with_the_link(self):
        self.away()
        self.watched("uptime")
        self.run_for(5)
        self.assertEqual((self.values("uptime"), self.client.pending), ([], 0))
        self.away(False)
        self.run_for(30)
        self.assertEqual(len(self.values("uptime")), 1)

    def test_assets_that_are_there_are_left_alone_and_refused_ones_reported(self):
        self.watched("uptime")
        posts = len([line for line in self.rest.log if line.startswith("POST")])
        self.client = self.make()
        self.watched("uptime")
        self.assertEqual(len([line for line in self.rest.log if line.startswith("POST")]), posts)
        self.rest.statuses = {"POST": 403}
        self.client = self.make()
        self.watched("memory")
        self.assertIn("health is not reported", self.client.last_error)
        self.assertTrue(self.client.connected)
        self.rest.statuses = {}
        self.run_for(310, 500)
        self.assertEqual("free-heap" in self.rest.assets, True)

    def test_what_looked_after_the_network_before_still_does(self):
        asked = []
        self.client.link_up = lambda: not asked.append(1)
        self.watched("uptime")
        self.assertTrue(asked and self.client.connected)
        self.client.link_up = None

    def test_a_program_that_is_started_again_is_watched_once(self):
        self.watched("uptime")
        link_up = self.client.link_up
        self.client.close()
        self.client.devices.clear()  # as board.run() does
        board = self.watched("uptime")
        self.assertIs(self.client.link_up, link_up)
        self.run_for(1)
        self.assertEqual(len(self.values("uptime")), 2)
        other = Board(client=self.client, id="E", connect=False)
        health.watch(other, what="uptime")
        self.assertFalse(self.client.link_up is link_up, "a second device is watched beside it")
        self.assertTrue(board.__started__)

    def test_nothing_of_it_stays_in_memory_but_the_watch(self):
        self.watched()
        self.assertFalse([m for m in sys.modules if m == "allthingstalk.readings"])

    def test_refused(self):
        board = self.board(connect=False)
        self.assertIn("uptime", str(raised(ValueError, health.watch, board, what="weather")))
        self.assertIn("every=0", str(raised(ValueError, health.watch, board, every=0)))
        raised(ValueError, health.watch, board, every=float("nan"))
        raised(ValueError, health.watch, board, what=["memory"])

        class Own(Board):
            up = NumberAsset(name="uptime")

        own = Own(client=self.client, id="D", connect=False)
        self.assertIn("'uptime' already", str(raised(ValueError, health.watch, own)))
        self.assertEqual(len(own.assets), 4)


if __name__ == "__main__":
    unittest.main()
