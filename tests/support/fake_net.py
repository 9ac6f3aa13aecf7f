"""A network in virtual time for unit tests: handed to a Client in place of `net.port`.

`FakeNet` keeps the clock and makes connections to a `FakeBroker` and a `FakeRest`, which speak
just enough MQTT and HTTP to answer the real engines, byte by byte, and can be told to misbehave.
Nothing here knows the library's insides: it sees the bytes on the wire.
"""

import gc
import json

_TICKS_MAX = (1 << 30) - 1

if hasattr(gc, "freeze"):  # CPython: the library collects often, and need not look at all that
    gc.freeze()


class FakeSocket:
    """MicroPython's stream over two byte queues, which does not wait.

    Bytes that the broker has not sent are not there.
    """

    def __init__(self, net, server):
        self._net = net
        self._server = server
        self.inbound = bytearray()
        self.ended = False  # the broker closed the connection
        self.closed = False
        self.takes = None  # bytes that a write takes before the network is full; None: all

    def readinto(self, buf):
        if not self.inbound:
            return 0 if self.ended else None
        n = min(len(buf), len(self.inbound))
        buf[:n] = self.inbound[:n]
        self.inbound[:n] = b""
        return n

    def write(self, buf, offset, n):
        if self.takes is not None:
            n = min(n, self.takes)
            self.takes -= n
            if not n:
                return None
        self._net.writes += 1
        if self._net.on_write:
            self._net.on_write()
        self._server.received(self, bytes(buf[offset : offset + n]))
        return n

    def close(self):
        self.closed = True


class FakeBroker:
    """Answers packets; `log` holds each packet it was sent, as bytes."""

    def __init__(self):
        self.log = []
        self.connack = b"\x20\x02\x00\x00"  # accepted
        self.acknowledges = True
        self.answers_pings = True
        self.answers_subscribes = True
        self.drop_at = None  # a function of a packet: True closes the connection
        self._partial = {}

    def received(self, sock, data):
        data = self._partial.pop(id(sock), b"") + data
        while len(data) > 1:
            n, i = 0, 1
            while True:
                n |= (data[i] & 127) << (7 * (i - 1))
                i += 1
                if data[i - 1] < 128:
                    break
            if len(data) < i + n:
                break
            self._packet(sock, data[: i + n], data[i : i + n])
            data = data[i + n :]
        self._partial[id(sock)] = data

    def _packet(self, sock, packet, body):
        self.log.append(packet)
        if self.drop_at and self.drop_at(packet):
            sock.ended = True
        if sock.ended:
            return
        kind = packet[0] & 0xF0
        if kind == 0x10:
            sock.inbound.extend(self.connack)
        elif kind == 0x80 and self.answers_subscribes:
            sock.inbound.extend(b"\x90\x03" + body[:2] + b"\x01")
        elif kind == 0x30 and packet[0] & 2 and self.acknowledges:
            n = body[0] << 8 | body[1]
            sock.inbound.extend(b"\x40\x02" + body[2 + n : 4 + n])
        elif kind == 0xC0 and self.answers_pings:
            sock.inbound.extend(b"\xd0\x00")

    def of_kind(self, kind):
        return [p for p in self.log if p[0] & 0xF0 == kind]

    def publishes(self):
        """Return (topic, payload, dup) of each PUBLISH received."""
        found = []
        for p in self.of_kind(0x30):
            i = 2 if p[1] < 128 else 3
            n = p[i] << 8 | p[i + 1]
            body = i + 2 + n + (2 if p[0] & 6 else 0)
            found.append((p[i + 2 : i + 2 + n], p[body:], bool(p[0] & 8)))
        return found


class FakeRest:
    """Keeps the assets of one device; `log` holds the first line of each request."""

    def __init__(self):
        self.log = []
        self.assets = {}  # name -> asset object
        self.status = None  # answer everything with this status
        self.extra = b""  # header lines added to each answer

    def received(self, sock, data):
        head, _, body = data.partition(b"\r\n\r\n")
        line = str(head.split(b"\r\n")[0], "utf-8")
        self.log.append(line)
        method, path, _ = line.split(" ")
        parts = path.split("/")
        status, answer = self.status or 404, None
        if self.status:
            answer = {"message": "as told"}
        elif method == "GET" and parts[-1] == "assets":
            status, answer = 200, list(self.assets.values())
        elif method in ("POST", "PUT"):
            status, answer = 201, json.loads(body)
            answer["id"] = "id-" + answer["name"]
            answer["deviceId"] = parts[2]
            self.assets[answer["name"]] = answer
        text = json.dumps(answer).encode()
        sock.inbound.extend(b"HTTP/1.1 %d X\r\n%s" % (status, self.extra))
        sock.inbound.extend(b"Transfer-Encoding: chunked\r\n\r\n")
        sock.inbound.extend(b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text))
        sock.ended = True


class Opening:
    """A socket that connects; how that ends is said by the net's dial()."""

    def __init__(self, address):
        self.address = address
        self.real = None

    def close(self):
        if self.real:
            self.real.close()

    def __getattr__(self, name):
        return getattr(self.real, name)


class FakeNet:
    """Stands for the module `net.port`: time, randomness, and connections to a broker.

    `dial` may be replaced: what it raises is how a connection fails, what it returns the socket.
    """

    def __init__(self):
        self.broker = FakeBroker()
        self.rest = FakeRest()
        self.now_ms = 0
        self.writes = 0
        self.dials = []  # when each connection to the broker was tried
        self.fails = self.rest_fails = None  # exceptions that dial raises
        self.on_write = None  # called in the middle of each write
        self.timeout_ms = 10000
        self.socket = None

    # Ticks wrap as they do on a board, whatever they do on this interpreter.
    def ticks_ms(self):
        return self.now_ms & _TICKS_MAX

    def ticks_add(self, ticks, ms):
        return ticks + ms & _TICKS_MAX

    def ticks_diff(self, a, b):
        return (a - b + _TICKS_MAX // 2 + 1 & _TICKS_MAX) - _TICKS_MAX // 2 - 1

    def sleep_ms(self, ms):
        self.advance(ms)

    def advance(self, ms):
        self.now_ms += ms

    def getrandbits(self, n):
        return 1 << (n - 1)  # the middle: no jitter

    def getaddrinfo(self, host, port):
        return [(2, 1, 0, "", (host, port))]

    def open_socket(self, address):
        return Opening(address[-1])

    def is_open(self, raw):
        host, port = raw.address
        scheme = "http" if port in (80, 443, 8080) else "mqtt"
        raw.real = self.dial("%s://%s:%d" % (scheme, host, port), self.timeout_ms / 1000)
        return True

    def dial(self, endpoint, timeout_s, ca=None):
        if endpoint[:4] == "http":
            if self.rest_fails:
                raise self.rest_fails
            return FakeSocket(self, self.rest)
        self.dials.append(self.now_ms)
        if self.fails:
            raise self.fails
        self.socket = FakeSocket(self, self.broker)
        return self.socket


def message(topic, payload, qos=0, packet_id=1, dup=False, retain=False):
    """Return a PUBLISH packet from the broker."""
    topic = topic.encode()
    body = bytes([len(topic) >> 8, len(topic) & 255]) + topic
    if qos:
        body += bytes([packet_id >> 8, packet_id & 255])
    body += payload
    n, head = len(body), bytes([0x30 | qos << 1 | (8 if dup else 0) | retain])
    while n > 127:
        head += bytes([n & 127 | 128])
        n >>= 7
    return head + bytes([n]) + body
