"""`socket` of the Unix port, which fails like a board's while the network is away.

`socket.socket` is a function here: a subclass of the native socket type cannot be polled or
wrapped in TLS. So addresses have to come from getaddrinfo(), the port takes no (host, port) tuple,
which boards do. Connections already open are cut by the bridge (connections.py).
"""

import network as _network
import usocket as _native
from usocket import *  # noqa: F403

_EHOSTUNREACH = 113
_NAME_NOT_RESOLVED = -2


def socket(*arguments):
    """A new native socket, or OSError 113 (no route to host) while the network is away."""
    if not _network.reachable():
        raise OSError(_EHOSTUNREACH)
    return _native.socket(*arguments)


def getaddrinfo(*arguments):
    """The addresses of a host, or OSError -2 while the network is away."""
    if not _network.reachable():
        raise OSError(_NAME_NOT_RESOLVED)
    return _native.getaddrinfo(*arguments)
