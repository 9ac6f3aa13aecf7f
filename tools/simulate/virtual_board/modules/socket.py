"""`socket` of the Unix port, which fails like a board's while the network is away.

`socket.socket` is a function here: a subclass of the native socket type cannot be polled or
wrapped in TLS. So addresses have to come from getaddrinfo(), the port takes no (host, port) tuple,
which boards do. Connections already open are cut by the bridge (connections.py), but those of the
board's own access point, whose ports 80 and 53 are others of this PC: it is asked by getaddrinfo().
"""

import _virtual_board as _board
import network as _network
import usocket as _native
from usocket import *  # noqa: F403

_EHOSTUNREACH = 113
_NAME_NOT_RESOLVED = -2


def socket(*arguments):
    """A new native socket, or OSError 113 (no route to host) while the network is away."""
    if not (_network.reachable() or _network.has_access_point()):
        raise OSError(_EHOSTUNREACH)
    return _native.socket(*arguments)


def getaddrinfo(*arguments):
    """The addresses of a host, or OSError -2 while the network is away."""
    host, port = arguments[:2]
    if host == _network.AP_ADDRESS and port in _board.AP_PORTS and _network.has_access_point():
        return _native.getaddrinfo(host, _board.AP_PORTS[port], *arguments[2:])
    if not _network.reachable():
        raise OSError(_NAME_NOT_RESOLVED)
    return _native.getaddrinfo(*arguments)
