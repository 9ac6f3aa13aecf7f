"""Makes a connection, a step at a time: name look-up, TCP, and what TLS needs to begin.

What sockets want differs between ports, TCP_NODELAY for one: that is asked here and nowhere else.
"""

import gc
import select
import sys

from micropython import const

from ..net import Link, socket

# Later it may be there no more, after a Ctrl-C. A name that MicroPython has: with one more of our
# own its pool of names grows by 4.5 KB.
module = sys.modules[__name__]
_PAUSE_MS = const(2)
ETIMEDOUT = 110  # what we raise ourselves, on every port


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
    sockets = net if hasattr(net, "open_socket") else module  # `net`: a test's
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
            if raw:
                raw.close()
        except BaseException:  # GeneratorExit: the attempt was given up
            if raw:
                raw.close()
            raise
    raise failure or OSError("no address for " + host)


def getaddrinfo(host, port):
    """Return the addresses of a host: the one call that waits by itself, and asks DNS afresh."""
    return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)


def open_socket(address):
    """Return a socket that has begun to connect to an entry of getaddrinfo(), and does not wait.

    TCP_NODELAY is set, so that a publish does not wait for TCP's ACK of the one before. Not on a
    Pico W, whose number for it is 64: there each packet would be a segment of its own, lwIP queues
    32 of those, and a write beyond that waits for up to 10 s (MicroPython issue 19704).
    """
    raw = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        raw.setblocking(False)
        if getattr(socket, "TCP_NODELAY", sys.platform == "linux") == 1:
            raw.setsockopt(6, 1, 1)  # IPPROTO_TCP; the unix port has no names for these
    except OSError:  # a speed-up: the connection does without
        pass
    try:
        raw.connect(address[-1])
    except OSError as e:
        # EINPROGRESS: 115 on Linux and lwIP, 119 on the ESP32, 36 on macOS.
        if e.args[0] not in (115, 119, 36):
            raw.close()
            raise
    return raw


def is_open(raw):
    """Return whether a socket has connected. Raises OSError when that failed."""
    poll = select.poll()
    poll.register(raw, select.POLLOUT)
    for found in poll.poll(0):
        if found[1] & (select.POLLERR | select.POLLHUP):
            raw.read(1)  # raises what went wrong, on most ports
            raise OSError(111)
        return True
    return False


def wait_for(net, generator):
    """Take the steps of a generator that yields where the network is to be waited for; wait there.

    Returns what the generator returns; raises what it raises.
    """
    while True:
        try:
            next(generator)
        except StopIteration as e:
            return e.value
        net.sleep_ms(_PAUSE_MS)


def until(net, timeout, done):
    """Yield until `done()`; OSError(ETIMEDOUT) after `timeout`."""
    end = net.ticks_add(net.ticks_ms(), int(timeout * 1000))
    while not done():
        if net.ticks_diff(end, net.ticks_ms()) < 0:
            raise OSError(ETIMEDOUT)
        yield


class Stream:
    """What an engine sees as the module `socket` and as its socket, which is connected already.

    Who makes one of it adds what the engine calls to write and to read.
    """

    SOCK_STREAM = 1
    AF_INET = 2

    def getaddrinfo(self, *_):
        return ((2, 1, 0, "", None),)

    def socket(self, *_):
        return self

    def connect(self, *_):
        pass

    settimeout = setblocking = connect


def with_stream(engine, stream, call):
    """Return `call()`, during which the module `engine` gets `stream` for each socket it opens.

    Swapped for the time of the call only: the program may use the same engine for itself.
    """
    name = "socket" if hasattr(engine, "socket") else "usocket"
    own = getattr(engine, name)
    setattr(engine, name, stream)
    try:
        return call()
    finally:
        setattr(engine, name, own)
