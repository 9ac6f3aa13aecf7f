"""Server certificates for the TLS front: a good one, and every kind that a client has to refuse.

trustme makes them; a self-signed one, which it does not make, comes from ``cryptography``, on which
trustme is built. Both are loaded only where TLS is asked for.
"""

import datetime
import ssl

KINDS = ("good", "expired", "not-yet-valid", "wrong-host", "self-signed", "other-ca")
WRONG_HOST = "wrong-host.invalid"
_DAY = datetime.timedelta(days=1)
_YEAR = 365 * _DAY


class Certificates:
    """Certificates of one root, made when they are asked for.

    Args:
        hosts: the names and addresses that clients use for the proxy; none for ``localhost`` and
            127.0.0.1.
    """

    def __init__(self, *hosts: str):
        import trustme

        self._hosts = hosts or ("localhost", "127.0.0.1")
        self._ca = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}

    @property
    def ca_pem(self) -> bytes:
        """The root that clients have to trust, as PEM."""
        return self._ca.cert_pem.bytes()

    def context(self, kind: str) -> ssl.SSLContext:
        """Return the server's side of TLS with a certificate of this kind.

        Raises:
            ValueError: the kind is not one of ``KINDS``.
        """
        if kind not in KINDS:
            raise ValueError(
                f"there is no certificate of the kind {kind}; there are: {', '.join(KINDS)}"
            )
        if kind not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._make(kind).configure_cert(context)
            self._contexts[kind] = context
        return self._contexts[kind]

    def _make(self, kind):
        import trustme

        now = datetime.datetime.now(datetime.timezone.utc)
        if kind == "expired":
            return self._ca.issue_cert(*self._hosts, not_before=now - _YEAR, not_after=now - _DAY)
        if kind == "not-yet-valid":
            return self._ca.issue_cert(*self._hosts, not_before=now + _DAY, not_after=now + _YEAR)
        if kind == "wrong-host":
            return self._ca.issue_cert(WRONG_HOST)
        if kind == "other-ca":
            return trustme.CA().issue_cert(*self._hosts)
        if kind == "self-signed":
            return trustme.LeafCert(*_self_signed(self._hosts, now), [])
        return self._ca.issue_cert(*self._hosts)


def _self_signed(hosts, now):
    """Return key and certificate, as PEM, of a server that vouches for itself."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def name_of(host):
        try:
            return x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            return x509.DNSName(host)

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, hosts[0])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _YEAR)
        .add_extension(x509.SubjectAlternativeName([name_of(host) for host in hosts]), False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return key_pem, certificate.public_bytes(serialization.Encoding.PEM)
