"""Every question "which port is this" that a connection asks; `board.ports` has those of boards."""

import select
import sys

from ..net import socket

ETIMEDOUT = 110  # what we raise ourselves, on every port
IS_ESP32 = sys.platform == "esp32"  # whose network errors have numbers of their own


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
