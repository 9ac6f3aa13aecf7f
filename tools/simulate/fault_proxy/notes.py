"""What a fault proxy counts, and what it keeps of the clients' words."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Counters:
    """What a proxy has counted since it was made.

    ``received_bytes`` came from clients, inside TLS where there is TLS; ``to_server_bytes`` of them
    and ``to_client_bytes`` were delivered. ``before_handshake_bytes`` are raw bytes of clients
    before their TLS handshake was done; ``failures`` says why handshakes failed.
    """

    connections: int
    open: int
    received_bytes: int
    to_server_bytes: int
    to_client_bytes: int
    handshakes: int
    before_handshake_bytes: int
    failures: tuple[str, ...]


class Notes:
    """What came from the clients of one proxy, counted and kept up to a limit."""

    LIMIT_BYTES = 1024 * 1024

    def __init__(self):
        self.received = bytearray()
        self.received_bytes = 0
        self.before_handshake = bytearray()
        self.before_handshake_bytes = 0
        self.handshakes = 0
        self.failures: list[str] = []

    def add(self, data: bytes) -> None:
        """Take note of what a client said, inside TLS where there is TLS."""
        self.received_bytes += len(data)
        self.received += data[: self.LIMIT_BYTES - len(self.received)]

    def add_before_handshake(self, data: bytes) -> None:
        """Take note of raw bytes that came before a handshake was done."""
        self.before_handshake_bytes += len(data)
        self.before_handshake += data[: self.LIMIT_BYTES - len(self.before_handshake)]
