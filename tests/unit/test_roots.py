"""Root certificates as boards, files and programs hold them: all are found, the rest is named."""

import os
import time
import unittest
from binascii import b2a_base64

import tls as engine
from allthingstalk import CertificateException
from allthingstalk.connect import roots
from own_client import raised


def der(n, fill):
    """Return an element of DER as a certificate is one, with `n` bytes in it (X.690, 8.1.3)."""
    size = bytes([n]) if n < 256 else bytes([n >> 8, n & 255]) if n < 65536 else b"\1\0\0"
    return b"0" + bytes([128 | len(size)]) + size + fill * n


ONE, TWO, THREE, FOUR = der(130, b"1"), der(300, b"2"), der(1000, b"0"), der(255, b"\xff")
ALL = [ONE, TWO, THREE, FOUR]


def pem(data, end=b"\n", label=b"CERTIFICATE"):
    """Return DER as PEM (RFC 7468)."""
    text = b2a_base64(data).strip()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    lines = [b"-----BEGIN " + label + b"-----"] + lines + [b"-----END " + label + b"-----", b""]
    return end.join(lines)


def refusal(ca):
    return str(raised(CertificateException, roots.roots, ca))


class TestDer(unittest.TestCase):
    def test_one_is_as_it_is(self):
        for each in ALL:
            self.assertEqual(roots.roots(each), [each])
        self.assertEqual(roots.roots(bytearray(ONE)), [ONE])

    def test_of_several_one_after_the_other_all_count(self):
        self.assertEqual(roots.roots(b"".join(ALL)), ALL)
        self.assertEqual(roots.roots(ONE + ONE), [ONE, ONE])

    def test_what_an_editor_adds_does_no_harm(self):
        for end in (b"\n", b"\r\n", b"\0", b"\x1a"):
            self.assertEqual(roots.roots(TWO + ONE + end), [TWO, ONE])

    def test_of_one_that_was_cut_off_the_rest_is_returned(self):
        for n in (1, 100, 128):
            self.assertEqual(roots.roots(TWO + ONE[:-n]), [TWO, ONE[:-n]])
        self.assertEqual(roots.roots(TWO + b"0\x82"), [TWO, b"0\x82"])

    def test_sizes_that_no_certificate_has(self):
        for head in (b"0\x84\xff\xff\xff\xff", b"0\xff" + b"\xff" * 127, b"0\x85" + bytes(5)):
            self.assertEqual(roots.roots(ONE + head + b"..."), [ONE, head + b"..."])
        for data in (
            b"",
            b"0",
            b"0\x05hello",
            b"\x31\x84\xff\xff\xff\xff",
            b"0\xff" + b"\xff" * 140,
        ):
            self.assertEqual(roots.roots(pem(data) + pem(ONE)), [data, ONE])


class TestPem(unittest.TestCase):
    def test_as_bytes_or_as_text(self):
        self.assertEqual(roots.roots(pem(ONE)), [ONE])
        self.assertEqual(roots.roots(pem(ONE).decode()), [ONE])

    def test_any_end_of_a_line(self):
        for end in (b"\n", b"\r\n", b"\r", b" ", b""):
            self.assertEqual(roots.roots(pem(ONE, end) + pem(TWO, end)), [ONE, TWO])

    def test_of_a_bundle_all_count(self):
        bundle = b"".join([pem(each) for each in ALL])
        self.assertEqual(roots.roots(bundle), ALL)
        self.assertEqual(roots.roots(bundle.decode()), ALL)
        self.assertEqual(roots.roots(bundle[:-1]), ALL)

    def test_what_stands_around_them_does_no_harm(self):
        for before in (
            b"# Subject: one\n",
            b"0 s:CN = one\n",
            b"\xef\xbb\xbf",
            b"\n\n",
            b"Bag Attributes: <none>\nsubject=CN = b\xc3\xa9\n",
            b"Certificate:\n    Data:\n        Version: 3 (0x2)\n",
        ):
            bundle = before + pem(ONE) + b"\n\n" + before + pem(TWO) + b"the end"
            self.assertEqual(roots.roots(bundle), [ONE, TWO])

    def test_the_names_that_openssl_gives_a_certificate(self):
        for label in (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"):
            self.assertEqual(roots.roots(pem(ONE, label=label) + pem(TWO)), [ONE, TWO])

    def test_of_a_trusted_certificate_the_settings_behind_it_are_left_out(self):
        both = ONE + b"0\x0c0\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"
        self.assertEqual(roots.roots(pem(both, label=b"TRUSTED CERTIFICATE")), [ONE])

    def test_other_things_do_not_count(self):
        for label in (
            b"EC PARAMETERS",
            b"PRIVATE KEY",
            b"RSA PRIVATE KEY",
            b"CERTIFICATE REQUEST",
            b"X509 CRL",
            b"PKCS7",
        ):
            other = pem(THREE, label=label)
            self.assertEqual(roots.roots(other + pem(ONE) + other + pem(TWO)), [ONE, TWO])
            text = refusal(other)
            self.assertTrue(label.decode() in text and "holds none" in text, text)

    def test_one_that_is_damaged_leaves_the_others(self):
        cut = pem(TWO)[:-40]  # its last line is missing
        for bad in (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", cut + b"\n"):
            found = roots.roots(pem(ONE) + bad + pem(THREE))
            self.assertEqual((found[0], found[-1], len(found)), (ONE, THREE, 3))

    def test_behind_der(self):
        self.assertEqual(roots.roots(ONE + pem(TWO)), [ONE, TWO])


class TestFiles(unittest.TestCase):
    def setUp(self):
        self.name = "/tmp/allthingstalk-roots-%d" % time.time_ns()
        self.own = roots.ROOTS

    def tearDown(self):
        roots.ROOTS = self.own
        try:
            os.remove(self.name)
        except OSError:
            pass

    def write(self, data):
        with open(self.name, "wb") as f:
            f.write(data)
        return self.name

    def test_of_any_form(self):
        for data, wanted in (
            (ONE, [ONE]),
            (ONE + TWO, [ONE, TWO]),
            (pem(TWO) + pem(ONE), [TWO, ONE]),
        ):
            self.assertEqual(roots.roots(self.write(data)), wanted)

    def test_one_that_is_not_there_is_named(self):
        self.assertTrue("/no/such.der" in refusal("/no/such.der"))

    def test_one_that_holds_none_is_named(self):
        utf_16 = b"".join([bytes([0, c]) for c in pem(ONE)])
        for data in (b"", b"rubbish", b"\n", utf_16, b"0", b"-----BEGIN ", b"-----BEGIN \xff-----"):
            self.assertTrue(self.name in refusal(self.write(data)))

    def test_without_any_given_those_of_the_board_first_found_wins(self):
        roots.ROOTS = ("/no/such.der", self.name)
        self.assertEqual(roots.roots(None), [])
        self.write(ONE + TWO)
        self.assertEqual(roots.roots(None), [ONE, TWO])

    def test_a_file_of_the_board_that_holds_none_is_named(self):
        roots.ROOTS = (self.write(b"rubbish"), "/no/such.der")
        self.assertTrue(self.name in refusal(None))


class TestSize(unittest.TestCase):
    def test_all_that_a_pc_trusts_is_too_much_for_a_board_and_not_for_a_pc(self):
        name = "/tmp/allthingstalk-bundle-%d" % time.time_ns()
        bundle = pem(THREE) * 140
        with open(name, "wb") as f:
            f.write(bundle)
        try:
            for ca in (name, bundle, bundle.decode(), THREE * 140):
                if hasattr(engine.SSLContext, "load_default_certs"):
                    self.assertEqual(len(roots.roots(ca)), 140)
                else:
                    text = refusal(ca)
                    self.assertTrue("too many for a board" in text, text)
                    self.assertEqual(name in text, ca == name)
        finally:
            os.remove(name)

    def test_a_dozen_is_not(self):
        self.assertEqual(roots.roots(pem(THREE) * 12), [THREE] * 12)


if __name__ == "__main__":
    unittest.main()
