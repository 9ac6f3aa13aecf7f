"""The rest of the platform's API: states that were, states of a device, commands to others."""

import json
import sys
import unittest

from allthingstalk import (
    AccessForbiddenException,
    AssetState,
    NotFoundException,
    PlatformUnavailableException,
)
from contract import ContractTest
from own_client import raised

AT = "2026-01-02T03:04:%02dZ"


def page(*values):
    return json.dumps({"data": [{"at": AT % n, "data": n} for n in values]}).encode()


class TestHistory(ContractTest):
    def pages(self, *pages):
        """Have the platform answer with these pages, and an empty one at last."""
        self.rest.answers = {"page=%d " % n: pages[n] for n in range(len(pages))}
        self.rest.answers["page=%d " % len(pages)] = b'{"data":[]}'

    def asked(self):
        return [line.split(" ")[1] for line in self.rest.log if "/states" in line]

    def test_states_come_page_by_page_oldest_first(self):
        board = self.board()
        self.pages(page(1, 2, 3), page(4))
        states = list(board.history("temp"))
        self.assertEqual([state.value for state in states], [1, 2, 3, 4])
        self.assertEqual(states[3], AssetState(4, at=AT % 4))
        self.assertEqual(
            self.asked(), ["/device/D/asset/temp/states?page=%d" % n for n in range(3)]
        )

    def test_times_bound_it_in_any_form(self):
        self.pages()
        since = "2026-01-02T05:04:05+02:00"
        list(self.client.get_asset_states("D", "temp", since, (2026, 2, 1, 0, 0, 0, 0, 0)))
        self.assertEqual(
            self.asked(),
            [
                "/device/D/asset/temp/states?from=2026-01-02T03%3A04%3A05Z"
                "&to=2026-02-01T00%3A00%3A00Z&page=0"
            ],
        )
        raised(ValueError, self.client.get_asset_states, "D", "temp", "yesterday")
        raised(TypeError, self.client.get_asset_states, "D", "temp", until=[])

    def test_nothing_is_asked_before_it_is_run_and_an_end_closes_it(self):
        board = self.board()
        self.pages(page(*range(30)))
        states = board.history("temp")
        self.assertEqual(self.asked(), [])
        self.assertEqual(next(states).value, 0)
        states.close()
        self.assertEqual(len(self.asked()), 1)
        names = ("allthingstalk.rest", "allthingstalk.history")
        self.assertFalse([m for m in sys.modules if m.startswith(names[0]) or m in names])

    def test_the_client_works_on_while_it_is_read(self):
        board = self.board()
        self.pages(page(1, 2), page(3))
        for state in board.history("temp"):
            board.temp = 10 + state.value
            self.drop()
            self.run_for(1)
        self.assertEqual(sorted(set(self.values("temp"))), [11, 12, 13])

    def test_a_platform_that_knows_no_pages_does_not_go_on_for_ever(self):
        self.rest.answers = {"/states": page(1, 2)}
        states = self.client.get_asset_states("D", "temp")
        self.assertEqual([state.value for state in states], [1, 2])

    def test_one_that_cannot_be_read_is_skipped_and_reported(self):
        self.pages(b'{"data":[{"at":null,"data":1},{"x":2},5,{"at":"?","value":{"a":[1]}}]}')
        states = list(self.client.get_asset_states("D", "temp"))
        self.assertEqual([(s.value, s.at) for s in states], [(1, None), ({"a": [1]}, None)])
        self.assertEqual(self.client.errors, 1)

    def test_answers_that_are_cut_or_refused_are_said(self):
        for answer in (b'{"data":[{"at":null,"da', b"nothing"):
            self.rest.answers = {"/states": answer}
            states = self.client.get_asset_states("D", "temp")
            raised(PlatformUnavailableException, list, states)
        self.rest.answers, self.rest.statuses = {}, {"/states": 404}
        raised(NotFoundException, list, self.client.get_asset_states("D", "nothing"))

    def test_a_member_that_is_no_asset(self):
        self.assertIn("temp", str(raised(AttributeError, self.board().history, "tmp")))


class TestStates(ContractTest):
    def test_all_at_once(self):
        self.rest.answers = {
            "GET /device/E/state ": b'{"a":{"value":1,"at":"2026-01-02T03:04:05Z"},'
            b'"b":{"value":null},"c":null,"d":{"value":{"x":[]}}}'
        }
        self.assertEqual(
            self.client.get_states("E"),
            {"a": AssetState(1, at="2026-01-02T03:04:05Z"), "d": AssetState({"x": []})},
        )

    def test_what_is_no_such_answer(self):
        for answer in (b'["a"]', b'{"a":5}', b'{"a":"b"}'):
            self.rest.answers = {"GET /device/E/state ": answer}
            raised(PlatformUnavailableException, self.client.get_states, "E")
        self.rest.answers = {"GET /device/E/state ": b"{}"}
        self.assertEqual(self.client.get_states("E"), {})


class TestCommands(ContractTest):
    def test_to_another_device(self):
        self.rest.answers = {"PUT /device/E/asset/l%C3%A4mp/command": b'{"value":true}'}
        self.client.send_command("E", "lämp", True)
        self.assertIn("PUT /device/E/asset/l%C3%A4mp/command HTTP/1.1", self.rest.log)

    def test_what_cannot_be_sent_is_refused(self):
        raised(ValueError, self.client.send_command, "E", "lamp", float("nan"))
        raised(TypeError, self.client.send_command, "E", "lamp", object())
        raised(ValueError, self.client.send_command, "E", "lamp", "\ud83d")
        self.rest.statuses = {"/command": 403}
        raised(AccessForbiddenException, self.client.send_command, "E", "lamp", 1)


if __name__ == "__main__":
    unittest.main()
