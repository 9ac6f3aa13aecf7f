"""The doctor in virtual time: order, what is skipped, what is said of roots, Wi-Fi and address."""

import sys
import unittest
from binascii import a2b_base64

import network
from allthingstalk import clients, doctor, net, timestamps
from allthingstalk.board import safe_mode
from allthingstalk.board.wifi import WiFi
from allthingstalk.doctor import certificate
from fake_net import FakeNet

SECRETS = ("s3cretToken123", "passw0rd99")
GOOD = {
    "token": "maker:" + SECRETS[0],
    "device": "D1",
    "api": "http://127.0.0.1:8080",
    "mqtt": "mqtt://127.0.0.1:1883",
    "wifi": [["home", SECRETS[1]]],
}
STEPS = "settings Wi-Fi address DNS clock TCP TLS token device assets MQTT program".split()
# Self-signed certificates made for this test. Until 2049-12-31 the date has a year of two digits,
# from 2050 on one of four (RFC 5280, section 4.1.2.5).
ROOT_2049 = a2b_base64(
    "MIIBNDCB26ADAgECAgEHMAoGCCqGSM49BAMCMCQxCzAJBgNVBAYTAkJFMRUwEwYDVQQDDAxSb290IG9mIDIwNDkw"
    "HhcNMjAwMTAxMDAwMDAwWhcNNDkxMjMxMjM1OTU4WjAkMQswCQYDVQQGEwJCRTEVMBMGA1UEAwwMUm9vdCBvZiAy"
    "MDQ5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECIu5/yKrKRp0yG/Gd7qJe6re43DMYSm4LRcLo/wmQVxELamn"
    "FgZ5VtkeqgK5OtQJSQ6HzV51jqajMaHet1uoRjAKBggqhkjOPQQDAgNIADBFAiBJfR7nuNduAdJbMaffEx2Dm42d"
    "xHTqL7tlma6im7Xn9AIhALH1ddZafW8Mu7g5BdomphZ6qxYRp7QViFQ5yLbqRGmx"
)
ROOT_2050 = a2b_base64(  # without a common name, and with a letter beyond ASCII
    "MIIBODCB36ADAgECAgEHMAoGCCqGSM49BAMCMCUxCzAJBgNVBAYTAkJFMRYwFAYDVQQKDA1Sb290ICYgU8O2aG5l"
    "MCAXDTIwMDEwMTAwMDAwMFoYDzIwNTAwNjA3MDgwOTEwWjAlMQswCQYDVQQGEwJCRTEWMBQGA1UECgwNUm9vdCAm"
    "IFPDtmhuZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAiLuf8iqykadMhvxne6iXuq3uNwzGEpuC0XC6P8JkFc"
    "RC2ppxYGeVbZHqoCuTrUCUkOh81edY6mozGh3rdbqEYwCgYIKoZIzj0EAwIDSAAwRQIga2uE34Gn9fYvAmsLePqR"
    "TWG9W1o0vfsZKaJvW3KY4osCIQC+OUmYpTPvCdJm9FO054BN1KH8BV/GhpzSWS9eX9uYCg=="
)
_2026_MS = 1790000000000  # 2026-09-21


class TestCertificate(unittest.TestCase):
    def test_whose_it_is_and_until_when_it_is_good(self):
        name, end_ms = certificate.facts(ROOT_2049)
        self.assertEqual((name, timestamps.iso(end_ms)), ("Root of 2049", "2049-12-31T23:59:58Z"))

    def test_a_date_with_four_digits_of_the_year_and_an_organization(self):
        name, end_ms = certificate.facts(ROOT_2050)
        self.assertEqual(timestamps.iso(end_ms), "2050-06-07T08:09:10Z")
        self.assertEqual(name, "Root & S??hne")

    def test_a_year_of_two_digits_from_50_on_is_of_the_last_century(self):
        der = ROOT_2049.replace(b"491231", b"991231")
        self.assertEqual(timestamps.iso(certificate.facts(der)[1]), "1999-12-31T23:59:58Z")

    def test_what_is_no_certificate_is_a_value_error(self):
        junk = [b"", b"0", b"0\x03not", b"\x30\x82", b"\x30\x84\xff\xff\xff\xff" + bytes(9)]
        junk += [ROOT_2049[:n] for n in range(0, len(ROOT_2049), 7)]
        junk.append(ROOT_2049.replace(b"491231", b"4912xx"))
        for der in junk:
            self.assertRaises(ValueError, certificate.facts, der)


class TestRoot(unittest.TestCase):
    def setUp(self):
        self.now_ms = certificate.now_ms

    def tearDown(self):
        certificate.now_ms = self.now_ms

    def said(self, iso, ca=ROOT_2049):
        ms = timestamps.parse(iso)
        certificate.now_ms = lambda: ms
        try:
            return certificate.root_in_words(ca)
        except certificate.CertificateException as e:
            return "refused: %s" % e

    def test_its_days_are_counted(self):
        text = self.said("2049-06-01T00:00:00Z")
        self.assertTrue("Root of 2049 until 2049-12-31, 213 days" in text, text)
        self.assertFalse("make provision" in text, text)

    def test_one_that_ends_soon_is_worth_a_word(self):
        text = self.said("2049-12-01T00:00:00Z")
        self.assertTrue("30 days, so run make provision in time" in text, text)

    def test_all_are_named(self):
        text = self.said("2040-01-01T00:00:00Z", ROOT_2049 + ROOT_2050)
        self.assertTrue("Root of 2049 until 2049-12-31" in text, text)
        self.assertTrue("Root & S??hne until 2050-06-07" in text, text)
        self.assertFalse("make provision" in text, text)

    def test_of_several_each_that_ends_soon_or_is_of_no_use_is_worth_a_word(self):
        text = self.said("2049-12-01T00:00:00Z", ROOT_2049 + ROOT_2050)
        self.assertTrue(text.endswith("so run make provision in time"), text)
        text = self.said("2050-01-02T00:00:00Z", ROOT_2049 + ROOT_2050)
        self.assertTrue("Root & S??hne until 2050-06-07" in text, text)
        self.assertTrue("no use: Root of 2049 that is trusted here has expired on" in text, text)
        text = self.said("2040-01-01T00:00:00Z", ROOT_2049 + ROOT_2050[:-5])
        self.assertTrue("no use: certificate cannot be read: no certificate in DER" in text, text)

    def test_if_none_is_good_that_is_a_failure(self):
        for ca in (ROOT_2049 + ROOT_2050, ROOT_2050[:-5], ROOT_2049 + ROOT_2050[:-5]):
            text = self.said("2060-01-01T00:00:00Z", ca)
            self.assertTrue(text.startswith("refused: the root "), text)

    def test_one_that_has_ended_is_a_failure(self):
        self.assertTrue(self.said("2050-01-01T00:00:00Z").startswith("refused: the root Root of"))


class Visit(unittest.TestCase):
    """A doctor's visit in virtual time, with the stand-ins for network and platform."""

    def setUp(self):
        self.net = FakeNet()
        clients.Client.net = WiFi.net = self.net
        self.now_ms = timestamps.now_ms
        timestamps.now_ms = lambda: _2026_MS
        self.lines = []

    def tearDown(self):
        clients.Client.net = WiFi.net = net
        timestamps.now_ms = self.now_ms
        network.WLAN.connect = Connect

    def visit(self, answer=3, address=None, state=None, **changes):
        """Run it with a Wi-Fi that answers with a status, and perhaps has an odd address."""

        def connect(wlan, name, password):
            wlan.answer[name] = answer
            Connect(wlan, name, password)
            if address:
                wlan.ifconfig = lambda: address

        network.WLAN.connect = connect
        values = GOOD.copy()
        values.update(changes)
        number = doctor.run(values, state=state, log=self.lines.append)
        self.soon = [line for line in self.lines if line[0] == "."]
        self.lines = [line for line in self.lines if line[0] != "."]
        self.assertEqual([line[6:16].rstrip() for line in self.lines], STEPS)
        for line in self.lines:
            self.assertFalse("\n" in line, line)
            for secret in SECRETS:
                self.assertFalse(secret in line, line)
        return number

    def line(self, step):
        return self.lines[STEPS.index(step)]

    def marks(self):
        return "".join([line[0] for line in self.lines])


Connect = network.WLAN.connect


class TestVisit(Visit):
    def test_an_unknown_device_is_found_after_its_token(self):
        # The stand-in for REST knows no GET /device/D1: 404.
        self.assertEqual(self.visit(), 9)
        self.assertEqual(self.marks(), "oooooo\u2013oF\u2013\u2013o")
        self.assertTrue("skipped: device failed" in self.line("MQTT"))

    def test_a_wrong_token_stops_rest_and_mqtt(self):
        self.net.rest.status = 401
        self.assertEqual(self.visit(), 8)
        self.assertEqual(self.marks(), "oooooo\u2013F\u2013\u2013\u2013o")

    def test_settings_that_are_no_object(self):
        number = doctor.run(["token"], log=self.lines.append)
        self.assertEqual(number, 1)
        self.assertEqual(self.marks(), "F" + 10 * "\u2013" + "o")

    def test_a_wifi_that_answers_is_named_with_its_address(self):
        self.visit()
        self.assertTrue(self.line("Wi-Fi").endswith(" home"), self.line("Wi-Fi"))
        self.assertTrue("192.168.1.2, gateway 192.168.1.1" in self.line("address"))

    def test_a_wrong_password_of_the_wifi_is_said_once(self):
        start = self.net.now_ms
        self.assertEqual(self.visit(answer=-3), 2)
        self.assertEqual(self.line("Wi-Fi").count("wrong password"), 1)
        self.assertEqual(len(self.soon), 1)
        self.assertTrue("home: wrong password" in self.soon[0], self.soon)
        self.assertTrue(self.net.now_ms - start < 20000)
        self.assertEqual(self.marks(), "oF" + 9 * "\u2013" + "o")

    def test_a_wifi_without_an_address(self):
        self.assertEqual(self.visit(address=("0.0.0.0",) * 4), 3)
        self.assertTrue("DHCP" in self.line("address"), self.line("address"))
        self.assertEqual(self.marks(), "ooF" + 8 * "\u2013" + "o")

    def test_an_address_without_a_dns_server(self):
        address = ("192.168.1.5", "255.255.255.0", "192.168.1.1", "0.0.0.0")
        self.assertEqual(self.visit(address=address), 3)
        self.assertTrue("no DNS server" in self.line("address"), self.line("address"))

    def test_a_memory_that_is_full_is_a_failure_in_words(self):
        self.net.rest_fails = MemoryError("memory allocation failed")
        self.assertEqual(self.visit(), 6)
        self.assertTrue("too little memory" in self.line("TCP"), self.line("TCP"))

    def test_a_program_in_safe_mode_is_a_failure(self):
        safe_mode.PATH, kept = "crashes_of_test_doctor", safe_mode.PATH
        try:
            for number in (1, 2, 3):
                safe_mode.count(0)
                self.lines.clear()
                self.visit()
                self.assertTrue("%d " % number in self.line("program"), self.line("program"))
                self.assertEqual("safe mode" in self.line("program"), number == 3)
            self.assertTrue("make deploy" in self.line("program"))
        finally:
            safe_mode.forget()
            safe_mode.PATH = kept

    def test_its_modules_leave_the_memory(self):
        self.visit()
        for name in ("doctor.visit", "doctor.board_steps", "doctor.platform_steps", "rest.http"):
            self.assertFalse("allthingstalk." + name in sys.modules, name)
        self.assertTrue(hasattr(doctor, "STEPS"))
        self.assertFalse(hasattr(doctor, "visit"))


class HealthyRest:
    """Answers 200 to everything, with a list of no assets."""

    def received(self, sock, data):
        sock.inbound.extend(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        sock.ended = True


class TestMqtt(Visit):
    def setUp(self):
        super().setUp()
        self.net.rest = HealthyRest()

    def test_all_is_well_and_nothing_is_published(self):
        self.assertEqual(self.visit(), 0)
        self.assertEqual(self.marks(), "oooooo\u2013ooooo")
        broker = self.net.broker
        (connect,) = broker.of_kind(0x10)
        self.assertTrue(b"doctor" in connect)  # the running device keeps its own client id
        self.assertTrue(b"device/D1/asset/+/command" in broker.of_kind(0x80)[0])
        self.assertEqual(len(broker.of_kind(0xC0)), 1)
        self.assertEqual(broker.publishes(), [])
        self.assertEqual(len(broker.of_kind(0xE0)), 1)  # DISCONNECT

    def test_a_state_that_is_asked_for_is_published_once_without_a_time(self):
        self.assertEqual(self.visit(state=("temp", {"a": 1})), 0)
        ((topic, payload, _),) = self.net.broker.publishes()
        self.assertEqual(topic, b"device/D1/asset/temp/state")
        self.assertEqual(payload, b'{"value":{"a": 1}}')

    def test_a_ping_without_an_answer_ends_after_the_timeout(self):
        self.net.broker.answers_pings = False
        self.assertEqual(self.visit(timeout=7), 11)
        self.assertTrue("ping was not answered" in self.line("MQTT"), self.line("MQTT"))
        self.assertTrue(7000 <= self.net.now_ms < 9000, self.net.now_ms)

    def test_a_subscription_without_an_answer_ends_after_the_timeout(self):
        self.net.broker.answers_subscribes = False
        self.assertEqual(self.visit(timeout=7), 11)
        self.assertTrue("not acknowledged" in self.line("MQTT"), self.line("MQTT"))

    def test_a_refused_connect_names_its_code(self):
        self.net.broker.connack = b"\x20\x02\x00\x04"
        self.assertEqual(self.visit(), 11)
        self.assertTrue("CONNACK 4" in self.line("MQTT"), self.line("MQTT"))


if __name__ == "__main__":
    unittest.main()
