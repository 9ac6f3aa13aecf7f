"""Making a connection and handing it to an engine. Loaded while that is done, let go afterwards."""

import gc
import sys

try:
    import usocket as socket
except ImportError:
    import socket

from . import transport
from .loading import function


class _Module:
    """What an engine sees as the module `socket` while it makes its connection."""

    SOCK_STREAM = 1
    AF_INET = 2

    def __init__(self, link):
        self._link = link

    def getaddrinfo(self, *_):
        return ((2, 1, 0, "", None),)

    def socket(self, *_):
        return self._link


def lend(engine, link, call):
    """Return `call()`, during which the module `engine` gets `link` for each socket it opens.

    Swapped for the time of the call only: the program may use the same engine for itself.
    """
    name = "socket" if hasattr(engine, "socket") else "usocket"
    own = getattr(engine, name)
    setattr(engine, name, _Module(link))
    try:
        return call()
    finally:
        setattr(engine, name, own)


def _send_at_once(raw):
    """Set TCP_NODELAY: what is written waits for no acknowledgement of what went before.

    Not on a Pico W: there each packet would be a segment of its own, lwIP queues 32 of those, and
    beyond that a write waits for up to 10 s though it may not (MicroPython's issue 19704). It has
    another number for it, 64; firmware that has none at all prints a warning if asked.
    """
    if getattr(socket, "TCP_NODELAY", sys.platform == "linux") == 1:  # the unix port names none
        try:
            raw.setsockopt(6, 1, 1)  # 6: IPPROTO_TCP
        except OSError:  # it is a speed-up: the connection does without
            pass


def dial(endpoint, timeout_s, ca=None):
    """Connect to an endpoint such as 'mqtts://host:8883' and return a Link, still blocking.

    Asks DNS afresh and tries each address in turn; each step is bounded by `timeout_s`. TLS is
    verified against the root `ca`. Raises OSError, or CertificateException.
    """
    scheme, rest = endpoint.split("://")
    host, port = rest.rsplit(":", 1)
    host = host.strip("[]")
    failure = None
    for address in socket.getaddrinfo(host, int(port), 0, socket.SOCK_STREAM):
        transport.progress()
        raw = socket.socket(address[0], socket.SOCK_STREAM)
        try:
            raw.settimeout(timeout_s)
            raw.connect(address[-1])
            transport.progress()
            _send_at_once(raw)
            if scheme in ("https", "mqtts"):
                wrap = function("secure.wrap")
                gc.collect()  # a handshake needs large blocks: 16 KiB on a Pico W
                return transport.Link(wrap(raw, host, ca), raw)
            return transport.Link(raw, raw)
        except OSError as e:
            failure = e
            raw.close()
        except BaseException:
            raw.close()
            raise
    raise failure or OSError("no address for " + host)
