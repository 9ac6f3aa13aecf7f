"""The two ends of a connection through the proxy: a plain socket, or the server's side of TLS.

Sockets are used without streams, so that nothing is read ahead and a connection can be ended in
either way of TCP: with FIN, an end, or with RST, a reset.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable

READ_BYTES = 4096
FIN = "fin"
RST = "rst"
# Lingering for no time makes closing a reset.
_NO_LINGER = struct.pack("ii", 1, 0)


class PlainEnd:
    """A connected socket.

    Args:
        sock: the socket; it belongs to this object from now on.
    """

    def __init__(self, sock: socket.socket):
        sock.setblocking(False)
        # What a fault cuts into pieces has to leave in these pieces. Some systems (macOS) let no
        # option be set when the other side has reset already.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = sock
        self._loop = asyncio.get_running_loop()

    async def receive(self) -> bytes:
        """Return the next bytes, none when the other side has ended; OSError when it reset."""
        return await self._loop.sock_recv(self._socket, READ_BYTES)

    async def send(self, data: bytes) -> None:
        """Send all bytes; OSError when the other side is gone."""
        await self._loop.sock_sendall(self._socket, data)

    async def finish(self) -> None:
        """Tell the other side that nothing more comes."""
        self._shutdown()

    def close(self, how: str) -> None:
        """End the connection with FIN or RST; nobody may be reading or sending."""
        if how == RST:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        else:
            # Closing with bytes unread would be a reset; the FIN goes first.
            self._shutdown()
        self._socket.close()

    def _shutdown(self):
        with contextlib.suppress(OSError):  # the other side is gone already
            self._socket.shutdown(socket.SHUT_WR)


class TLSEnd(PlainEnd):
    """A connected socket whose other side speaks TLS to us; ``handshake`` comes first.

    Args:
        sock: the socket.
        context: the server's side of TLS.
    """

    def __init__(self, sock: socket.socket, context: ssl.SSLContext):
        super().__init__(sock)
        # TLS by hand, because only so the bytes before the end of the handshake can be counted.
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._sending = asyncio.Lock()

    async def handshake(self, note: Callable[[bytes], None]) -> None:
        """Do the handshake.

        Args:
            note: called with the raw bytes that come until it is done.

        Raises:
            OSError: the client refused, left, or spoke no TLS; ssl.SSLError is one.
        """
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
            except ssl.SSLError:
                await self._flush()
                raise
            else:
                return await self._flush()
            data = await super().receive()
            if not data:
                raise ConnectionResetError("the client left during the handshake")
            note(data)
            self._incoming.write(data)

    async def receive(self) -> bytes:
        """Return the next bytes from inside TLS, none when the client has ended."""
        while True:
            try:
                return self._tls.read(READ_BYTES)
            except ssl.SSLWantReadError:
                await self._flush()
            except ssl.SSLZeroReturnError:
                return b""
            data = await super().receive()
            if not data:
                return b""
            self._incoming.write(data)

    async def send(self, data: bytes) -> None:
        """Send all bytes inside TLS."""
        self._tls.write(data)
        await self._flush()

    async def finish(self) -> None:
        """Say the end of TLS, then that of TCP."""
        with contextlib.suppress(ssl.SSLError):  # the client has not said its own end yet
            self._tls.unwrap()
        await self._flush()
        await super().finish()

    async def _flush(self):
        # Reading may have to send, too; two at once would mix their records.
        async with self._sending:
            if data := self._outgoing.read():
                await super().send(data)
