"""TLS that is verified, or not used. Loaded when an endpoint asks for TLS.

MicroPython's TLS checks certificate dates against the board's clock, raises ValueError for a
wrong host name and OSError for the rest, and holds no roots of its own.
"""

import gc

from .exceptions import CertificateException
from .timestamps import clock_is_set

# Where provisioning puts the root that the endpoint chains to, first found wins.
ROOTS = ("/ca.der", "/lib/ca.der")


def wrap(raw, host, ca):
    """Return a TLS socket over the connected socket `raw`, verified for `host`.

    `ca`: root certificate, DER or PEM bytes, or a file name; None for the board's own.
    Raises CertificateException where the peer cannot be verified, OSError for the network.
    """
    if not clock_is_set():  # dates would be checked against nothing
        raise CertificateException(
            "the clock is not set, so no certificate can be checked: set it "
            "(allthingstalk.board.clock.set_clock()) before connecting to %s" % host
        )
    import tls

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    try:
        root = _root(ca)
        if root:
            context.load_verify_locations(root)
    except (ValueError, OSError) as e:
        raise CertificateException("the root certificate cannot be read: %s" % e)
    if root:
        root = None
        gc.collect()
    elif hasattr(context, "load_default_certs"):  # CPython: the trust store of the system
        context.load_default_certs()
    else:
        raise CertificateException(
            "TLS to %s needs a root certificate and this board has none: pass ca=, or put it at "
            "%s; plain text only where it was asked for (http://, mqtt://)" % (host, ROOTS[0])
        )
    try:
        return context.wrap_socket(raw, server_hostname=host)
    except ValueError as e:
        raise CertificateException(_explained(host, e))
    except OSError as e:
        if _is_verification(e):
            raise CertificateException(_explained(host, e), errno=e.errno)
        raise


def _is_verification(e):
    # mbedTLS: MBEDTLS_ERR_X509_CERT_VERIFY_FAILED is -0x2700, a fatal alert for it -0x7780;
    # CPython raises ssl.SSLCertVerificationError, whose text holds the same words.
    number = e.args[0] if e.args else 0
    text = str(e).lower()
    return number == -0x2700 or "certificate" in text or "x509" in text


def _explained(host, e):
    return "the certificate of %s was refused: %s" % (host, str(e).strip().replace("\n", " "))


def _root(ca):
    """Return a root certificate as DER bytes, or None where none was given or found."""
    if ca is None:
        for name in ROOTS:
            try:
                return _root(name)
            except CertificateException:
                continue
        return None
    if isinstance(ca, str) and "-----BEGIN" not in ca:
        try:
            with open(ca, "rb") as f:
                ca = f.read()
        except OSError as e:
            raise CertificateException("the root certificate %s cannot be read: %s" % (ca, e))
    data = ca.encode() if isinstance(ca, str) else ca
    start = data.find(b"-----BEGIN CERTIFICATE-----")
    if start < 0:
        return data
    from binascii import a2b_base64

    # Not all ports of mbedTLS are built with PEM.
    return a2b_base64(data[start + 27 : data.find(b"-----END", start)].replace(b"\r", b""))
