"""Roots that TLS is given, and errors by which it refuses the peer."""

import time
import unittest

import tls as engine
from allthingstalk import CertificateException, timestamps
from allthingstalk.connect import tls
from own_client import raised
from test_doctor import ROOT_2049, ROOT_2050

JUNK = b"0\x82\x01\x00" + bytes(256)  # a SEQUENCE that is no certificate


class Time:
    """The module `time` of a board that shows another time, in its own epoch."""

    def __init__(self, s):
        self.s = s

    def time(self):
        return self.s

    def gmtime(self, s):
        return time.gmtime(s)


class TestTrust(unittest.TestCase):
    def trust(self, ca):
        context = engine.SSLContext(engine.PROTOCOL_TLS_CLIENT)
        context.verify_mode = engine.CERT_REQUIRED
        return tls._trust(context, ca)

    def test_each_root_is_loaded(self):
        for ca in (ROOT_2049, ROOT_2049 + ROOT_2050, ROOT_2050 + ROOT_2049 + ROOT_2050):
            self.assertTrue(self.trust(ca))

    def test_one_that_cannot_be_read_leaves_the_others(self):
        for ca in (
            JUNK + ROOT_2049,
            ROOT_2049 + JUNK,
            ROOT_2049 + ROOT_2050[:-9],
            JUNK + ROOT_2050,
        ):
            self.assertTrue(self.trust(ca))

    def test_if_none_can_be_read_that_is_said(self):
        for ca in (JUNK, JUNK + JUNK, ROOT_2049[:-9], b"-----BEGIN CERTIFICATE-----\n!\n-----END"):
            text = str(raised(CertificateException, self.trust, ca))
            self.assertTrue("root certificate cannot be read" in text, text)


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
        own = tls.time
        try:
            for unix_s in (0, 1704067199, 1704067200, 1 << 32):
                tls.time = Time(unix_s - timestamps.EPOCH_S)
                text = str(raised(CertificateException, tls.wrap, None, "h", JUNK[:9]))
                self.assertEqual("clock" in text, not timestamps.is_set(unix_s * 1000), text)
        finally:
            tls.time = own


if __name__ == "__main__":
    unittest.main()
