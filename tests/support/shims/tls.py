"""MicroPython's `tls` on CPython."""

import ssl as _ssl
from ssl import CERT_NONE, CERT_REQUIRED, PROTOCOL_TLS_CLIENT  # noqa: F401

from usocket import Stream


class SSLContext:
    def __init__(self, protocol):
        self._context = _ssl.SSLContext(protocol)
        # As mbedTLS: an authority in between is as good as a root where it is given.
        self._context.verify_flags |= _ssl.VERIFY_X509_PARTIAL_CHAIN

    @property
    def verify_mode(self):
        return self._context.verify_mode

    @verify_mode.setter
    def verify_mode(self, mode):
        self._context.check_hostname = mode != CERT_NONE
        self._context.verify_mode = mode

    def load_verify_locations(self, cadata):
        self._context.load_verify_locations(cadata=bytes(cadata))

    def load_default_certs(self):
        self._context.load_default_certs()

    def wrap_socket(self, sock, server_hostname=None, do_handshake_on_connect=True):
        """Wrap a socket; without a handshake here, reads and writes make it."""
        wrapped = self._context.wrap_socket(
            sock._sock,
            server_hostname=server_hostname,
            do_handshake_on_connect=do_handshake_on_connect,
        )
        sock._sock = wrapped  # CPython moves the file over; time-outs set below still work
        return _TLSSocket(wrapped)


class _TLSSocket(Stream):
    def __init__(self, sock):
        self._sock = sock

    def _receive(self, view):
        try:
            return self._sock.recv_into(view)
        except (_ssl.SSLWantReadError, _ssl.SSLWantWriteError):
            return None

    def _transmit(self, data):
        try:
            return self._sock.send(data)
        except (_ssl.SSLWantReadError, _ssl.SSLWantWriteError):
            return None

    def close(self):
        self._sock.close()
