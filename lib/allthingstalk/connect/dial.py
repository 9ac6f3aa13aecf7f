"""Makes a connection, a step at a time: name look-up, TCP, and what TLS needs to begin."""

import gc

from ..net import Link
from .port import ETIMEDOUT


def dial(net, endpoint, timeout, ca, stage):
    """Connect to an endpoint such as 'mqtts://host:8883': a generator that returns a Link.

    It yields wherever the network would have to be waited for; only the name look-up waits by
    itself. TCP is given `timeout` for each address; `stage()` is called before the look-up,
    before TCP and after it. With TLS the handshake is made by the first writes and reads, which
    take nothing before the peer is verified against the roots `ca`.

    Raises OSError, or CertificateException.
    """
    raw = yield from tcp(net, endpoint, timeout, stage)
    scheme, host, _ = parts(endpoint)
    if scheme not in ("https", "mqtts"):
        return Link(raw, raw)
    try:
        from .tls import wrap

        gc.collect()  # a handshake needs large blocks: 16 KiB on a Pico W
        return Link(wrap(raw, host, ca), raw)
    except BaseException:
        raw.close()
        raise


def parts(endpoint):
    """Return scheme, host and port of an endpoint."""
    scheme, rest = endpoint.split("://")
    host, port = rest.rsplit(":", 1)
    return scheme, host.strip("[]"), int(port)


def tcp(net, endpoint, timeout, stage):
    """Connect to an endpoint, as dial() does; returns a socket on which nothing was said yet."""
    if not hasattr(net, "open_socket"):
        from . import port as sockets
    else:
        sockets = net  # a test's
    _, host, port = parts(endpoint)
    stage()
    addresses = sockets.getaddrinfo(host, port)
    stage()
    failure = None
    for address in addresses:
        raw = None
        try:
            raw = sockets.open_socket(address)
            yield from until(net, timeout, lambda raw=raw: sockets.is_open(raw))
            stage()
            return raw
        except OSError as e:
            failure = e
            _close(raw)
        except BaseException:  # GeneratorExit: the attempt was given up
            _close(raw)
            raise
    raise failure or OSError("no address for " + host)


def _close(raw):
    if raw:
        raw.close()


def until(net, timeout, done):
    """Yield until `done()`; OSError(ETIMEDOUT) after `timeout`."""
    end = net.ticks_add(net.ticks_ms(), int(timeout * 1000))
    while not done():
        if net.ticks_diff(end, net.ticks_ms()) < 0:
            raise OSError(ETIMEDOUT)
        yield


class _Module:
    """What an engine sees as the module `socket` while it makes its connection."""

    SOCK_STREAM = 1
    AF_INET = 2

    def __init__(self, stream):
        self._stream = stream

    def getaddrinfo(self, *_):
        return ((2, 1, 0, "", None),)

    def socket(self, *_):
        return self._stream


def lend(engine, stream, call):
    """Return `call()`, during which the module `engine` gets `stream` for each socket it opens.

    Swapped for the time of the call only: the program may use the same engine for itself.
    """
    name = "socket" if hasattr(engine, "socket") else "usocket"
    own = getattr(engine, name)
    setattr(engine, name, _Module(stream))
    try:
        return call()
    finally:
        setattr(engine, name, own)
