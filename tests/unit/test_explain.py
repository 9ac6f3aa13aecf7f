"""Errors in words."""

import sys
import unittest

from allthingstalk import PlatformUnavailableException, explain


class TestExplain(unittest.TestCase):
    def says(self, e, *words):
        text = explain.explain(e)
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
        class Board:
            platform = "esp32"

        own = explain.sys
        explain.sys = Board
        try:
            self.says(128, "not connected")
            self.says(113, "given up")
            self.says(111, "refused")
        finally:
            explain.sys = own
        self.assertIsNone(explain.explain(128) if sys.platform != "esp32" else None)

    def test_states_of_the_wifi(self):
        for status, word in (
            (202, "password"),
            (-3, "password"),
            (201, "2.4 GHz"),
            (3, "connected"),
        ):
            self.assertTrue(word in explain.explain_wifi(status))

    def test_what_nobody_knows(self):
        for e in (OSError(99999), OSError(-99999), OSError("odd"), ValueError("x"), OSError()):
            self.assertIsNone(explain.explain(e))
        self.assertIsNone(explain.explain_wifi(77))

    def test_every_line_of_the_tables_says_what_to_do(self):
        for table in (explain._NETWORK, explain._ESP32, explain._TLS):
            for line in table.strip().split("\n"):
                self.assertTrue(line.split(" ")[0].lstrip("-").isdigit(), line)
                self.assertTrue(";" in line or "in time" in line, line)


if __name__ == "__main__":
    unittest.main()
