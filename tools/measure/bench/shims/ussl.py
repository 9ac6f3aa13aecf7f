"""`ussl` as umqtt.simple 1.3.4 asks for it; MicroPython has called it `ssl` since version 1.21.

Unlike the original it checks the certificate, so that all clients do the same handshake.
"""

import ssl


def wrap_socket(sock, ca):
    """Return a TLS socket over `sock`; `ca` is the root in DER."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=ca)
    return context.wrap_socket(sock, server_hostname="localhost")
