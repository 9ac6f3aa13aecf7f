"""Answers every name with the board's own address: so phones find the page (RFC 1035)."""

import socket

_MOST = 512  # bytes of a question over UDP
_AT_A_TIME = 8
_A_IN = b"\0\x01\0\x01"
# A pointer to the name in the question, A, IN, for ten seconds, four bytes.
_RECORD = b"\xc0\x0c" + _A_IN + b"\0\0\0\x0a\0\x04"


def answer(question, address):
    """Return the answer to a question, None for what is no question.

    `address`: the four bytes that each name has. Of other types than A a name has nothing.
    """
    if not 17 <= len(question) <= _MOST or question[2] & 0xF8 or question[4:6] != b"\0\x01":
        return None
    i, n = 12, 1
    while n:
        n = question[i]
        i += n + 1
        if n > 63 or i + (5 if n else 4) > len(question):  # a pointer, or it is cut off
            return None
    known = question[i : i + 4] == _A_IN
    head = question[:2] + bytes((0x84 | question[2] & 1, 0x80)) + b"\0\x01\0" + bytes((known,))
    reply = head + bytes(4) + question[12 : i + 4]
    return reply + _RECORD + address if known else reply


class Names:
    """A DNS server on the access point's address."""

    def __init__(self, address):
        self._address = bytes([int(n) for n in address.split(".")])
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(socket.getaddrinfo(address, 53, 0, socket.SOCK_DGRAM)[0][-1])
            self._socket.setblocking(False)
        except OSError:
            self.close()
            raise

    def step(self):
        """Answer what has come, without waiting."""
        for _ in range(_AT_A_TIME):
            try:
                question, whom = self._socket.recvfrom(_MOST + 1)
                reply = answer(question, self._address)
                if reply:
                    self._socket.sendto(reply, whom)
            except OSError:  # there is no more, or whoever asked is gone
                return

    def close(self):
        self._socket.close()
