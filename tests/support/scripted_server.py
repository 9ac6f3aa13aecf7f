"""A TCP server that answers with exact bytes, for what no real server can be made to say.

Each connection runs the same script: a function that gets the Connection. `http_answer` and
`mqtt_answer` make scripts of bytes and pauses.
"""

import socket
import threading
import time

LIMIT_S = 20

# MQTT 3.1.1, section 3.2: CONNACK, two more bytes, no session present, accepted.
ACCEPTED = b"\x20\x02\x00\x00"


class Connection:
    """One connection of a ScriptedServer; `received` is what came over it so far."""

    def __init__(self, sock):
        self._sock = sock
        self.received = b""

    def send(self, *steps):
        """Send bytes; a number among them is a pause in seconds."""
        for step in steps:
            if isinstance(step, bytes):
                self._sock.sendall(step)
            else:
                time.sleep(step)

    def _more(self):
        data = self._sock.recv(4096)
        self.received += data
        return data

    def read_request(self):
        """Read one HTTP request, head and body."""
        while b"\r\n\r\n" not in self.received:
            if not self._more():
                return
        head, _, body = self.received.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                missing = int(line.split(b":")[1]) - len(body)
                while missing > 0:
                    missing -= len(self._more()) or missing

    def read_packet(self):
        """Read one short MQTT packet, below 128 bytes as CONNECT is here; return it."""
        start = len(self.received)
        while len(self.received) < start + 2 or (
            len(self.received) < start + 2 + self.received[start + 1]
        ):
            if not self._more():
                break
        return self.received[start:]

    def hold(self):
        """Say nothing more until the other side closes."""
        while self._more():
            pass


class ScriptedServer:
    """A context manager that listens on a free loopback port.

    Args:
        script: a function that is called with each Connection, in a thread of its own; the
            connection is closed when it returns.
    """

    def __init__(self, script):
        self._script = script
        self._open = []
        self.connections = []  # in the order in which they came
        self.times = []  # time.monotonic() of each
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self.http = "http://" + self.address
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(LIMIT_S)
        for sock, thread in self._open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed already
                pass
            thread.join(LIMIT_S)

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            connection = Connection(sock)
            self.times.append(time.monotonic())
            self.connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(sock, connection), daemon=True)
            self._open.append((sock, thread))
            thread.start()

    def _serve(self, sock, connection):
        try:
            self._script(connection)
        except OSError:  # the device has gone: that is its right
            pass
        finally:
            sock.close()


def http_head(status, *lines):
    """Return the head of an answer with more header lines, without its empty line."""
    return b"".join(
        line.encode() + b"\r\n"
        for line in (f"HTTP/1.1 {status} Said", "Content-Type: application/json", *lines)
    )


def http_answer(status, body="", *lines):
    """Return a script that reads a request and answers with a whole, correct answer."""
    data = body.encode()
    head = http_head(status, f"Content-Length: {len(data)}", *lines)
    return http_raw(head + b"\r\n" + data)


def http_raw(*steps, hold=False):
    """Return a script that reads a request and sends exactly these bytes, with these pauses."""

    def script(connection):
        connection.read_request()
        connection.send(*steps)
        if hold:
            connection.hold()

    return script


def chunked(*sizes, body):
    """Return `body` as chunks of these sizes, the last size again and again (RFC 9112, 7.1)."""
    data, text, sizes = body.encode(), b"", list(sizes)
    while data:
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        piece, data = data[:size], data[size:]
        text += b"%x\r\n%s\r\n" % (len(piece), piece)
    return text + b"0\r\n\r\n"


def mqtt_raw(*steps, hold=True):
    """Return a script that reads CONNECT and sends exactly these bytes, with these pauses."""

    def script(connection):
        connection.read_packet()
        connection.send(*steps)
        if hold:
            connection.hold()

    return script


def mqtt_publish(topic, payload):
    """Return a PUBLISH packet at QoS 0 (MQTT 3.1.1, section 3.3)."""
    body = len(topic).to_bytes(2, "big") + topic.encode() + payload
    length, n = b"", len(body)
    while True:
        length += bytes([n & 127 | (128 if n > 127 else 0)])
        n >>= 7
        if not n:
            return b"\x30" + length + body


class Refusing:
    """A context manager with an address at which nobody listens, and nobody else can."""

    def __enter__(self):
        # Bound and not listening: the port is taken, and connections to it are refused.
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self.http = "http://" + self.address
        return self

    def __exit__(self, *_):
        self._socket.close()
