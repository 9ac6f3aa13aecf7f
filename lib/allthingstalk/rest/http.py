"""One REST request over `urequests`, and what hides from this engine what it cannot bear.

The engine speaks HTTP/1.0, refuses chunked answers, follows redirects with the token attached,
and reads lines and bodies of any size. HttpSocket stands between it and the link: it asks in
HTTP/1.1, so that every answer says where it ends, takes the chunks apart, keeps redirects to
itself, and reports an answer that was cut off. All of it is bounded in time, however slowly bytes
come.
"""

import gc
import json

from micropython import const

from .. import __version__
from ..connect import dial
from ..utf8 import loads

try:
    import urequests as engine
except ImportError:  # the unix ports and new firmware have it under this name only
    import requests as engine
if hasattr(engine, "__getattr__"):  # today's urequests forwards to requests, name by name
    import requests as engine

_LINE_MAX = const(1024)  # bytes that are kept of a header line; those of proxies may be longer
_HEAD_MAX = const(32768)  # bytes of a head, and of all interim ones before it
_PIECE = const(256)  # bytes read at a time
_BYTES_PER_S = const(4096)  # that an answer may be slow for: a second more for each
_BODY_MAX = const(4096)  # bytes of an answer that is not read as a stream
_ENTRY_MAX = const(4096)  # bytes of one entry
_LIST_MAX = const(1 << 20)  # bytes; a list that goes on has no end


def request(client, method, path, body=None, stream=False, size=_BODY_MAX):
    """Return the JSON of a 2xx answer (None if empty), or the HttpSocket to read it from.

    Raises AllThingsTalkException for everything else, ValueError for a body that is no UTF-8.
    """
    gc.collect()
    answer = data = None
    if body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        loads(data)
    try:
        answer = HttpSocket(_open(client), client.net, client.timeout)
        headers = {
            "Host": client.http.split("://")[1],
            "Authorization": "Bearer " + client.token,
            "User-Agent": "ATTalk-MicroPythonSDK/" + __version__,
        }
        if data is not None:
            headers["Content-Type"] = "application/json"
        # The scheme is for the engine only: the link is TLS already where it has to be.
        dial.with_stream(
            engine,
            answer,
            lambda: engine.request(method, "http://link" + path, data=data, headers=headers),
        )
        if not 200 <= answer.status <= 299:
            from .status_codes import refusal

            raise refusal(client.token, path, answer)
        if stream:
            kept, answer = answer, None
            return kept
        text = b""
        while piece := answer.read():
            text += piece
            if len(text) > size:
                raise ValueError("an answer of more than %d bytes" % size)
        return loads(text) if text else None
    except (OSError, ValueError, RuntimeError, IndexError) as e:
        if client.http[:5] == "https" and not (answer and answer.status):
            from ..connect import tls

            failure = tls.refused(e, client.http)
            if failure:
                raise failure
        raise unreadable(client, e)
    finally:
        if answer:
            answer.close()


def send(client, method, path, body=None):
    """Make a request of whose answer the status alone counts.

    Raises as request(), and for a web page: a network that wants a login says 200 to everything.
    """
    answer = request(client, method, path, body, stream=True)
    try:
        if answer.kind == b"text/html" and answer.read(1):
            raise ValueError("a web page; does this network want a login?")
    except (OSError, ValueError) as e:
        raise unreadable(client, e)
    finally:
        answer.close()


def _open(client):
    """Return a link to the REST side."""

    def stage():
        if client.watchdog:
            client.watchdog.progress()

    return dial.wait_for(
        client.net, dial.dial(client.net, client.http, client.timeout, client.ca, stage)
    )


def unreadable(client, e):
    """Return the exception for an answer that is not what was asked for."""
    from .status_codes import unavailable

    return unavailable(client.http, e)


def quoted(name):
    """Percent-encode a name as a part of a path (RFC 3986, unreserved characters stay)."""
    text = b""  # chr() keeps each character for ever
    for c in name.encode():
        safe = 48 <= c < 58 or 65 <= c < 91 or 97 <= c < 123 or c in b"-_.~"
        text += bytes((c,)) if safe else b"%%%02X" % c
    return text.decode()


def path(device_id, asset_name=None):
    """Return the path of a device, or of one of its assets."""
    text = "%s/device/%s" % ("", quoted(device_id))
    return text if asset_name is None else "%s/asset/%s" % (text, quoted(asset_name))


def entries(read, depth):
    """Yield each object or array in a JSON array as bytes, with blanks behind; None: too long.

    `read(n)` returns the text piece by piece; `depth` is 1 for an array, 2 for one that is a member
    of an object, as in {"data": [...]}. ValueError if it is no such JSON, ends early or does not
    end.
    """
    n = _LIST_MAX
    # One buffer for all: it keeps its size, and JSON may end in blanks.
    entry = bytearray(256)
    size = 0  # of the current entry
    outer, depth = depth, 0  # of braces and brackets
    in_text = escaped = too_long = False
    piece = read(128)
    while piece:
        n -= len(piece)
        if n < 0:
            raise ValueError("the list does not end")
        for c in piece:
            inside = depth > outer
            if in_text:
                if escaped:
                    escaped = False
                elif c == 0x5C:  # backslash
                    escaped = True
                elif c == 0x22:
                    in_text = False
            elif c == 0x22:
                in_text = True
            elif c in b"[{":
                depth += 1
                inside = depth > outer
            elif c in b"]}":
                depth -= 1
            if depth < 1:
                if c == (0x5D if outer == 1 else 0x7D):
                    return
                if c not in b" \t\r\n":
                    raise ValueError("the list is no JSON array")
            if not inside:
                continue
            if size < _ENTRY_MAX:
                if size == len(entry):
                    entry.extend(bytes(64))
                entry[size] = c
                size += 1
            else:
                too_long = True
            if depth == outer:
                for k in range(size, len(entry)):
                    entry[k] = 0x20
                yield None if too_long else entry
                size = 0
                too_long = False
        piece = read(128)
    raise ValueError("the list was cut off")


class HttpSocket(dial.Stream):
    """`net` gives time; `timeout` bounds the whole, with a second more for each 4 KiB."""

    def __init__(self, link, net, timeout):
        self.link = link
        self.net = net
        self.until = net.ticks_add(net.ticks_ms(), int(timeout * 1000))
        self.out = b""  # what the engine wrote so far
        self.buffer = bytearray(_PIECE)
        self.at = self.have = 0  # what of it was read from the link, and not asked for yet
        self.got = 0
        self.head = _HEAD_MAX  # bytes of it that may come yet
        self.rest = None  # bytes left of the body or of the chunk; None: until the end
        self.chunked = False  # whether the body comes in chunks
        self.status = 0
        self.kind = b""  # of the body
        self.retry_after_s = None

    def write(self, data, n=None):
        data = data.encode() if isinstance(data, str) else data
        if data[-11:] == b" HTTP/1.0\r\n":
            data = data[:-3] + b"1\r\n"
        self.out += data if n is None else data[:n]

    def wait(self, pause_ms):
        """Wait for the network; return how long the next pause may be."""
        if self.net.ticks_diff(self.until, self.net.ticks_ms()) < 0:
            raise OSError(dial.ETIMEDOUT)
        self.net.sleep_ms(pause_ms)
        return min(2 * pause_ms, 20)

    def receive(self):
        """Send what was written, then read what there is; False at the end of the stream."""
        pause_ms, at = 1, 0
        while at < len(self.out):
            before = at
            at = self.link.send(self.out, at, len(self.out))
            if at == before:
                pause_ms = self.wait(pause_ms)
        self.out = b""
        while True:
            n = self.link.readinto(self.buffer)
            if n is not None:
                self.at, self.have = 0, n
                self.got += n
                while self.got >= _BYTES_PER_S:
                    self.got -= _BYTES_PER_S
                    self.until = self.net.ticks_add(self.until, 1000)
                # Bytes that come in drops are bounded as well.
                if self.net.ticks_diff(self.until, self.net.ticks_ms()) < 0:
                    raise OSError(dial.ETIMEDOUT)
                return n > 0
            pause_ms = self.wait(pause_ms)

    def line(self):
        """Return the next line; of a long one its start."""
        line = b""
        while True:
            if self.at == self.have and not self.receive():
                raise OSError("the answer was cut off or is no HTTP")
            end = self.at + 1
            while end < self.have and self.buffer[end - 1] != 10:
                end += 1
            self.head -= end - self.at
            if self.head < 0:
                raise OSError("the head of the answer does not end")
            if len(line) < _LINE_MAX:
                line += self.buffer[self.at : end]
            self.at = end
            if self.buffer[end - 1] == 10:
                return line

    def readline(self):
        """Return the next line of the head, those that say how to read the body left out."""
        while True:
            line = self.line()
            if self.status < 200:
                # The status line; or of an interim answer (1xx: RFC 9110, section 15.2), or what
                # follows that, which is passed over.
                parts = line.split(None, 2)
                if line[:5] == b"HTTP/" and len(parts) > 1 and parts[1].isdigit():
                    self.status = int(parts[1])
                    if len(parts[1]) != 3 or not 100 <= self.status <= 599:
                        self.status = 0
                if not self.status:
                    raise OSError("the answer is no HTTP")
                if self.status < 200:
                    continue
                if self.status == 300:  # the engine takes it for its own sign to ask once more
                    return b"HTTP/1.1 301 \r\n"
            name, _, value = line.partition(b":")
            name, value = name.lower(), value.strip()
            if name == b"transfer-encoding":
                if value.lower() != b"chunked":
                    raise OSError("the answer is encoded")  # none was asked for
                self.chunked, self.rest = True, 0
            elif name == b"content-length":
                if not value.isdigit():
                    raise OSError("the answer has no length")
                if not self.chunked:
                    self.rest = int(value)
            elif name == b"retry-after":
                self.retry_after_s = int(value) if value.isdigit() else None
            elif name != b"location":
                if name == b"content-type":
                    self.kind = value[:9].lower()  # b"text/html" is told from others
                elif line == b"\r\n" and self.status in (204, 205, 304):
                    self.rest, self.chunked = 0, False
                return line

    def read(self, n=512):
        """Return up to `n` bytes of the body, b"" at its end. OSError if it ends too early."""
        if self.chunked and self.rest == 0:
            self.head = _HEAD_MAX
            size = self.line().split(b";")[0].strip()
            try:
                self.rest = int(size, 16)
            except ValueError:
                self.rest = -1
            if self.rest < 0:
                raise OSError("a chunk of the answer has no length")
            self.chunked = self.rest > 0  # the last one is empty; what follows are trailers
        if self.rest == 0 or n <= 0:
            return b""
        if self.at == self.have:
            self.receive()
        end = min(self.have, self.at + (n if self.rest is None else min(n, self.rest)))
        data = bytes(memoryview(self.buffer)[self.at : end])
        self.at = end
        if self.rest is not None:
            if not data:
                raise OSError("the answer was cut off")
            self.rest -= len(data)
            if self.chunked and self.rest == 0 and self.line() != b"\r\n":
                raise OSError("a chunk of the answer does not end")
        return data

    def close(self):
        self.link.close()
