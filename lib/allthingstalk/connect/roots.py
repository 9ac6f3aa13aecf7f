"""Reads root certificates: of a board, a file, a program. Unloaded before the handshake."""

from binascii import a2b_base64

from micropython import const

# Where provisioning puts the roots that the endpoints chain to, first found wins.
ROOTS = ("/ca.der", "/lib/ca.der")
# Bytes that a board reads: mbedTLS needs as much once more for what it makes of them, and then
# there has to be room for the handshake. A platform has one to four roots of 500 to 2,000 bytes.
_MOST = const(24576)


def roots(ca):
    """Return the root certificates of `ca`, each as DER bytes; none where none was given or found.

    `ca` is DER, several one after the other, or PEM (RFC 7468) with any text around, where
    CERTIFICATE, X509 CERTIFICATE and OpenSSL's TRUSTED CERTIFICATE count and other things do not.
    An entry that is damaged is returned as what is left of it. Raises CertificateException where
    there is no certificate at all, a file cannot be read, or a board has no memory for it.
    """
    if ca is None:
        import os

        for ca in ROOTS:
            try:
                os.stat(ca)
                break
            except OSError:
                continue
        else:
            return []
    name = "ca="
    try:
        if not isinstance(ca, str):
            data = _small(ca, name, len(ca))
        elif "-----BEGIN " in ca:
            data = _small(ca, name, len(ca)).encode()
        else:
            name = ca
            with open(ca, "rb") as f:
                _small(f, name, f.seek(0, 2))
                f.seek(0)
                data = f.read()
    except OSError as e:
        from ..exceptions import CertificateException

        raise CertificateException("the root certificate %s cannot be read: %s" % (name, e))
    found, label, i = [], b"", 0
    while data[i : i + 1] == b"0" and data[i + 1 : i + 2] > b"\x80":  # no text begins like that
        found.append(data[i : i + _size(data, i)])
        i += len(found[-1])
    i = data.find(b"-----BEGIN ", i)
    while i >= 0:  # not all ports of mbedTLS are built with PEM
        begin = data.find(b"-----", i + 11)
        label = data[i + 11 : begin]
        if label[-11:] == b"CERTIFICATE":
            text = data[begin + 5 : data.find(b"-----END", begin)]
            try:
                der = a2b_base64(text.replace(b"\r", b""))
                found.append(der[: _size(der, 0)])
            except ValueError:
                found.append(b"")
        i = data.find(b"-----BEGIN ", begin)
    if not found:
        from ..exceptions import CertificateException

        label = bytes([c for c in label[:30] if 32 <= c < 127]).decode()
        raise CertificateException(
            "the root certificate cannot be read: %s holds none in PEM or DER%s"
            % (name, ", but " + label if label else "")
        )
    return found


def _small(data, name, size):
    """Return `data`. Raises CertificateException where this is a board, and `size` too large."""
    import tls

    if size > _MOST and not hasattr(tls.SSLContext, "load_default_certs"):
        from ..exceptions import CertificateException

        raise CertificateException(
            "the root certificates of %s are too many for a board, %d bytes: give it those that "
            "its endpoints lead to; make provision finds them" % (name, size)
        )
    return data


def _size(data, i):
    """Return the bytes of the element of DER at `i`; all of them where no certificate begins so."""
    digits = data[i + 1] - 128 if len(data) > i + 1 else 0
    if not 0 < digits <= 3:
        return len(data)
    return 2 + digits + int.from_bytes(data[i + 2 : i + 2 + digits], "big")
