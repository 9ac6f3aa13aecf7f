"""TLS that is verified, or not used.

MicroPython's TLS checks certificate dates against the board's clock, raises ValueError for a
wrong host name and OSError for the rest, and holds no roots of its own.
"""

import gc
import time

from ..overlay import Overlay

# A clock that shows an earlier year was not set, as timestamps.clock_is_set() says. That module,
# and the exceptions where nothing fails, would be 7 KB on top of a handshake.
_2024_S = 1704067200  # since 1970
_1970_TO_2000_S = 946684800  # ports count from one of these


def wrap(raw, host, ca, wait=False):
    """Return a TLS socket over the connected socket `raw`, which does not wait.

    The handshake is made by the first writes and reads; with `wait` it is made here, for which
    `raw` has a time-out. Nothing is sent before the peer is verified for `host`. `ca`: root
    certificates, DER or PEM bytes, or a file name, of which all count; None for the board's own.
    Raises CertificateException where there is nothing to verify the peer with, or it is refused
    here, OSError for the network; refused() knows the errors of the handshake.
    """
    if time.time() + (time.gmtime(0)[0] == 2000) * _1970_TO_2000_S < _2024_S:
        from ..exceptions import CertificateException

        # Dates would be checked against nothing.
        raise CertificateException(
            "the clock is not set, so no certificate can be checked: set it "
            "(allthingstalk.board.clock.set_clock()) before connecting to %s" % host
        )
    import tls

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    if not _trust(context, ca):
        if not hasattr(context, "load_default_certs"):
            from ..exceptions import CertificateException

            raise CertificateException(
                "TLS to %s needs a root certificate and this board has none: pass ca=, or put it "
                "at /ca.der; plain text only where it was asked for (http://, mqtt://)" % host
            )
        context.load_default_certs()  # CPython: the trust store of the system
    gc.collect()  # what read the roots is gone: the handshake needs large blocks
    try:
        return context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=wait)
    except (ValueError, OSError) as e:
        raise refused(e, host) or e


def refused(e, host):
    """Return a CertificateException for an error by which TLS refuses the peer, else None.

    mbedTLS: MBEDTLS_ERR_X509_CERT_VERIFY_FAILED is -0x2700. CPython raises
    ssl.SSLCertVerificationError, whose text says more.
    """
    number = e.args[0] if e.args else 0
    text = str(e)
    if number == -0x2700:
        text = (
            "%s: it has expired or is not valid yet by this clock, is another host's, or does not "
            "lead to the root that is trusted here; make doctor tells which" % number
        )
    elif not (isinstance(e, ValueError) or "certificate" in text.lower() or "x509" in text.lower()):
        return None
    from ..exceptions import CertificateException

    return CertificateException(
        "the certificate of %s was refused: %s" % (host, text.strip().replace("\n", " ")),
        errno=number if isinstance(number, int) else None,
    )


def _trust(context, ca):
    """Let a context trust the roots of `ca`; return whether there is one.

    One that this firmware cannot read leaves the others. Raises CertificateException where it can
    read none.
    """
    trusted, unread = False, None
    with Overlay("connect.roots"):
        from .roots import roots

        for root in roots(ca):  # one at a time: MicroPython takes the first of several and no more
            try:
                context.load_verify_locations(root)
                trusted = True
            except (ValueError, OSError) as e:
                unread = e
    if unread and not trusted:
        from ..exceptions import CertificateException

        raise CertificateException("the root certificate cannot be read: %s" % unread)
    return trusted
