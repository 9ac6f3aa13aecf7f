"""Finds the root certificate that a TLS endpoint really chains to, in this PC's trust store.

    python -m tools.board.roots HOST[:PORT] ...            names the root of each
    python -m tools.board.roots --out ca.der HOST[:PORT]   writes it as DER, as a board wants it

A board holds no roots: it is given just this one. The chain is the one that OpenSSL verified, name
and dates included; SSL_CERT_FILE and SSL_CERT_DIR name another trust store.
"""

import argparse
import datetime
import socket
import ssl
import sys
from pathlib import Path

TIMEOUT_S = 10
_DER = 2  # of public_bytes(): _ssl.ENCODING_DER


class RootError(Exception):
    """The root of an endpoint cannot be had; the text says why and what to do."""


class Root:
    """A root certificate: `der`, its `name` for people, and until when it is good."""

    def __init__(self, der):
        from cryptography import x509

        self.der = der
        certificate = x509.load_der_x509_certificate(der)
        self.name = certificate.subject.rfc4514_string()
        # `not_valid_after_utc` is not in the cryptography of older systems.
        self.until = getattr(certificate, "not_valid_after_utc", None) or (
            certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)
        )

    @property
    def pem(self):
        """The same as PEM text."""
        return ssl.DER_cert_to_PEM_cert(self.der)

    def __str__(self):
        return f"{self.name}, good until {self.until:%Y-%m-%d}"


def find(host, port, trusted=None, timeout_s=TIMEOUT_S):
    """Return the Root at the end of the chain by which `host` was verified.

    - `trusted`: PEM text of the roots to trust, None for this PC's trust store.

    Raises RootError where the host cannot be reached or verified.
    """
    context = ssl.create_default_context(cadata=trusted)
    place = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), timeout_s) as raw:
            with context.wrap_socket(raw, server_hostname=host) as tls:
                return Root(_verified_chain(tls)[-1])
    except ssl.SSLCertVerificationError as e:
        raise RootError(
            f"the certificate of {place} does not verify on this PC: {e.verify_message}. If the "
            "platform has a root of its own, name its file with --ca"
        ) from None
    except ssl.SSLError as e:
        raise RootError(f"{place} speaks no TLS that this PC understands: {e.reason}") from None
    except OSError as e:
        raise RootError(f"{place} cannot be reached: {e.strerror or e}") from None


def _verified_chain(tls):
    """Return the verified chain as DER, the server's certificate first."""
    if hasattr(tls, "get_verified_chain"):  # Python 3.13
        return tls.get_verified_chain()
    # The same call, not yet public.
    return [certificate.public_bytes(_DER) for certificate in tls._sslobj.get_verified_chain()]


def common(places, trusted=None, timeout_s=TIMEOUT_S):
    """Return one Root that verifies all of `places`, a list of (host, port).

    A cross-signed server may be verified by more than one root: each root found is tried on the
    others. Raises RootError where no single one does, for a board holds one.
    """
    roots = {place: find(*place, trusted, timeout_s) for place in places}
    for root in roots.values():
        if all(root.der == roots[p].der or _verifies(root, p, timeout_s) for p in places):
            return root
    found = "; ".join(f"{host}:{port} to {roots[host, port]}" for host, port in places)
    raise RootError(
        f"the endpoints chain to different roots, and a board holds one: {found}. Use endpoints "
        "of one root, or let one of them be plain text"
    )


def _verifies(root, place, timeout_s):
    try:
        find(*place, root.pem, timeout_s)
        return True
    except RootError:
        return False


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("places", nargs="+", metavar="HOST[:PORT]", help="(port 443)")
    parser.add_argument("--ca", type=Path, help="PEM file of the roots to trust instead")
    parser.add_argument("--out", type=Path, help="write the one root of all of them there, as DER")
    args = parser.parse_args()
    places = []
    for text in args.places:
        host, _, port = text.partition(":")
        if not host or (port and not port.isdigit()):
            sys.exit(f"roots: {text} is not HOST or HOST:PORT")
        places.append((host, int(port or 443)))
    try:
        trusted = args.ca.read_text(encoding="utf-8") if args.ca else None
        for host, port in places:
            print(f"{host}:{port} chains to {find(host, port, trusted)}")
        if args.out:
            args.out.write_bytes(common(places, trusted).der)
            print(f"{args.out} written")
    except (OSError, UnicodeError, RootError) as e:
        sys.exit(f"roots: {e}")


if __name__ == "__main__":
    main()
