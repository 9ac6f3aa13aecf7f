"""Connections, and every question "which port is this": time, randomness, sockets.

A Client is handed this module as its `net`; tests hand it a network in virtual time instead.
"""

from random import getrandbits  # noqa: F401  - names that others use as net.getrandbits and so on

try:
    import usocket as socket
    from utime import sleep_ms, ticks_add, ticks_diff, ticks_ms  # noqa: F401
except ImportError:
    import socket  # noqa: F401
    from time import sleep_ms, ticks_add, ticks_diff, ticks_ms  # noqa: F401


class Link:
    """One connection, plain or TLS, whose calls never wait."""

    def __init__(self, sock, raw):
        self._sock = sock
        self._raw = raw  # below TLS; the same as `sock` without it
        self._left = 0  # bytes that TLS was given and has not taken

    def send(self, buf, start, stop):
        """Write buf[start:stop] as far as the network takes it; return where the rest begins."""
        while start < stop:
            # mbedTLS keeps what it could not send and has to be given exactly that again: given
            # more, it says that all of it was sent.
            n = self._sock.write(buf, start, self._left or stop - start)
            if not n:
                self._left = self._left or stop - start
                break
            self._left = 0
            start += n
        return start

    def readinto(self, buf):
        """Read what is there into `buf`; None if nothing is, 0 at the end of the stream."""
        return self._sock.readinto(buf)

    def close(self):
        """Close the connection; nothing happens to one that is closed or broken."""
        try:
            self._sock.close()
            self._raw.close()
        except OSError:  # reset by the other side: gone all the same
            pass
