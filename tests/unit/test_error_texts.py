"""Errors in words."""

import sys
import unittest

import micropython  # noqa: F401  - on CPython it gives `sys` what told() needs, as for a Client
from allthingstalk import PlatformUnavailableException
from allthingstalk.connect import error_texts, wifi_texts


class TestExplain(unittest.TestCase):
    def says(self, e, *words):
        text = error_texts.explain(e)
        for word in words:
            self.assertTrue(text and word in text, (e, text))

    def test_numbers_of_the_network(self):
        self.says(OSError(111), "refused", "endpoint")
        self.says(OSError(110), "no answer in time", "firewall")
        self.says(-202, "DNS", "Wi-Fi")
        self.says(12, "memory", ".mpy")

    def test_an_exception_of_this_library_is_asked_for_its_number(self):
        self.says(PlatformUnavailableException("x", errno=104), "cut the connection")

    def test_names_that_do_not_resolve(self):
        self.says(OSError("[addrinfo error -2]"), "does not resolve")
        self.says(OSError(-2), "does not resolve")

    def test_numbers_of_mbedtls(self):
        self.says(OSError(-0x2700), "clock", "ca=")
        self.says(OSError(-0x7200), "speaks no TLS")
        self.says(OSError(-0x7F00), "memory")

    def test_the_esp32_has_numbers_of_its_own(self):
        own = error_texts.IS_ESP32
        error_texts.IS_ESP32 = True
        try:
            self.says(128, "not connected")
            self.says(113, "given up")
            self.says(111, "refused")
        finally:
            error_texts.IS_ESP32 = own
        self.assertIsNone(error_texts.explain(128) if sys.platform != "esp32" else None)

    def test_states_of_the_wifi(self):
        for status, word in (
            (202, "password"),
            (-3, "password"),
            (201, "2.4 GHz"),
            (3, "connected"),
        ):
            self.assertTrue(word in wifi_texts.explain_wifi(status))

    def test_what_nobody_knows(self):
        for e in (OSError(99999), OSError(-99999), OSError("odd"), ValueError("x"), OSError()):
            self.assertIsNone(error_texts.explain(e))
        self.assertIsNone(wifi_texts.explain_wifi(77))

    def test_every_line_of_the_tables_says_what_to_do(self):
        for table in (error_texts._NETWORK, error_texts._ESP32, error_texts._TLS):
            for line in table.strip().split("\n"):
                self.assertTrue(line.split(" ")[0].lstrip("-").isdigit(), line)
                self.assertTrue(";" in line or "in time" in line, line)

    def test_in_words_it_keeps_what_the_error_says(self):
        self.assertIn("ECONNREFUSED", error_texts.in_words(OSError("ECONNREFUSED")))
        text = error_texts.in_words(OSError(111))
        self.assertTrue("111" in text and "refused" in text, text)

    def test_a_traceback_is_a_line_and_more_lines(self):
        try:
            {}["missing"]
        except KeyError as e:
            text, lines = error_texts.told(None, "what was done", e)
        self.assertTrue(text.startswith("what was done: KeyError: "), text)
        self.assertFalse("\n" in text)
        self.assertTrue(any("test_error_texts" in line for line in lines), lines)


if __name__ == "__main__":
    unittest.main()
