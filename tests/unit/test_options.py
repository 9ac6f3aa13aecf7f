"""The endpoint table, row by row, and what is refused."""

import unittest

from allthingstalk.connect.options import resolve
from own_client import raised

API = "api.allthingstalk.io"


class TestTable(unittest.TestCase):
    def check(self, wanted_rest, wanted_mqtt, api=API, http=None, mqtt=None):
        found = resolve(api, http, mqtt)
        self.assertEqual(found, (wanted_rest, wanted_mqtt))

    def test_the_default_is_the_platform_over_tls(self):
        self.check("https://%s:443" % API, "mqtts://%s:8883" % API)

    def test_api_host_means_tls_for_both(self):
        self.check("https://h:443", "mqtts://h:8883", "h")
        self.check("https://h:443", "mqtts://h:8883", "https://h")

    def test_api_port_is_for_rest_only(self):
        self.check("https://h:8443", "mqtts://h:8883", "h:8443")
        self.check("https://h:8443", "mqtts://h:8883", "https://h:8443")

    def test_api_http_is_plain_for_both(self):
        self.check("http://h:80", "mqtt://h:1883", "http://h")
        self.check("http://h:8080", "mqtt://h:1883", "http://h:8080")

    def test_http_is_for_rest_alone(self):
        self.check("https://r:443", "mqtts://h:8883", "h", http="r")
        self.check("https://r:8443", "mqtts://h:8883", "h", http="r:8443")
        self.check("https://r:8443", "mqtts://h:8883", "h", http="https://r:8443")
        self.check("http://r:80", "mqtts://h:8883", "h", http="http://r")
        self.check("http://r:8080", "mqtts://h:8883", "h", http="http://r:8080")
        self.check("https://r:443", "mqtt://h:1883", "http://h", http="r")

    def test_mqtt_host_means_tls(self):
        self.check("https://h:443", "mqtts://m:8883", "h", mqtt="m")
        self.check("https://h:443", "mqtts://m:8883", "h", mqtt="mqtts://m")
        self.check("https://h:443", "mqtts://m:9000", "h", mqtt="mqtts://m:9000")
        self.check("https://h:443", "mqtts://m:8883", "h", mqtt="m:8883")
        self.check("http://h:80", "mqtts://m:8883", "http://h", mqtt="m")

    def test_mqtt_with_another_port_or_scheme_is_plain(self):
        self.check("https://h:443", "mqtt://m:1883", "h", mqtt="m:1883")
        self.check("https://h:443", "mqtt://m:9000", "h", mqtt="m:9000")
        self.check("https://h:443", "mqtt://m:1883", "h", mqtt="mqtt://m")
        self.check("https://h:443", "mqtt://m:8883", "h", mqtt="mqtt://m:8883")

    def test_mqtt_false_switches_it_off(self):
        self.check("https://h:443", None, "h", mqtt=False)
        self.check("http://h:8080", None, "http://h:8080", mqtt=False)

    def test_ipv6_in_brackets(self):
        self.check("https://[::1]:443", "mqtts://[::1]:8883", "[::1]")
        self.check("http://[fe80::2]:8080", "mqtt://[fe80::2]:1883", "http://[fe80::2]:8080")
        self.check("https://h:443", "mqtt://[::1]:1884", "h", mqtt="[::1]:1884")

    def test_an_address_in_figures(self):
        self.check("http://127.0.0.1:8080", "mqtt://127.0.0.1:1883", "http://127.0.0.1:8080")

    def test_a_slash_at_the_end_and_capitals_in_the_scheme_do_no_harm(self):
        self.check("https://h:443", "mqtts://h:8883", "HTTPS://h/")


class TestRefusals(unittest.TestCase):
    BAD = (
        "",
        "http://",
        "https:///",
        ":8080",
        "h:",
        "h:0",
        "h:65536",
        "h:-1",
        "h:+1",
        "h:1e3",
        "h:x",
        "h:80:80",
        "::1",
        "[::1",
        "[]",
        "[]:80",
        "[::1]80",
        "[::1]:",
        "a[b",
        "a]",
        "h/path",
        "https://h/device",
        "h//",
        "h?x=1",
        "https://h?x",
        "h#x",
        "user@h",
        "https://user:word@h",
        "h h",
        " h",
        "h\n",
        "h\r\nX: y",
        "h\0",
        "hö",
        "ftp://h",
        "h://h",
        "http:/h",
        None,
        5,
        True,
        b"h",
        [],
    )

    def test_an_endpoint_that_cannot_be_read_is_refused_wherever_it_is_given(self):
        for bad in self.BAD:
            for given in ((bad, None, None), ("h", bad, None), ("h", None, bad)):
                if given != ("h", None, None):
                    try:
                        self.fail("taken: %r as %r" % (given, resolve(*given)))
                    except ValueError:
                        pass

    def test_a_scheme_of_the_other_kind_is_refused(self):
        raised(ValueError, resolve, "mqtt://h", None, None)
        raised(ValueError, resolve, "h", "mqtts://h", None)
        raised(ValueError, resolve, "h", None, "http://h")
        raised(ValueError, resolve, "h", None, "https://h")

    def test_the_text_names_the_keyword_and_what_can_be_given_and_repeats_no_secret(self):
        text = str(raised(ValueError, resolve, "h", None, "maker:secret"))
        for part in ("mqtt=", "mqtt://", "mqtts://", "host:port"):
            self.assertIn(part, text)
        self.assertFalse("secret" in text)

    def test_a_bad_api_is_refused_even_if_it_is_not_needed(self):
        raised(ValueError, resolve, "a b", "r", "m")


if __name__ == "__main__":
    unittest.main()
