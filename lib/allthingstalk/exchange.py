"""One HTTP exchange as the engine sees it: a socket that hides what the engine cannot bear.

`urequests` speaks HTTP/1.0, refuses chunked answers, follows redirects with the token attached,
and reads lines and bodies of any size. This stands between it and the Link: it asks in HTTP/1.1,
so that every answer says where it ends, takes the chunks apart, keeps redirects to itself, and
reports an answer that was cut off.
"""

from . import transport

_LINE_MAX = 1024  # bytes of one header line
_LINES_MAX = 64


class CutOff(OSError):
    """The answer ended before it was complete, or is no HTTP."""


class Exchange:
    def __init__(self, link, net, timeout_s):
        self._link = link
        self._net = net
        self._wait_ms = int(timeout_s * 1000)
        self._until = net.ticks_add(net.ticks_ms(), self._wait_ms)
        self._lines = 0
        self._left = None  # bytes left of the body or of the chunk; None: until the end
        self._chunked = False
        self.status = 0
        self.retry_after_s = None

    # What an engine does to a socket of its own; this one is set up already.
    connect = settimeout = setblocking = transport.Link.connect

    def write(self, data, n=None):
        if isinstance(data, bytes) and data[-11:] == b" HTTP/1.0\r\n":
            data = data[:-3] + b"1\r\n"
        self._link.write(data, n)

    def _line(self):
        # Byte by byte: a line that does not end, or comes in drops, costs no memory and no hours.
        line = b""
        while line[-1:] != b"\n":
            if self._net.ticks_diff(self._until, self._net.ticks_ms()) < 0:
                raise OSError(transport.ETIMEDOUT)
            c = self._link.read(1)
            if not c or len(line) >= _LINE_MAX:
                raise CutOff("the answer was cut off or is no HTTP")
            line += c
        return line

    def readline(self):
        """Return the next line of the head, those that say how to read the body left out."""
        while True:
            line = self._line()
            self._lines += 1
            if self._lines > _LINES_MAX:
                raise CutOff("the head of the answer does not end")
            if self._lines == 1:
                parts = line.split(None, 2)
                if line[:5] != b"HTTP/" or len(parts) < 2 or not parts[1].isdigit():
                    raise CutOff("the answer is no HTTP")
                self.status = int(parts[1])
                if self.status == 300:  # the engine takes it for its own sign to ask once more
                    return b"HTTP/1.1 301 \r\n"
            name, _, value = line.partition(b":")
            name, value = name.lower(), value.strip()
            if name == b"transfer-encoding":
                if value.lower() != b"chunked":
                    raise CutOff("the answer is encoded")  # none was asked for
                self._chunked, self._left = True, 0
            elif name == b"content-length":
                if not value.isdigit():
                    raise CutOff("the answer has no length")
                if not self._chunked:
                    self._left = int(value)
            elif name == b"retry-after":
                self.retry_after_s = int(value) if value.isdigit() else None
            elif name != b"location":
                if line == b"\r\n" and self.status in (204, 304):
                    self._left, self._chunked = 0, False
                return line

    def read(self, n=512):
        """Return up to `n` bytes of the body, b"" at its end. CutOff if it ends too early."""
        if self._chunked and self._left == 0:
            self._next_chunk()
        if self._left == 0 or n <= 0:
            return b""
        self._until = self._net.ticks_add(self._net.ticks_ms(), self._wait_ms)
        data = self._link.read(n if self._left is None else min(n, self._left))
        if self._left is not None:
            if not data:
                raise CutOff("the answer was cut off")
            self._left -= len(data)
            if self._chunked and self._left == 0 and self._line() != b"\r\n":
                raise CutOff("a chunk of the answer does not end")
        return data or b""

    def _next_chunk(self):
        size = self._line().split(b";")[0].strip()
        try:
            self._left = int(size, 16)
        except ValueError:
            self._left = -1
        if self._left < 0:
            raise CutOff("a chunk of the answer has no length")
        if self._left == 0:  # the last one; what follows are trailers
            self._chunked = False

    def close(self):
        self._link.close()
