"""Settings of a board: what is accepted, what is refused in words, and that no secret is shown."""

import json
import os
import time
import unittest

import network
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


def changed(**changes):
    """Return the good settings with changes."""
    values = GOOD.copy()
    values.update(changes)
    return Settings(values)


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

    def test_what_a_board_cannot_use_is_refused_here_and_not_later(self):
        for wrong in (1, None, {}, "", "pool ntp", "h:", "h:x", "h:0", ":123", "h:65536"):
            self.refused("time_servers: each is a name", time_servers=["a.example", wrong])
        for wrong in ("n" * 33, "at home", "k\u00fcche", "a\nb"):
            self.refused("hostname is 1 to 32", hostname=wrong)
        for wrong in ("B", "B1", "\u00e4\u00f6", "BEL"):
            self.refused("country is two letters", country=wrong)
        good = ["192.168.1.5", "255.255.255.0", "192.168.1.1", "1.1.1.1"]
        for wrong in (
            5,
            None,
            "",
            "192.168.1",
            "192.168.1.256",
            "1.2.3.4.5",
            "a.b.c.d",
            " 1.2.3.4",
        ):
            self.refused("address: each of its four", address=good[:3] + [wrong])
        for wrong in ("D/1", "D+", "#"):
            self.refused("'device' has /, + or #", device=wrong)
        self.refused("'device' has blanks", device="D\u00e9")
        self.refused("'ground' has blanks", ground="G 1")

    def test_a_country_in_small_letters_is_meant(self):
        self.assertEqual(changed(country="be").wifi(log=None) and network.said["country"], "BE")

    def test_networks_that_cannot_be_are_numbered_and_their_secrets_not_shown(self):
        good = ["home", "passw0rd"]
        for wrong in ([7, "passw0rd"], ["", "passw0rd"], ["n" * 33, "passw0rd"], ["a\0", None]):
            self.refused("network 2: its name is", wifi=[good, wrong])
        for wrong in ("passw0r", "s3cret-" * 9 + "4", 12345678, "passw0rd\n", "passw\u00f6rd"):
            self.refused("network 2: its password is 8 to 63", wifi=[good, ["home", wrong]])
        self.refused("its password is", "64 hex digits", wifi=[["home", "0" * 63 + "g"]])
        self.refused("'wifi'", wifi=[good, 7])

    def test_passwords_of_the_shortest_and_longest_and_keys_are_taken(self):
        for password in ("p" * 8, "p" * 63, "0123456789abcdefABCDEF" + "0" * 42, " ~ ~ ~ ~"):
            self.assertEqual(changed(wifi=[["n" * 32, password]]).networks[0][1], password)

    def test_an_open_network_has_no_password_or_an_empty_one(self):
        for nothing in ("", None):
            self.assertEqual(changed(wifi=[["guest", nothing]]).networks, [("guest", None)])

    def test_wpa2_enterprise_is_refused_in_a_sentence(self):
        entry = {"ssid": "eduroam", "identity": "me", "username": "me", "password": "passw0rd"}
        for wrong in (entry, ["eduroam", "me", "passw0rd"], ["eduroam", "passw0rd", {"eap": 1}]):
            self.refused("WPA2-Enterprise", "pre-shared key", wifi=[wrong])
        for key in ("identity", "wifi_username", "EAP", "eap_method", "phase2"):
            self.refused(key, "WPA2-Enterprise", **{key: "passw0rd"})

    def test_a_token_in_the_place_of_a_key_is_not_shown(self):
        self.refused("no key '***'", **{"maker:s3cret": "token"})

    def test_times_that_are_no_time_are_refused(self):
        for text in ("nan", "inf", "-inf"):
            for key in ("timeout", "keepalive"):
                settings = changed(**{key: float(text)})
                self.assertRaises(ValueError, settings.client, log=None)

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
