"""Certificates that trustme does not make: roots that have ended, or share a name or a key."""

import datetime

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)
_SHA256 = hashes.SHA256()


class Authority:
    """A root certificate and its key.

    - `name`: its common name.
    - `days`: from when until when it is good, counted from now.
    - `key`: of another Authority, to make the same root with other dates, or of any kind.
    - `digest`: hashes for the signature, None where the kind of key has its own.
    """

    def __init__(self, name, days=(-1, 3650), key=None, digest=_SHA256):
        self._digest = digest
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self._now = datetime.datetime.now(datetime.timezone.utc)
        certificate = self._signed(self.name, self.key.public_key(), days, True)
        self.der = certificate.public_bytes(serialization.Encoding.DER)
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)

    def _signed(self, subject, key, days, is_authority, names=()):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now + days[0] * DAY)
            .not_valid_after(self._now + days[1] * DAY)
            .add_extension(x509.BasicConstraints(is_authority, None), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        return builder.sign(self.key, self._digest)

    def issue_cert(self, host):
        """Return the certificate of a server as trustme does."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        certificate = self._signed(subject, key.public_key(), (-1, 30), False, [x509.DNSName(host)])
        return trustme.LeafCert(
            key_pem(key), certificate.public_bytes(serialization.Encoding.PEM), []
        )


def key_pem(key):
    """Return a private key as PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
