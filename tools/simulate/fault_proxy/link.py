"""One connection through the proxy, from the accepted socket to the last byte."""

import asyncio
import socket
import ssl

from .ends import FIN, RST, PlainEnd, TLSEnd
from .flow import Flow, Way, together
from .notes import Notes

CONNECT_TIMEOUT_S = 10


class Link:
    """One connection.

    Args:
        sock: the client's socket.
        target: host and port of the server.
        context: the server's side of TLS; None for plain text.
        ways: the faults towards the client and towards the server.
        notes: where to keep what the client says.
    """

    def __init__(
        self,
        sock: socket.socket,
        target: tuple[str, int],
        context: ssl.SSLContext | None,
        ways: tuple[Way, Way],
        notes: Notes,
    ):
        self._client = TLSEnd(sock, context) if context else PlainEnd(sock)
        self._target = target
        self._ways = ways
        self._notes = notes
        self._server: PlainEnd | None = None
        self._flows: list[Flow] = []
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def end(self, how: str) -> None:
        """End the connection now; ``run`` does it."""
        if not self._ended.done():
            self._ended.set_result(how)

    def die(self, to_client: bool, to_server: bool) -> None:
        """Swallow everything in these directions from now on."""
        for flow, dies in zip(self._flows, (to_client, to_server), strict=False):
            flow.dead = flow.dead or dies

    async def run(self) -> None:
        """Live until both sides have ended, one has reset, or a fault ends it."""
        life = asyncio.ensure_future(self._live())
        life.add_done_callback(self._end_of_life)
        how = await self._ended
        life.cancel()
        # A socket may be closed only when nobody waits for it any more.
        await asyncio.gather(life, return_exceptions=True)
        for end in (self._client, self._server):
            if end:
                end.close(how)
        error = None if life.cancelled() else life.exception()
        if error and not isinstance(error, OSError):
            raise error

    def _end_of_life(self, life):
        self.end(RST if life.cancelled() or life.exception() else FIN)

    async def _live(self):
        if all(way.dead for way in self._ways):
            return await self._swallow()
        if isinstance(self._client, TLSEnd):
            await self._handshake()
        self._server = PlainEnd(await self._connect())
        to_client, to_server = self._ways
        self._flows = [
            Flow(self._server, self._client, to_client, _ignore, self.end),
            Flow(self._client, self._server, to_server, self._notes.add, self.end),
        ]
        self._flows[0].back, self._flows[1].back = self._flows[1], self._flows[0]
        await together(*(flow.run() for flow in self._flows))

    async def _handshake(self):
        try:
            await self._client.handshake(self._notes.add_before_handshake)
        except OSError as error:
            self._notes.failures.append(str(error))
            raise
        self._notes.handshakes += 1

    async def _connect(self):
        host, _ = self._target
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        loop = asyncio.get_running_loop()
        # asyncio.wait_for would do, but before Python 3.12 it may lose that a fault cancels it.
        timer = loop.call_later(CONNECT_TIMEOUT_S, self.end, RST)
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, self._target)
        except BaseException:
            sock.close()
            raise
        finally:
            timer.cancel()
        return sock

    async def _swallow(self):
        # Raw: reading inside TLS would answer the handshake.
        while await PlainEnd.receive(self._client):
            pass


def _ignore(_):
    pass
