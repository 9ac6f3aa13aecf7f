"""An HTTP server for one page (RFC 9110, 9112): bounded in time and memory, whatever is sent."""

import gc
import socket

from micropython import const

from ..net import Link, ticks_add, ticks_diff, ticks_ms
from ..utf8 import check

_HEAD = const(2048)  # bytes of a request's head; browsers send some 700
_BODY = const(4096)
_READ_AND_DROPPED = const(65536)  # of a body that is too long: its sender sees an answer then
_PIECE = const(512)
_CONNECTIONS = const(3)  # browsers open one more than they use
_LIMIT_MS = const(10000)  # of a connection, from its begin to the last byte of the answer
_TURN_MS = const(1000)  # how long it is left alone while others wait for its place
_FIELDS = const(12)
_DIGITS = b"0123456789abcdefABCDEF"
_KNOWN = ("host", "origin", "content-length", "transfer-encoding")
_STATUS = {
    200: "OK",
    302: "Found",
    303: "See Other",
    400: "Bad Request",
    403: "Forbidden",
    405: "Method Not Allowed",
    413: "Content Too Large: a form has 4 KB, room for one root certificate",
    431: "Request Header Fields Too Large",
}


def parsed(head):
    """Return (method, path, {name in small letters: value}) of a request's head.

    Only the fields that matter are in it. Raises ValueError for what is no HTTP/1.
    """
    if head and max(head) > 126:  # a browser's name may have it; nothing that matters here
        head = bytes([c if c < 127 else 63 for c in head])
    lines = head.decode().split("\r\n")
    words = lines[0].split(" ")
    if (
        len(words) != 3
        or words[2][:7] != "HTTP/1."
        or words[1][:1] != "/"
        and "://" not in words[1]
    ):
        raise ValueError("no request line")
    fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon:
            raise ValueError("no field")
        if name in _KNOWN:
            if name in fields:
                raise ValueError("a field that is there twice")
            fields[name] = value.strip()
    return words[0], words[1].split("?")[0], fields


def length(fields):
    """Return the bytes of the body. Raises ValueError."""
    text = fields.get("content-length", "0")
    if "transfer-encoding" in fields or not text.isdigit() or len(text) > 9:
        raise ValueError("no length")
    return int(text)


def form(body):
    """Return {name: text} of a form in application/x-www-form-urlencoded, as bytes.

    Raises ValueError for one that is damaged, a name that is there twice, and too many.
    """
    fields = {}
    for pair in body.split(b"&") if body else ():
        name, _, value = pair.partition(b"=")
        name = _decoded(name)
        if name in fields or len(fields) >= _FIELDS:
            raise ValueError("fields that no page of ours has")
        fields[name] = _decoded(value)
    return fields


def _decoded(text):
    found = bytearray(len(text))  # in one piece: a part for each % would take forty times as much
    i = n = 0
    while i < len(text):
        c = text[i]
        if c == 0x2B:  # +
            c = 0x20
        elif c == 0x25:  # %
            digits = text[i + 1 : i + 3]
            if len(digits) != 2 or digits[0] not in _DIGITS or digits[1] not in _DIGITS:
                raise ValueError("a % without two digits")
            c = int(digits, 16)
            i += 2
        if not c:
            raise ValueError("a character that no text has")
        found[n] = c
        n += 1
        i += 1
    check(found, n)
    return str(found[:n], "utf-8")


class Server:
    """Serves a page on the access point's address, and to those who are in its network alone.

    `answer(form)` returns the page as a list of bytes; `form` is a dict of text for one that was
    sent, for which it returns None: the browser is sent back to the page.
    """

    def __init__(self, address, answer):
        self._address = address
        self._answer = answer
        self._open = []  # [link, its generator, since when]
        self._last = ticks_ms()
        self._piece = memoryview(bytearray(_PIECE))
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind(socket.getaddrinfo(address, 80)[0][-1])
            self._listener.listen(4)
            self._listener.setblocking(False)
        except OSError:
            self.close()
            raise

    def step(self):
        """Take what has come on each connection, without waiting; return how many there are."""
        now = ticks_ms()
        away_ms, self._last = ticks_diff(now, self._last), now
        if away_ms > _TURN_MS:  # the board was asking the platform: they are not to blame
            for connection in self._open:
                connection[2] = ticks_add(connection[2], away_ms)
        if len(self._open) < _CONNECTIONS or ticks_diff(now, self._open[0][2]) > _TURN_MS:
            self._accept(now)
        for connection in list(self._open):
            link, talk, since = connection
            try:
                next(talk)
                if ticks_diff(now, since) < _LIMIT_MS:
                    continue
            except StopIteration:
                pass
            except (OSError, MemoryError):  # it was cut
                pass
            self._close(connection)
        return len(self._open)

    def _accept(self, now):
        try:
            sock, whom = self._listener.accept()
        except OSError:  # nobody is there
            return
        if len(self._open) == _CONNECTIONS:
            self._close(self._open[0])
        # The unix port says where it is as the bytes of a sockaddr.
        ip = whom[0] if isinstance(whom, tuple) else ".".join([str(b) for b in whom[4:8]])
        if ip.rsplit(".", 1)[0] != self._address.rsplit(".", 1)[0]:
            sock.close()  # of the network that the board joins
            return
        sock.setblocking(False)
        link = Link(sock, sock)
        self._open.append([link, self._talk(link), now])

    def _close(self, connection):
        self._open.remove(connection)
        connection[0].close()

    def _talk(self, link):
        """A generator: reads a request, sends the answer; yields where others may have a turn."""
        data = b""
        while True:
            n = link.readinto(self._piece)
            if n == 0:
                return
            data += bytes(self._piece[: n or 0])
            end = data.find(b"\r\n\r\n")
            if end >= 0 or len(data) > _HEAD:
                break
            yield
        status, page, method = 431, [], ""
        if 0 <= end <= _HEAD:
            try:
                method, path, fields = parsed(data[:end])
                size = length(fields)
                data = data[end + 4 :]
                left = min(size, _READ_AND_DROPPED) - len(data)
                while left > 0:
                    n = link.readinto(self._piece)
                    if n == 0:
                        return
                    n = n or 0
                    left -= n
                    if size <= _BODY:
                        data += bytes(self._piece[:n])
                    yield
                status, page = self._reply(method, path, fields, data[:size], size)
            except ValueError:
                status = 400
        if status >= 400:
            page = [_STATUS[status].encode()]
        data = None
        page.insert(0, self._head(status, sum([len(piece) for piece in page])))
        for piece in page[:1] if method == "HEAD" else page:
            at = 0
            while at < len(piece):
                at = link.send(piece, at, len(piece))
                if at < len(piece):
                    yield

    def _reply(self, method, path, fields, body, size):
        """Return (status, pieces of the page) for a request."""
        host = fields.get("host", "")
        own = host.split(":")[0] == self._address
        if method == "POST":
            if not own or fields.get("origin", "http://" + host) != "http://" + host:
                return 403, []
            if size > _BODY:
                return 413, []
            self._answer(form(body))
            return 303, []
        if method not in ("GET", "HEAD"):
            return 405, []
        if not own or path != "/":  # what phones ask to find out whether there is a page
            return 302, []
        gc.collect()  # the page is of many pieces
        return 200, self._answer(None)

    def _head(self, status, size):
        lines = ["HTTP/1.1 %d %s" % (status, _STATUS[status])]
        if status == 302:
            lines.append("Location: http://%s/" % self._address)
        elif status == 303:
            lines.append("Location: /")
        lines += [
            "Content-Type: text/html; charset=utf-8",
            "Content-Length: %d" % size,
            "Cache-Control: no-store",
            "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
            "\r\n",
        ]
        return "\r\n".join(lines).encode()

    def close(self):
        for connection in list(self._open):
            self._close(connection)
        self._listener.close()
