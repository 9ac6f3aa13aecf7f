"""Asks an NTP server for the time (RFC 5905), for `board.clock`; in memory for that long only."""

from ..net import getrandbits, ticks_diff, ticks_ms
from ..timestamps import is_set

_1900_S = 2208988800  # from 1900, the epoch of NTP, to 1970
_ERA_S = 4294967296  # NTP's seconds wrap around in 2036 (section 6)
_ETIMEDOUT = 110
_NOTHING_YET = (11, 35)  # EAGAIN, on macOS 35


def asking(server, timeout_s):
    """A generator that yields while there is no answer, and returns what board.clock.ask() does.

    All addresses of the name are asked at once, and the first good answer counts.
    """
    import socket

    host, port = place_of(server)
    # The server echoes the transmit timestamp, which is random here: a forged or late answer is
    # noticed (section 8).
    mark = bytes([getrandbits(8) for _ in range(8)])
    sockets = []
    failure = None
    try:
        for address in socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM):
            s = None
            try:
                s = socket.socket(address[0], socket.SOCK_DGRAM)
                s.setblocking(False)
                s.connect(address[-1])  # datagrams from other hosts are dropped
                s.send(b"\x23" + bytes(39) + mark)
                sockets.append(s)
            except OSError as e:  # no IPv6 here, for one
                failure = e
                if s:
                    s.close()
        sent = ticks_ms()
        while sockets:
            late_ms = ticks_diff(ticks_ms(), sent)
            for s in sockets:
                try:
                    # It was right when it was sent, about half way between.
                    return time_in(s.recv(48), mark) + late_ms // 2
                except (OSError, ValueError) as e:
                    if e.args[0] in _NOTHING_YET:
                        continue
                    failure = e
                sockets.remove(s)
                s.close()
                break
            else:
                if late_ms > timeout_s * 1000:
                    raise failure or OSError(_ETIMEDOUT)
                yield
        raise failure or OSError("no address for " + host)
    finally:
        for s in sockets:
            s.close()


def place_of(server):
    """Return host and port of a server; an IPv6 address with a port is in brackets."""
    host, _, port = server.rpartition(":")
    if not host or not port.isdigit() or ":" in host and host[-1] != "]":
        host, port = server, 123
    return host.strip("[]"), int(port)


def time_in(answer, mark):
    """Return the time in an answer; ValueError for one that is none to the question `mark`."""
    # Leap indicator 3: the server is not synchronized; stratum 0: it asks not to be used.
    if len(answer) < 48 or answer[0] & 7 != 4 or answer[24:32] != mark:
        raise ValueError("the answer is not NTP")
    if answer[0] >> 6 == 3 or not 0 < answer[1] < 16 or answer[40:48] == bytes(8):
        raise ValueError("the server has no time")
    seconds = answer[40] << 24 | answer[41] << 16 | answer[42] << 8 | answer[43]
    if seconds < _1900_S:
        seconds += _ERA_S
    ms = (seconds - _1900_S) * 1000 + answer[44] * 1000 // 256
    if not is_set(ms):  # a router with an unset clock
        raise ValueError("the server says it is before 2024")
    return ms
