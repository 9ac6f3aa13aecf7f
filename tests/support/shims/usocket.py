"""MicroPython's `socket` on CPython: sockets with read, readinto, readline and write.

As on a board, a socket that does not block returns None where CPython raises, and a write takes
(buffer, offset, length) or (buffer, length).
"""

import socket as _socket
from socket import AF_INET, AF_INET6, SOCK_STREAM, TCP_NODELAY, getaddrinfo  # noqa: F401


class Stream:
    """MicroPython's stream calls over an object with CPython's recv_into and send."""

    def _receive(self, view):
        raise NotImplementedError

    def _transmit(self, data):
        raise NotImplementedError

    def readinto(self, buf, n=None):
        view = memoryview(buf)[:n]
        got = 0
        while got < len(view):
            k = self._receive(view[got:])
            if k is None:
                return got or None
            if k == 0:
                break
            got += k
        return got

    def read(self, n=-1):
        data = b""
        while n < 0 or len(data) < n:
            piece = bytearray(min(n - len(data), 4096) if n >= 0 else 4096)
            k = self._receive(memoryview(piece))
            if k is None:
                return data or None
            if k == 0:
                break
            data += piece[:k]
        return data

    def readline(self):
        line = b""
        while not line.endswith(b"\n"):
            c = self.read(1)
            if not c:
                break
            line += c
        return line

    def write(self, buf, *bounds):
        view = memoryview(buf.encode() if isinstance(buf, str) else buf)
        if len(bounds) == 1:
            view = view[: bounds[0]]
        elif bounds:
            view = view[bounds[0] : bounds[0] + bounds[1]]
        sent = 0
        while sent < len(view):
            k = self._transmit(view[sent:])
            if k is None:
                return sent or None
            sent += k
        return sent


class socket(Stream):
    def __init__(self, family=AF_INET, kind=SOCK_STREAM, proto=0, _sock=None):
        self._sock = _sock or _socket.socket(family, kind, proto)

    def _receive(self, view):
        try:
            return self._sock.recv_into(view)
        except BlockingIOError:
            return None

    def _transmit(self, data):
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return None

    def accept(self):
        peer, address = self._sock.accept()
        return socket(_sock=peer), address

    def __getattr__(self, name):  # bind, listen, connect, settimeout, setblocking, close ...
        return getattr(self._sock, name)
