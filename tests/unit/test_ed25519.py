"""Ed25519: the examples of RFC 8032, and what must not pass."""

import unittest
from binascii import unhexlify

from allthingstalk.release.ed25519 import verify

# RFC 8032, section 7.1, tests 1 to 3: public key, message, signature.
EXAMPLES = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
        "f9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
        "f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
        "4dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)
_ORDER = (1 << 252) + 27742317777372353535851937790883648493


def example(n):
    return [unhexlify(text) for text in EXAMPLES[n]]


class TestEd25519(unittest.TestCase):
    def test_the_examples_of_the_rfc_verify(self):
        for n in range(len(EXAMPLES)):
            self.assertTrue(verify(*example(n)))

    def test_a_bit_that_is_changed_anywhere_does_not(self):
        key, message, signature = example(2)
        for part, length in ((0, 32), (1, 2), (2, 64)):
            for n in range(0, 8 * length, 37):
                parts = [bytearray(key), bytearray(message), bytearray(signature)]
                parts[part][n // 8] ^= 1 << n % 8
                self.assertFalse(verify(*[bytes(p) for p in parts]), (part, n))

    def test_another_key_or_message_does_not(self):
        self.assertFalse(verify(example(0)[0], example(1)[1], example(1)[2]))
        self.assertFalse(verify(example(1)[0], b"\x73", example(1)[2]))

    def test_a_signature_has_one_form(self):
        key, message, signature = example(1)
        s = int.from_bytes(signature[32:], "little") + _ORDER  # the same, once around
        self.assertFalse(verify(key, message, signature[:32] + s.to_bytes(32, "little")))

    def test_what_has_another_length_or_is_no_point_does_not(self):
        key, message, signature = example(1)
        self.assertFalse(verify(key, message, signature[:63]))
        self.assertFalse(verify(key, message, signature + b"\0"))
        self.assertFalse(verify(key, message, b""))
        self.assertFalse(verify(key[:31], message, signature))
        self.assertFalse(verify(b"", message, signature))
        self.assertFalse(verify(b"\xff" * 32, message, signature))  # beyond the field
        self.assertFalse(verify(b"\2" + b"\0" * 31, message, signature))  # not on the curve
        self.assertFalse(verify(key, bytes(48), signature))  # more than one block of SHA-512

    def test_nothing_passes_for_zeros(self):
        key, message, _ = example(1)
        self.assertFalse(verify(key, message, bytes(64)))
