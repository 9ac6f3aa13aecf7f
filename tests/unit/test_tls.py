"""The roots that a connection is verified with, and errors by which TLS refuses the peer."""

import os
import time
import unittest

from allthingstalk import CertificateException
from allthingstalk.connect import tls
from own_client import raised

ONE, TWO, THREE = b"\x30\x82" + b"1" * 200, b"\x30\x82" + b"2" * 48, b"\x30\x82" + b"3" * 1000


def pem(der, end=b"\n"):
    """Return DER as PEM (RFC 7468)."""
    from binascii import b2a_base64

    text = b2a_base64(der).strip()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    lines = [b"-----BEGIN CERTIFICATE-----"] + lines + [b"-----END CERTIFICATE-----", b""]
    return end.join(lines)


class TestRoots(unittest.TestCase):
    def test_der_is_one_root_as_it_is(self):
        self.assertEqual(tls.roots(ONE), [ONE])

    def test_pem_as_bytes_or_as_text(self):
        self.assertEqual(tls.roots(pem(ONE)), [ONE])
        self.assertEqual(tls.roots(pem(ONE).decode()), [ONE])
        self.assertEqual(tls.roots(pem(ONE, b"\r\n")), [ONE])

    def test_of_a_bundle_all_count(self):
        bundle = pem(ONE) + pem(TWO) + pem(THREE)
        self.assertEqual(tls.roots(bundle), [ONE, TWO, THREE])
        self.assertEqual(tls.roots(bundle.decode()), [ONE, TWO, THREE])

    def test_what_stands_around_them_does_no_harm(self):
        bundle = b"# Subject: one\n" + pem(ONE) + b"\n\nsomething else\n" + pem(TWO) + b"the end"
        self.assertEqual(tls.roots(bundle), [ONE, TWO])

    def test_a_file_of_either_form(self):
        name = "/tmp/allthingstalk-roots-%d" % time.time_ns()
        for data, wanted in ((ONE, [ONE]), (pem(TWO) + pem(ONE), [TWO, ONE])):
            with open(name, "wb") as f:
                f.write(data)
            try:
                self.assertEqual(tls.roots(name), wanted)
            finally:
                os.remove(name)

    def test_a_file_that_is_not_there_is_named(self):
        self.assertIn("/no/such.der", str(raised(CertificateException, tls.roots, "/no/such.der")))

    def test_without_any_given_those_of_the_board_first_found_wins(self):
        own = tls.ROOTS
        name = "/tmp/allthingstalk-board-%d" % time.time_ns()
        try:
            tls.ROOTS = ("/no/such.der", name)
            self.assertEqual(tls.roots(None), [])
            with open(name, "wb") as f:
                f.write(ONE)
            self.assertEqual(tls.roots(None), [ONE])
            os.remove(name)
        finally:
            tls.ROOTS = own


class TestRefused(unittest.TestCase):
    def test_a_certificate_that_cannot_be_verified(self):
        e = tls.refused(OSError(-0x2700, "X509"), "h")
        self.assertIs(type(e), CertificateException)
        self.assertEqual(e.errno, -0x2700)

    def test_a_wrong_host_name(self):
        self.assertIs(type(tls.refused(ValueError("invalid hostname"), "h")), CertificateException)

    def test_errors_of_the_network_are_none(self):
        for e in (OSError(104), OSError(110), OSError("odd")):
            self.assertIsNone(tls.refused(e, "h"))

    def test_without_a_clock_nothing_is_tried(self):
        own = tls.clock_is_set
        tls.clock_is_set = lambda: False
        try:
            self.assertIn("clock", str(raised(CertificateException, tls.wrap, None, "h", ONE)))
        finally:
            tls.clock_is_set = own


if __name__ == "__main__":
    unittest.main()
