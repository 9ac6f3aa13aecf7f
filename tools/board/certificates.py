"""Reads files of root certificates as people have them, and makes of them what a board holds.

PEM of any kind with any text around, from any editor; DER, one or several; PKCS 7 (.p7b). What a
board trusts is read by the code that the board runs. Nothing is left out in silence.
"""

import datetime
import re
import ssl

from tools.build import library

library.use(engines_too=True)

from allthingstalk.connect.roots import roots as split  # noqa: E402
from allthingstalk.exceptions import CertificateException  # noqa: E402

# Of all roots of a board, as DER. mbedTLS needs as much again, next to the handshake's 40 KiB.
MOST_BYTES = 16 * 1024
_UNKNOWN = "its kind of key or signature is none that MicroPython's TLS reads"


class RootError(Exception):
    """Roots cannot be had; the text says why and what to do."""


class Root:
    """A certificate: `der`, its `name` for people, until when it is good, whether it is a root."""

    def __init__(self, der):
        from cryptography import x509

        self.der = bytes(der)
        certificate = x509.load_der_x509_certificate(self.der)
        self.name = certificate.subject.rfc4514_string()
        # `not_valid_after_utc` is not in the cryptography of older systems.
        self.until = getattr(certificate, "not_valid_after_utc", None) or (
            certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)
        )
        self.ends_itself = certificate.subject == certificate.issuer
        try:
            constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
            self.is_authority = constraints.value.ca
        except (x509.ExtensionNotFound, ValueError):  # version 1, or extensions nobody knows
            self.is_authority = self.ends_itself and certificate.version == x509.Version.v1
        self.is_known_to_boards = _is_known_to_boards(certificate)

    @property
    def pem(self):
        """The same as PEM text."""
        return ssl.DER_cert_to_PEM_cert(self.der)

    @property
    def has_expired(self):
        return self.until < datetime.datetime.now(datetime.timezone.utc)

    def __str__(self):
        return f"{self.name}, good until {self.until:%Y-%m-%d}"


def _is_known_to_boards(certificate):
    """Return whether MicroPython's mbedTLS reads keys and signatures of this kind: tried on 1.28.

    It reads no Ed25519, Ed448, DSA, RSA-PSS, SHA-3 and Brainpool curves.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import SignatureAlgorithmOID

    try:
        key, digest = certificate.public_key(), certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return False
    if digest is None or digest.name.startswith("sha3-"):
        return False
    if certificate.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        return False
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.name.startswith("secp")
    return isinstance(key, rsa.RSAPublicKey)


def as_der(roots):
    """Return roots as the bytes of /ca.der: DER, one after the other. Raises RootError."""
    for root in roots:
        if not root.is_known_to_boards:
            raise RootError(f"no board can use the root {root.name}: {_UNKNOWN}")
    data = b"".join(root.der for root in roots)
    if len(data) > MOST_BYTES:
        raise RootError(
            f"{len(roots)} roots of {len(data)} bytes are too many: a board has memory for "
            f"{MOST_BYTES}. Give it those that its endpoints lead to: make provision finds them"
        )
    return data


def read(path, say=print):
    """Return the roots in a file, [Root]; `say` gets a line for each certificate left out.

    Where the file has no root itself, an authority in between counts: boards take it as one.
    Raises RootError.
    """
    try:
        data = path.read_bytes()
    except OSError as e:
        raise RootError(f"{path} cannot be read: {e.strerror}") from None
    found, left_out = usable(data)
    if not found:
        raise RootError(f"{path}: no root certificate in it: " + "; ".join(left_out))
    if not found[0].ends_itself:
        say(f"{path}: it holds no root; taken as one, which ends sooner: {found[0].name}")
    for words in left_out:
        say(f"{path}: left out: {words}")
    return found


def usable(data):
    """Return ([Root], [what was left out and why]) of the bytes of a file or a board's /ca.der."""
    data = _utf_8(data)
    found, left_out = [], []
    for number, certificate in enumerate(_certificates(data), 1):
        if certificate is None:
            left_out.append(f"certificate {number} is damaged")
        elif certificate.has_expired:
            left_out.append(f"{certificate.name} has expired on {certificate.until:%Y-%m-%d}")
        elif not certificate.is_authority:
            left_out.append(f"{certificate.name} is a server's own, and no root")
        elif not certificate.is_known_to_boards:
            left_out.append(f"{certificate.name}: {_UNKNOWN}")
        elif certificate.der not in [root.der for root in found]:
            found.append(certificate)
    ends = [root for root in found if root.ends_itself]
    if ends:
        left_out += [
            f"{root.name} is in between, and no root" for root in found if root not in ends
        ]
    if not found and not left_out:
        labels = sorted(set(re.findall(rb"-----BEGIN ([A-Z0-9 ]+)-----", data)))
        kinds = ", ".join(label.decode() for label in labels)
        left_out.append("no certificate in PEM or DER" + (f", but {kinds}" if kinds else ""))
    elif unread := _unread(data):
        left_out.append(f"{unread} bytes that are neither PEM nor DER that begins the file")
    return ends or found, left_out


def _unread(data):
    """Return the number of bytes that are no text, and of no certificate that boards see."""
    rest = re.sub(rb"-----BEGIN .*?-----END [^-]*-----", b"", data, flags=re.DOTALL)
    try:
        for part in split(data):
            rest = rest.replace(part, b"", 1)
    except CertificateException:
        pass  # as of PKCS 7
    return len(rest) if b"\0" in rest or re.search(rb"0[\x81-\x83]", rest) else 0


def _utf_8(data):
    """Return text that an editor has saved in UTF-16 in UTF-8; all else as it is."""
    at = data.find(b"-\0-\0-")  # of -----BEGIN
    if at < 0:
        return data
    return data.decode("utf-16-be" if at % 2 else "utf-16-le", "replace").encode()


def _certificates(data):
    """Yield a Root for each certificate, None for one that is damaged."""
    from cryptography.hazmat.primitives.serialization import pkcs7

    if b"-----BEGIN PKCS7" in data:
        try:
            data = b"".join(
                ssl.DER_cert_to_PEM_cert(_der(each)).encode()
                for each in pkcs7.load_pem_pkcs7_certificates(data)
            )
        except ValueError:
            yield None
            return
    try:
        parts = split(data)
    except CertificateException:
        return
    for part in parts:
        try:
            yield Root(part)
        except ValueError:
            try:
                yield from (Root(_der(each)) for each in pkcs7.load_der_pkcs7_certificates(part))
            except ValueError:
                yield None


def _der(certificate):
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)
