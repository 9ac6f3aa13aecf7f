"""A tap on the wire: passes every byte on, and counts what a client's kernel sends and gets.

It ends the client's connection on this machine, so the kernel's own TCP_INFO of that socket says
how many segments the client needed; no rights of root are wanted for that. Linux only.
"""

import contextlib
import dataclasses
import socket
import struct
import sys
import threading

READ_BYTES = 65536
HEADER_BYTES = 20 + 20 + 12  # IPv4, TCP, and TCP's time stamps, which Linux always sends
# struct tcp_info of linux/tcp.h: bytes_received; segs_out, segs_in; data_segs_in, data_segs_out.
_INFO_BYTES = 160
_BYTES_RECEIVED, _SEGMENTS, _DATA_SEGMENTS = (128, "Q"), (136, "II"), (152, "II")


@dataclasses.dataclass(frozen=True)
class Traffic:
    """What went through a tap, seen from the client.

    Args:
        connections: TCP connections.
        turns: how often the client spoke after the server had: each is a wait of a round trip.
        up_bytes, down_bytes: said by the client and to it, inside TCP.
        up_segments, down_segments: segments that carried bytes.
        bare_segments: segments that carried none, in both directions: acknowledgements and the
            like.
    """

    connections: int = 0
    turns: int = 0
    up_bytes: int = 0
    down_bytes: int = 0
    up_segments: int = 0
    down_segments: int = 0
    bare_segments: int = 0

    @property
    def round_trips(self) -> int:
        """How many round trips it took: one for each TCP handshake and each turn."""
        return self.connections + self.turns

    @property
    def wire_bytes(self) -> int:
        """Bytes on the wire both ways, with the headers of IPv4 and TCP; no link layer."""
        segments = self.up_segments + self.down_segments + self.bare_segments
        return self.up_bytes + self.down_bytes + HEADER_BYTES * segments

    def _with(self, other, sign):
        ours, theirs = dataclasses.astuple(self), dataclasses.astuple(other)
        return Traffic(*(a + sign * b for a, b in zip(ours, theirs)))

    def __sub__(self, other: "Traffic") -> "Traffic":
        """Return what came after `other` was counted."""
        return self._with(other, -1)

    def __add__(self, other: "Traffic") -> "Traffic":
        """Return what went through two taps."""
        return self._with(other, 1)


class Connection:
    """One client, and the connection made for it."""

    def __init__(self, client: socket.socket, server: socket.socket):
        self._client, self._server = client, server
        self._turns = self._up_bytes = self._down_bytes = 0
        self._client_spoke_last = False
        self._left = 2  # directions that still run
        self._final: Traffic | None = None
        self._lock = threading.Lock()
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        """Pass on from now on."""
        client, server = self._client, self._server
        for arguments in ((client, server, True), (server, client, False)):
            threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(self, source, target, up):
        with contextlib.suppress(OSError):
            while data := source.recv(READ_BYTES):
                with self._lock:
                    if up:
                        self._turns += not self._client_spoke_last
                        self._up_bytes += len(data)
                    else:
                        self._down_bytes += len(data)
                    self._client_spoke_last = up
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
        with self._lock:
            self._left -= 1
            if not self._left:
                self._final = self._counted()
                self._client.close()
                self._server.close()

    def traffic(self) -> Traffic:
        """Return what has gone through by now."""
        with self._lock:
            return self._final or self._counted()

    def _counted(self):
        info = self._client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        sent, came = struct.unpack_from(_SEGMENTS[1], info, _SEGMENTS[0])
        data_came, data_sent = struct.unpack_from(_DATA_SEGMENTS[1], info, _DATA_SEGMENTS[0])
        return Traffic(
            connections=1,
            turns=self._turns,
            up_bytes=self._up_bytes,
            down_bytes=self._down_bytes,
            up_segments=data_came,
            down_segments=data_sent,
            bare_segments=sent + came - data_sent - data_came,
        )

    def end(self) -> None:
        """End it from here."""
        for sock in (self._client, self._server):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class Tap:
    """Listens on a free port of this machine and passes on to another; a context manager.

    Args:
        port: the port of this machine to pass on to.
    """

    def __init__(self, port: int):
        self._target = ("127.0.0.1", port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._connections: list[Connection] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            connection = Connection(client, server)
            self._connections.append(connection)  # first: what it passes on is to be counted
            connection.start()

    def traffic(self) -> Traffic:
        """Return what has gone through by now, in all connections."""
        return sum((each.traffic() for each in list(self._connections)), Traffic())

    def close(self) -> None:
        """Stop listening, and end what goes through."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept()
        self._server.close()
        for connection in self._connections:
            connection.end()


def can_count() -> bool:
    """Return whether this system tells about segments as the tap needs it."""
    return sys.platform == "linux"
