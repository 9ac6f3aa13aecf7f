"""A file on a server, read piece by piece from any position, by HTTP or verified HTTPS.

Without an engine: those read a body whole, and what `http` does for them has no room beside a
session in the memory of small boards. It asks in HTTP/1.0, whose answers come in one piece.
"""

from micropython import const

from ..connect.dial import dial, until

_HEAD_MAX = const(4096)
_SLOW_MS = const(60000)  # that a connection may take, and for each byte
_MS_A_BYTE = const(8)
_PORTS = {"http": 80, "https": 443}


class Interrupted(Exception):
    """The network failed; it passes."""

    passing = True


class Source:
    """A file; `read` is a generator that yields while nothing has come.

    - `client`: a Client, for its time-out and roots.
    - `place`: an address, or the name of a release at the platform, which alone gets the token.

    Raises ValueError for an address that cannot be read, and for one in plain text where the
    client speaks TLS.
    """

    Interrupted = Interrupted

    def __init__(self, client, place):
        self._client = client
        self._link = None
        self._buffer = bytearray(512)
        self._have = self._from = 0  # bytes in the buffer; where those begin that were not taken
        self._at = 0  # in the file
        self._answered = False
        self._token = ""
        if "://" not in place:
            self._endpoint, self._path = client.http, "/release/" + place
            self._token = "Authorization: Bearer %s\r\n" % client.token
        else:
            scheme, _, rest = place.partition("://")
            host, _, path = rest.partition("/")
            if scheme not in _PORTS or not host or min(host.encode()) < 33:
                raise ValueError("an address is https://host/file")
            if scheme == "http" and client.http[:5] == "https":
                raise ValueError("an address in plain text, where the program speaks TLS")
            if ":" not in host[host.rfind("]") + 1 :]:
                host = "%s:%d" % (host, _PORTS[scheme])
            self._endpoint, self._path = scheme + "://" + host, "/" + path
        raw = self._path.encode()
        if min(raw) < 33 or max(raw) > 126 or b"@" in self._endpoint.encode():
            raise ValueError("the address has blanks or other characters that it cannot have")

    def seek(self, position):
        """Read on from `position`."""
        if position != self._at:
            self.close()
            self._at = position

    def read(self):
        """Return the bytes that come next as a memoryview that the next call changes.

        Empty at the end. Raises Interrupted for the network, ValueError for what waiting does not
        mend, CertificateException.
        """
        try:
            if not self._link:
                yield from self._open()
            if self._from == self._have:
                yield from self._fill()
        except (OSError, ValueError) as e:
            self.close()
            if not self._answered and self._endpoint[:5] == "https":
                from ..connect.tls import refused  # no byte came: it may be the certificate

                refusal = refused(e, self._endpoint)
                if refusal:
                    raise refusal
            if isinstance(e, ValueError):
                raise
            raise Interrupted(e)
        piece = memoryview(self._buffer)[self._from : self._have]
        self._from = self._have
        self._at += len(piece)
        return piece

    def back(self, n):
        """Have the last `n` bytes that were read come once more."""
        self._from -= n
        self._at -= n

    def _open(self):
        client = self._client
        self._answered = False
        self._since, self._got = client.net.ticks_ms(), 0
        watchdog = client.watchdog
        stage = watchdog.progress if watchdog else lambda: None
        self._link = yield from dial(client.net, self._endpoint, client.timeout, client.ca, stage)
        ask = "GET %s HTTP/1.0\r\nHost: %s\r\n%sRange: bytes=%d-\r\n\r\n" % (
            self._path,
            self._endpoint.split("://")[1],
            self._token,
            self._at,
        )
        ask, sent = ask.encode(), 0

        def is_sent():
            nonlocal sent
            sent = self._link.send(ask, sent, len(ask))
            return sent == len(ask)

        yield from until(client.net, client.timeout, is_sent)
        head = b""
        while b"\r\n\r\n" not in head:
            yield from self._fill()
            self._answered = True
            if not self._have or len(head) > _HEAD_MAX:
                raise OSError("the answer is no HTTP")
            head += self._buffer[: self._have]
        end = head.index(b"\r\n\r\n") + 4
        self._from = self._have - (len(head) - end)
        self._check(head[:end].lower())
        skip = self._at if head[9:12] == b"200" else 0  # a server that knows no ranges
        while skip:
            if self._from == self._have:
                yield from self._fill()
                if not self._have:
                    raise OSError("the file was cut off")
            n = min(skip, self._have - self._from)
            self._from += n
            skip -= n

    def _check(self, head):
        status = head[9:12].decode() if head[:5] == b"http/" else ""
        if b"\ntransfer-encoding:" in head:
            raise ValueError("the server sends it in a form that is not asked for")
        if status[:2] == "20":
            return
        if not status.isdigit():
            raise OSError("the answer is no HTTP")
        from .status_codes import kind

        about = kind(int(status))
        if about == b"passes":
            raise OSError("the server answered " + status)
        text = "it refuses"
        if about == b"absent":
            text = "it has none of this name"
        elif status[0] == "3":
            text = "it redirects elsewhere, which is not followed"
        raise ValueError("the server answered %s: %s" % (status, text))

    def _fill(self):
        link, n = self._link, None
        self._from = self._have = 0

        def has_come():
            nonlocal n
            n = link.readinto(self._buffer)
            return n is not None

        net = self._client.net
        yield from until(net, self._client.timeout, has_come)
        self._have = n or 0
        self._got += self._have
        if net.ticks_diff(net.ticks_ms(), self._since) > _SLOW_MS + self._got * _MS_A_BYTE:
            raise OSError("the server is too slow")

    def close(self):
        """Close the connection, if there is one."""
        link, self._link = self._link, None
        self._from = self._have = 0
        if link:
            link.close()
