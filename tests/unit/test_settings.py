"""Settings of a board: what is accepted, what is refused in words, and that no secret is shown."""

import json
import os
import time
import unittest

from allthingstalk.board.settings import Settings, SettingsError, load

GOOD = {
    "token": "maker:s3cret",
    "device": "D1",
    "api": "http://h:8080",
    "mqtt": "mqtt://h:1884",
    "wifi": [["home", "passw0rd"], ["open", None]],
    "hostname": "meter",
    "timeout": 5,
}


class TestSettings(unittest.TestCase):
    def refused(self, *parts, **changes):
        values = GOOD.copy()
        for key in changes:
            values[key] = changes[key]
            if changes[key] is None:
                del values[key]
        try:
            Settings(values)
        except SettingsError as e:
            for part in parts:
                self.assertTrue(part in str(e), e)
            self.assertFalse("s3cret" in str(e) or "passw0rd" in str(e), e)
        else:
            self.fail(changes)

    def test_a_client_is_made_of_them(self):
        settings = Settings(GOOD)
        client = settings.client(keepalive=30, log=None)
        self.assertEqual((client.http, client.mqtt), ("http://h:8080", "mqtt://h:1884"))
        self.assertEqual(client.token, "maker:s3cret")
        self.assertEqual(settings.device, "D1")
        self.assertEqual(settings.networks, [("home", "passw0rd"), ("open", None)])

    def test_a_wifi_is_made_of_them(self):
        wifi = Settings(GOOD).wifi(log=None)
        self.assertEqual(wifi._networks, [("home", "passw0rd"), ("open", None)])

    def test_without_networks_the_network_is_the_programs_own(self):
        values = GOOD.copy()
        del values["wifi"]
        self.assertIsNone(Settings(values).wifi())

    def test_mqtt_can_be_off(self):
        values = GOOD.copy()
        values["mqtt"] = False
        self.assertIsNone(Settings(values).client(log=None).mqtt)

    def test_printing_shows_no_secret(self):
        for text in (repr(Settings(GOOD)), str(Settings(GOOD)), "%s" % Settings(GOOD)):
            self.assertFalse("s3cret" in text or "passw0rd" in text, text)
            for part in ("maker:***", "D1", "home", "meter"):
                self.assertTrue(part in text, text)

    def test_what_cannot_be_right_is_named(self):
        self.refused("no key 'tokn'", "token", tokn="x")
        self.refused("'token' is missing", "provision", token=None)
        self.refused("'device' is missing", device=None)
        self.refused("'token'", "blanks", token="maker:s3cret two")
        self.refused("'device'", "blanks", device="D 1")
        self.refused("is it the token", device="maker:s3cret")
        self.refused("'device' is empty; run make provision", device="")
        self.refused("'token' is empty; run make provision", token="")
        self.refused("'api' is empty; leave it out", api="")
        self.refused("'timeout' has the wrong type", timeout="5")
        self.refused("'timeout' has the wrong type", timeout=True)
        for wrong in ("home", {"home": "passw0rd"}, [["home"]], ["home", "passw0rd"]):
            self.refused("'wifi'", '[["name", "password"], ...]', "an open network", wifi=wrong)
        self.refused("country is two letters", country="Belgium")
        self.refused("address is", address=["192.168.1.5"])
        self.refused("mqtt is an endpoint", mqtt=True)

    def test_something_else_than_an_object(self):
        self.assertRaises(SettingsError, Settings, ["token"])


class TestLoad(unittest.TestCase):
    def setUp(self):
        self.path = "/tmp/allthingstalk-settings-%d" % time.time_ns()

    def tearDown(self):
        try:
            os.remove(self.path)
        except OSError:
            pass

    def load(self, text):
        with open(self.path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return load(self.path)

    def test_a_file_is_read(self):
        self.assertEqual(self.load(json.dumps(GOOD)).device, "D1")

    def test_as_editors_and_json_writers_write_it(self):
        text = '{"token":"maker:x","device":"D","wifi":[["%s","passw0rd"]]}'
        for name in ("caf\\u00e9 \\ud83d\\ude00", "café \U0001f600"):
            for mark in (b"", b"\xef\xbb\xbf"):
                settings = self.load(mark + (text % name).encode() + b"\r\n")
                self.assertEqual(settings.networks[0][0].encode(), "café \U0001f600".encode())

    def test_half_a_pair_of_escapes_is_refused(self):
        text = '{"token":"maker:s3cret","device":"D","wifi":[["\\ud83d","passw0rd"]]}'
        self.assertRaises(SettingsError, self.load, text)

    def test_a_missing_file_and_one_that_is_no_json_say_what_to_do(self):
        for text in (None, "", "{", '{"token": "maker:s3cret"'):
            try:
                load(self.path) if text is None else self.load(text)
            except SettingsError as e:
                self.assertTrue(self.path in str(e) and "make provision" in str(e), e)
                self.assertFalse("s3cret" in str(e), e)
            else:
                self.fail(text)


if __name__ == "__main__":
    unittest.main()
