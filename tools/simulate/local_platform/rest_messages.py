"""JSON in and out of REST requests, and the faults that befall an answer's body on its way.

Answers come in chunks where the client's version of HTTP knows them.
"""

import asyncio
import itertools
from collections.abc import Callable

from aiohttp import web

from .core import Core, Refused
from .payloads import read_json, write_json
from .store import Token

CHUNK_BYTES = 1024
# A slow body comes in pieces of this many a second, or of one byte.
SLOW_PIECES = 20
# Where bodies are slow by manners, not by a fault: in so many pieces, with a pause after each.
POLITE_PIECES = 6
POLITE_PAUSE_S = 0.005
CORE = web.AppKey("core", Core)
BODY = web.RequestKey("body", bytes)  # of a request whose handler has read it
TOKEN = web.RequestKey("token", Token)
TURNS = web.AppKey("turns", itertools.count)  # of slow bodies: chunked, or with a length


async def read(request: web.Request, reader: Callable[[object], object]) -> object:
    """Return what reader makes of the JSON body; Refused with 400 if it raises ValueError."""
    data = request[BODY] = await request.read()
    try:
        return reader(read_json(data))
    except ValueError as error:
        raise Refused(400, f"the body cannot be used: {error}") from None


async def answer(
    request: web.Request, status: int, body: object, headers: dict[str, str] | None = None
) -> web.StreamResponse:
    """Answer with JSON, and more headers if there are any."""
    manners = request.app[CORE].manners
    slow = manners.slow_bodies and may_be_spoilt(request)
    data = write_json(body, manners.escaped_json).encode()
    response = web.StreamResponse(
        status=status,
        headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
    )
    if request.version >= (1, 1) and not (slow and next(request.app[TURNS]) % 2):
        response.enable_chunked_encoding()
    else:
        response.content_length = len(data)
    await response.prepare(request)
    try:
        await _write(request, response, data, slow)
    except ConnectionResetError:  # devices read no more of an answer than they need
        request.app[CORE].log(f"REST {request.method}: the client left in the middle of the answer")
    # The server ends the body; where a fault has closed the link, it takes that for a client's end.
    return response


def may_be_spoilt(request: web.Request) -> bool:
    """Return whether faults befall a request: what devices use, not what people use."""
    return request.path.startswith("/device/")


async def _write(request, response, data, slow):
    def fault(name):
        return request.app[CORE].fault(name) if may_be_spoilt(request) else None

    bytes_per_s = fault("slow_bodies")
    cut_bytes = fault("cut_bodies")
    size_line = fault("broken_chunks") if response.chunked else None
    if size_line is not None:
        data = data[: len(data) // 2]
    data = data[:cut_bytes]
    length = len(data) // POLITE_PIECES + 1 if slow else CHUNK_BYTES
    if bytes_per_s:
        length = max(bytes_per_s // SLOW_PIECES, 1)
    for start in range(0, len(data), length):
        piece = data[start : start + length]
        await response.write(piece)
        if bytes_per_s:
            await asyncio.sleep(len(piece) / bytes_per_s)
        elif slow:
            await asyncio.sleep(POLITE_PAUSE_S)
    if size_line is not None:
        request.transport.write(size_line.encode() + b"\r\n")
    if cut_bytes or size_line is not None:
        request.transport.close()
