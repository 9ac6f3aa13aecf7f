"""Plain sockets on both sides of a proxy, and what can be seen of a connection there."""

import contextlib
import queue
import socket
import threading
import time

TIMEOUT_S = 5
SILENCE_S = 0.15


class Server:
    """Accepts on a free port; `accepted` gives the sockets in the order in which they came."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._accepted = queue.Queue()
        self.sockets = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                sock.settimeout(TIMEOUT_S)
                self.sockets.append(sock)
                self._accepted.put(sock)

    def accept(self):
        return self._accepted.get(timeout=TIMEOUT_S)

    def close(self):
        with contextlib.suppress(OSError):  # closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(TIMEOUT_S)
        for sock in (self._listener, *self.sockets):
            sock.close()


def passes(source, target, data=b"hello"):
    source.sendall(data)
    return receive(target, len(data)) == data


def receive(sock, count):
    data = b""
    while len(data) < count and (more := sock.recv(count - len(data))):
        data += more
    return data


def is_silent(sock, seconds=SILENCE_S):
    sock.settimeout(seconds)
    try:
        sock.recv(1)
        return False
    except TimeoutError:
        return True
    finally:
        sock.settimeout(TIMEOUT_S)


def ends(sock, how):
    """Whether nothing more comes and the connection ends in this way."""
    try:
        return sock.recv(1) == b"" and how == "fin"
    except ConnectionResetError:
        return how == "rst"


def wait_for(predicate):
    end = time.monotonic() + TIMEOUT_S
    while not (result := predicate()) and time.monotonic() < end:
        time.sleep(0.01)
    return result
