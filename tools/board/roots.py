"""Finds the root certificates that TLS endpoints really chain to, in this PC's trust store.

    python -m tools.board.roots HOST[:PORT] ...                names the root of each
    python -m tools.board.roots --out ca.der HOST[:PORT] ...   writes those that they need

A board holds no roots: it is given just these. The chain is the one that OpenSSL verified, name
and dates included; SSL_CERT_FILE and SSL_CERT_DIR name another trust store.
"""

import argparse
import socket
import ssl
import sys
from pathlib import Path

from tools.board import certificates
from tools.board.certificates import Root, RootError

TIMEOUT_S = 10
_DER = 2  # of public_bytes(): _ssl.ENCODING_DER
# X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, the same _LOCALLY, _UNABLE_TO_VERIFY_LEAF_SIGNATURE
_NO_ISSUER = (2, 20, 21)


def find(host, port, trusted=None, timeout_s=TIMEOUT_S):
    """Return the Root at the end of the chain by which `host` was verified.

    - `trusted`: PEM text of the certificates to trust, None for this PC's trust store.

    That is a root where there is one, else an authority in between that is trusted. Raises
    RootError where the host cannot be reached or verified.
    """
    place = f"{host}:{port}"
    try:
        try:
            return _find(host, port, trusted, timeout_s, False)
        except ssl.SSLCertVerificationError as e:
            if e.verify_code not in _NO_ISSUER:
                raise
            return _find(host, port, trusted, timeout_s, True)
    except ssl.SSLCertVerificationError as e:
        raise RootError(
            f"the certificate of {place} does not verify on this PC: {e.verify_message}. If the "
            "platform has a root of its own, name its file with --ca"
        ) from None
    except ssl.SSLError as e:
        raise RootError(f"{place} speaks no TLS that this PC understands: {e.reason}") from None
    except OSError as e:
        raise RootError(f"{place} cannot be reached: {e.strerror or e}") from None


def _find(host, port, trusted, timeout_s, in_between):
    context = ssl.create_default_context(cadata=trusted)
    # As a board's TLS does, whatever is usual in this Python.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if in_between:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    else:
        context.verify_flags &= ~ssl.VERIFY_X509_PARTIAL_CHAIN
    with socket.create_connection((host, port), timeout_s) as raw:
        with context.wrap_socket(raw, server_hostname=host) as tls:
            return Root(_verified_chain(tls)[-1])


def _verified_chain(tls):
    """Return the verified chain as DER, the server's certificate first."""
    if hasattr(tls, "get_verified_chain"):  # Python 3.13
        return tls.get_verified_chain()
    # The same call, not yet public.
    return [certificate.public_bytes(_DER) for certificate in tls._sslobj.get_verified_chain()]


def needed(places, trusted=None, timeout_s=TIMEOUT_S):
    """Return [(Root, its places)]: few roots that together verify all of `places`, (host, port).

    A cross-signed server may be verified by more than one root: each root found is tried on the
    others. Raises RootError where one of the places cannot be reached or verified.
    """
    found = {place: find(*place, trusted, timeout_s) for place in places}

    def verifies(root, place):
        if root.der == found[place].der:
            return True
        try:
            find(*place, root.pem, timeout_s)
            return True
        except RootError:
            return False

    left, chosen = list(found), []
    while left:
        of_each = [(root, [p for p in left if verifies(root, p)]) for root in map(found.get, left)]
        chosen.append(max(of_each, key=lambda pair: len(pair[1])))
        left = [place for place in left if place not in chosen[-1][1]]
    return chosen


def named(places):
    """Return places as text."""
    return ", ".join(f"{host}:{port}" for host, port in places)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("places", nargs="+", metavar="HOST[:PORT]", help="(port 443)")
    parser.add_argument("--ca", type=Path, help="file of the roots to trust instead")
    parser.add_argument("--out", type=Path, help="write the roots that they need there, as DER")
    args = parser.parse_args()
    places = []
    for text in args.places:
        host, _, port = text.partition(":")
        if not host or (port and not port.isdigit()):
            sys.exit(f"roots: {text} is not HOST or HOST:PORT")
        places.append((host, int(port or 443)))
    try:
        trusted = "".join(r.pem for r in certificates.read(args.ca)) if args.ca else None
        for host, port in places:
            print(f"{host}:{port} chains to {find(host, port, trusted)}")
        if args.out:
            roots = [root for root, _ in needed(places, trusted)]
            args.out.write_bytes(certificates.as_der(roots))
            print(f"{args.out} written, roots: {len(roots)}")
    except (OSError, RootError) as e:
        sys.exit(f"roots: {e}")


if __name__ == "__main__":
    main()
