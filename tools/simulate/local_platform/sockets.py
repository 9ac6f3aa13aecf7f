"""Listening sockets: opened with clear words when they cannot be, and closed without loose ends."""

import asyncio
import contextlib
import os
import socket

# asyncio takes a few rounds of its loop from accepting a client to calling its handler.
SETTLE_S = 0.02


def listen(what: str, host: str, port: int) -> socket.socket:
    """Return a listening TCP socket.

    Args:
        what: the name of the service, for the error text.
        host: the address to listen on; an IPv6 address goes without brackets.
        port: 0 takes any free one.

    Raises:
        OSError: the address or the port cannot be had; the text says what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
        # asyncio leaves Nagle's algorithm on in sockets made like this, and a PUBACK would wait
        # for the client's next packet. Those accepted inherit it.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except socket.gaierror as error:
        raise OSError(
            f"{what} cannot listen on {host}: no such host ({error.strerror})."
        ) from error
    except OSError as error:
        raise OSError(
            f"{what} cannot listen on {host} port {port}: {os.strerror(error.errno)}. Is another"
            " program using the port? Stop it, or choose another port (0 takes any free one)."
        ) from error


async def stop_accepting(listening: socket.socket) -> None:
    """Accept no more clients, and wait until those accepted have reached their handlers.

    A server that is closed while a client is on that way leaves an open socket and a traceback
    (asyncio, Python 3.10 to 3.13), so this comes before closing it.
    """
    # Windows' event loop accepts in another way and has no readers.
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().remove_reader(listening)
    await asyncio.sleep(SETTLE_S)
