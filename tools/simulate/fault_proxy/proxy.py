"""The proxy itself: it listens, keeps its connections, and switches the faults while it runs."""

import asyncio
import contextlib
import socket
import threading

from .certificates import Certificates
from .ends import FIN, RST
from .flow import Way
from .link import Link
from .notes import Counters, Notes

CALL_TIMEOUT_S = 10
BACKLOG = 100
CLIENT = "client"
SERVER = "server"
BOTH = "both"


class FaultProxy:
    """A TCP proxy in a thread of this process; a context manager that starts and stops it.

    Every fault takes effect before its method returns. ``towards`` is ``client``, ``server`` or
    ``both``; ``how`` is ``fin``, an end of the connection, or ``rst``, a reset.

    Args:
        target: the server: a port of this machine, or host and port.
        port: where to listen; 0 takes any free one.
        host: the address to listen on.
        tls: a kind of certificate (see ``Certificates``) for TLS in front; None for plain text.
        certificates: the certificates, for several proxies with one root; None makes some.
    """

    def __init__(
        self,
        target: int | tuple[str, int],
        port: int = 0,
        host: str = "127.0.0.1",
        tls: str | None = None,
        certificates: Certificates | None = None,
    ):
        self.host = host
        self.port = port
        self._target = ("127.0.0.1", target) if isinstance(target, int) else target
        self._certificates = certificates or (Certificates() if tls else None)
        self._context = self._certificates.context(tls) if tls else None
        self._notes = Notes()
        self._ways: dict[str, Way] = {}
        self._links: dict[asyncio.Task, Link] = {}
        self._connections = 0
        self._socket: socket.socket | None = None
        self._accepting = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def start(self) -> None:
        """Listen and pass on; OSError if the port cannot be had."""
        self._socket = socket.create_server((self.host, self.port), backlog=BACKLOG)
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="fault proxy", daemon=True
        )
        self._thread.start()
        self._call(self._begin())

    def close(self) -> None:
        """End every connection and stop listening."""
        if not self._thread:
            return
        self._call(self._cease())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_TIMEOUT_S)
        self._loop.close()
        self._thread = None

    # What a test asks

    @property
    def address(self) -> str:
        """Where clients connect to, for example ``127.0.0.1:12345``."""
        return f"{self.host}:{self.port}"

    @property
    def ca_pem(self) -> bytes:
        """The root that clients have to trust, as PEM; only with TLS."""
        return self._certificates.ca_pem

    @property
    def received(self) -> bytes:
        """The first MiB of what clients said, inside TLS where there is TLS."""
        return bytes(self._notes.received)

    @property
    def before_handshake(self) -> bytes:
        """The first MiB of raw bytes that clients sent before their TLS handshake was done."""
        return bytes(self._notes.before_handshake)

    @property
    def counters(self) -> Counters:
        """The counts of now."""
        return self._call(self._count())

    # Whole connections

    def refuse(self) -> None:
        """Refuse new connections; those that exist go on."""
        self._call(self._refuse())

    def accept(self) -> None:
        """Take new connections and pass them on: the end of ``refuse`` and ``half_open``."""
        self._call(self._accept_again())

    def cut(self, how: str = RST) -> None:
        """End every connection now."""
        self._call(self._cut(_checked(how, FIN, RST)))

    def half_open(self, towards: str = BOTH) -> None:
        """Let connections go silent, those that exist and new ones.

        In these directions bytes are swallowed and an end of the other side is not passed on. A new
        connection that is silent both ways is accepted and nothing more, not even a TLS handshake.
        A silent connection stays so for good, whatever is switched later.
        """
        self._call(self._half_open(_names(towards)))

    # Bytes on the way

    def cut_after(self, count: int | None, towards: str, how: str = RST) -> None:
        """Cut the next connection that has bytes for this side, once ``count`` of them passed.

        None takes it back. It happens once; with 0 nothing of the next bytes passes.
        """
        end = None if count is None else (_number(count, 0), _checked(how, FIN, RST))
        self._set(_checked(towards, CLIENT, SERVER), cut=end)

    def close_after(self, count: int | None, how: str = FIN) -> None:
        """Close each connection right after the server's first ``count`` bytes; None: no more."""
        end = None if count is None else (_number(count, 1), _checked(how, FIN, RST))
        self._set(CLIENT, close_after=end)

    def delay(self, milliseconds: int, towards: str = BOTH) -> None:
        """Let bytes take this much longer, each way; 0 for no longer."""
        self._set(towards, delay_ms=_number(milliseconds, 0))

    def slow(self, bytes_per_s: int | None, towards: str = BOTH) -> None:
        """Let no more bytes a second pass, in each connection; None for no limit."""
        limit = None if bytes_per_s is None else _number(bytes_per_s, 1)
        self._set(towards, bytes_per_s=limit)

    def hold(self, towards: str = CLIENT) -> None:
        """Keep what comes, up to 1 MiB a connection, until ``release``."""
        self._call(self._hold(_names(towards)))

    def release(self, deliver: bool = True) -> None:
        """Pass on again; what was held is delivered, or thrown away."""
        self._call(self._release(deliver))

    def use_certificate(self, kind: str) -> None:
        """Show another certificate to new connections; only with TLS."""
        if self._certificates is None:
            raise ValueError("This proxy speaks no TLS; make it with tls=…")
        self._context = self._certificates.context(kind)

    def off(self) -> None:
        """Switch every fault off; what was held is delivered, what is silent stays so."""
        self._set(BOTH, delay_ms=0, bytes_per_s=None, cut=None, close_after=None)
        self.release()
        self.accept()

    # In the proxy's thread

    def _call(self, coroutine):
        if not self._thread:
            coroutine.close()
            raise RuntimeError("The fault proxy is not running; call start() first.")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(CALL_TIMEOUT_S)

    def _set(self, towards, **settings):
        self._call(self._change(_names(towards), settings))

    async def _begin(self):
        self._ways = {CLIENT: Way(), SERVER: Way()}
        await self._release(True)
        self._start_accepting()

    async def _cease(self):
        self._stop_accepting()
        await self._cut(FIN)

    def _start_accepting(self):
        self._accepting = True
        self._loop.add_reader(self._socket, self._take)

    def _stop_accepting(self):
        if self._accepting:
            self._loop.remove_reader(self._socket)
        self._accepting = False
        self._socket.close()

    def _take(self):
        # The client may have gone in the meantime.
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            sock, _ = self._socket.accept()
            self._connections += 1
            ways = (self._ways[CLIENT], self._ways[SERVER])
            link = Link(sock, self._target, self._context, ways, self._notes)
            task = asyncio.ensure_future(link.run())
            self._links[task] = link
            task.add_done_callback(self._links.pop)

    async def _refuse(self):
        if not self._accepting:
            return
        self._stop_accepting()
        # Bound and not listening: the port stays ours, and connections to it are refused.
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setblocking(False)
        self._socket.bind((self.host, self.port))

    async def _accept_again(self):
        for way in self._ways.values():
            way.dead = False
        if not self._accepting:
            self._socket.listen(BACKLOG)
            self._start_accepting()

    async def _cut(self, how):
        links = dict(self._links)
        for link in links.values():
            link.end(how)
        await asyncio.gather(*links, return_exceptions=True)

    async def _half_open(self, names):
        for name in names:
            self._ways[name].dead = True
        for link in self._links.values():
            link.die(CLIENT in names, SERVER in names)

    async def _hold(self, names):
        for name in names:
            self._ways[name].opened.clear()

    async def _release(self, deliver):
        for way in self._ways.values():
            way.generation += not deliver and not way.opened.is_set()
            way.opened.set()

    async def _change(self, names, settings):
        for name in names:
            for key, value in settings.items():
                setattr(self._ways[name], key, value)

    async def _count(self):
        notes = self._notes
        return Counters(
            connections=self._connections,
            open=len(self._links),
            received_bytes=notes.received_bytes,
            to_server_bytes=self._ways[SERVER].delivered_bytes,
            to_client_bytes=self._ways[CLIENT].delivered_bytes,
            handshakes=notes.handshakes,
            before_handshake_bytes=notes.before_handshake_bytes,
            failures=tuple(notes.failures),
        )


def _checked(word, *words):
    if word not in words:
        raise ValueError(f"{word!r} is none of {', '.join(words)}")
    return word


def _names(towards):
    return (CLIENT, SERVER) if _checked(towards, CLIENT, SERVER, BOTH) == BOTH else (towards,)


def _number(value, least):
    if not isinstance(value, int) or value < least:
        raise ValueError(f"{value!r} is not a whole number of {least} or more")
    return value
