"""The portal's server: heads and forms as browsers send them, and as nobody should."""

import unittest

from allthingstalk.portal.http import form, length, parsed

HEAD = (
    b"POST /?x=1 HTTP/1.1\r\nHost: 192.168.4.1\r\nORIGIN:http://192.168.4.1\r\n"
    b"User-Agent: Caf\xc3\xa9\r\nAccept: */*\r\nContent-Length: 12"
)


class TestHead(unittest.TestCase):
    def test_what_matters_is_read(self):
        method, path, fields = parsed(HEAD)
        self.assertEqual((method, path), ("POST", "/"))
        self.assertEqual(
            fields,
            {"host": "192.168.4.1", "origin": "http://192.168.4.1", "content-length": "12"},
        )
        self.assertEqual(length(fields), 12)
        self.assertEqual(length({}), 0)
        self.assertEqual(parsed(b"GET http://a.example/x HTTP/1.0")[1], "http://a.example/x")

    def test_what_is_no_http_is_refused(self):
        for head in (
            b"",
            b"\0",
            b"GET /",
            b"GET / HTTP/2",
            b"GET  / HTTP/1.1",
            b"GET x HTTP/1.1",
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",  # TLS
            b"GET / HTTP/1.1\r\nno field",
            b"GET / HTTP/1.1\r\nHost: a\r\nhost: b",
            b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1",
        ):
            self.assertRaises(ValueError, parsed, head)

    def test_a_body_says_how_long_it_is(self):
        for fields in (
            {"content-length": "-1"},
            {"content-length": "1e3"},
            {"content-length": ""},
            {"content-length": "9" * 20},
            {"content-length": "1, 1"},
            {"transfer-encoding": "chunked"},
        ):
            self.assertRaises(ValueError, length, fields)


class TestForm(unittest.TestCase):
    def test_as_browsers_send_it(self):
        self.assertEqual(form(b""), {})
        self.assertEqual(
            form(b"ssid=Caf%C3%A9+%26+%2B1&key=%20%25%3d&token=&other"),
            {"ssid": "Caf\xe9 & +1", "key": " %=", "token": "", "other": ""},
        )

    def test_what_no_page_of_ours_sends_is_refused(self):
        for body in (
            b"a=%",
            b"a=%4",
            b"a=%zz",
            b"a=%+1",
            b"a=%ff",
            b"a=\xff",
            b"a=%ed%a0%80",  # half of a surrogate pair
            b"a=%00",
            b"a=1&a=2",
            b"&".join([b"%d=" % n for n in range(13)]),
        ):
            self.assertRaises(ValueError, form, body)


if __name__ == "__main__":
    unittest.main()
