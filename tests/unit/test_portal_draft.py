"""What the portal makes of a form: checks, secrets that stay, and what is written to flash."""

import json
import os
import time
import unittest

from allthingstalk.portal import draft

FORM = {"ssid": "home", "key": "passw0rd", "device": " D1\n", "token": "maker:t", "api": "http://h"}
SAVED = {
    "device": "D0",
    "token": "maker:old",
    "wifi": [["home", "passw0rd"], ["garden", None]],
    "http": "http://rest",
    "mqtt": False,
    "keepalive": 30,
}
PEM = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"


def changed(**changes):
    form = FORM.copy()
    form.update(changes)
    return form


class TestDraft(unittest.TestCase):
    def setUp(self):
        self.path = "/tmp/allthingstalk-portal-%d" % time.time_ns()
        self.ca = draft._CA
        draft._CA = self.path + ".der"

    def tearDown(self):
        draft._CA = self.ca
        for end in ("", ".der", ".new"):
            try:
                os.remove(self.path + end)
            except OSError:
                pass

    def saved(self, values=SAVED):
        with open(self.path, "w") as f:
            f.write(json.dumps(values))
        return draft.Draft(self.path)

    def written(self):
        with open(self.path) as f:
            return json.loads(f.read())

    def test_an_empty_board(self):
        made = draft.Draft(self.path)
        self.assertEqual(set(made.fields.values()), {""})
        made.take(FORM)
        self.assertEqual(made.errors, {})
        expected = {
            "device": "D1",
            "token": "maker:t",
            "api": "http://h",
            "wifi": [["home", "passw0rd"]],
        }
        self.assertEqual(made.values(), expected)
        made.save()
        self.assertEqual(self.written(), expected)

    def test_a_file_that_is_damaged_or_invalid_counts_for_nothing(self):
        for text in ("", "{", "[]", '{"token": "t"}', json.dumps(changed(tokn="x"))):
            with open(self.path, "w") as f:
                f.write(text)
            self.assertEqual(set(draft.Draft(self.path).fields.values()), {""})

    def test_what_is_wrong_stands_beside_its_field_and_a_wrong_secret_is_forgotten(self):
        for field, text, words in (
            ("ssid", "", "It is a text of 1 to 32 bytes"),
            ("ssid", "x" * 33, "It is a text"),
            ("key", "short", "It is 8 to 63 characters"),
            ("device", " ", "missing"),
            ("device", "a:b", "is it the token?"),
            ("device", "a/b", "It has /, + or #"),
            ("token", "", "missing"),
            ("token", "a b", "It has blanks"),
            ("api", "ftp://h", "It is no endpoint"),
            ("mqtt", "http://h", "It is no endpoint"),
            ("ca", "rubbish", "No certificate"),
        ):
            made = draft.Draft(self.path)
            made.take(changed(**{field: text}))
            self.assertEqual(list(made.errors), [field])
            self.assertTrue(words in made.errors[field], made.errors)
            if field in draft.SECRETS:
                self.assertEqual(made.fields[field], "")

    def test_a_secret_that_is_left_empty_stays(self):
        made = draft.Draft(self.path)
        made.take(FORM)
        made.take(changed(key="", token=""))
        self.assertEqual((made.fields["key"], made.fields["token"]), ("passw0rd", "maker:t"))
        made.take(changed(key="", token="", ssid="guests"))  # another network: it is open
        self.assertEqual(made.values()["wifi"], [["guests", None]])

    def test_a_token_does_not_go_to_another_endpoint(self):
        for field in ("api", "mqtt"):
            made = draft.Draft(self.path)
            made.take(FORM)
            made.take(changed(token="", **{field: "evil.example"}))
            self.assertEqual(list(made.errors), ["token"])
            made.take(changed(token=""))  # nor is it there later
            self.assertEqual(list(made.errors), ["token"])

    def test_the_name_of_another_network_counts_where_none_is_chosen(self):
        made = draft.Draft(self.path)
        made.take(changed(ssid="", other=" attic "))
        self.assertEqual(made.fields["ssid"], " attic ")
        made.take(changed(other="attic"))
        self.assertEqual(made.fields["ssid"], "home")

    def test_what_else_a_board_knew_stays(self):
        made = self.saved()
        self.assertEqual(made.fields["mqtt"], "false")
        made.take({"ssid": "office", "device": "D0", "mqtt": "false"})
        self.assertEqual(made.errors, {})
        values = SAVED.copy()
        values["wifi"] = [["office", None]]
        self.assertEqual(made.values(), values)  # what is checked: the one that was chosen
        made.save()
        values["wifi"] = [["office", None]] + SAVED["wifi"]
        self.assertEqual(self.written(), values)

    def test_another_endpoint_leaves_nothing_of_the_old_one(self):
        made = self.saved()
        made.take(changed(mqtt=""))
        values = made.values()
        self.assertEqual(values["api"], "http://h")
        self.assertFalse("http" in values or "mqtt" in values)

    def test_a_root_certificate_goes_into_its_file(self):
        made = draft.Draft(self.path)
        made.take(changed(ca=PEM.replace("\n", "\r\n")))
        self.assertEqual(made.errors, {})
        self.assertTrue("BEGIN" in made.values()["ca"])
        made.save()
        self.assertFalse("ca" in self.written())
        with open(self.path + ".der", "rb") as f:
            self.assertEqual(f.read(), b"\x30\x03\x02\x01\x01")


if __name__ == "__main__":
    unittest.main()
