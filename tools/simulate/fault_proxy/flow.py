"""One direction of one connection, and the faults that befall its bytes on the way."""

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine

from .ends import PlainEnd

# Reads that wait for their turn; a full queue holds up the sender, as TCP does.
QUEUE_READS = 256
# Slow bytes come in pieces of this many a second, or of one byte.
SLOW_PIECES = 20
DELAY_STEP_S = 0.05


@dataclasses.dataclass
class Way:
    """What befalls the bytes of one direction, in all connections.

    ``cut`` and ``close_after`` are a number of bytes and how to end: ``cut`` counts the bytes of
    whichever connection is next and happens once; ``close_after`` counts each connection's own.
    """

    delay_ms: int = 0
    bytes_per_s: int | None = None
    cut: tuple[int, str] | None = None
    close_after: tuple[int, str] | None = None
    dead: bool = False
    # Bytes that were read in an earlier generation than this are thrown away.
    generation: int = 0
    delivered_bytes: int = 0
    opened: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)


class Flow:
    """Passes bytes on from one end to the other.

    Args:
        source, target: the two ends.
        way: the faults.
        note: called with the bytes that came.
        end: called with ``fin`` or ``rst`` when a fault ends the connection.
    """

    def __init__(
        self,
        source: PlainEnd,
        target: PlainEnd,
        way: Way,
        note: Callable[[bytes], None],
        end: Callable[[str], None],
    ):
        self._source = source
        self._target = target
        self._way = way
        self._note = note
        self._end = end
        self._queue: asyncio.Queue[tuple[bytes, float, int]] = asyncio.Queue(QUEUE_READS)
        self._delivered = 0
        # A dead flow swallows everything for good: TCP delivers nothing behind a gap.
        self.dead = way.dead
        # The flow of the other direction.
        self.back: Flow | None = None

    async def run(self) -> None:
        """Pass on until the source has ended; OSError: an end is gone and the other hears it."""
        await together(self._read(), self._send())

    async def _read(self):
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = await self._source.receive()
            except OSError:
                if not self.dead:
                    raise
                data = b""
            self._note(data)
            await self._queue.put((data, loop.time(), self._way.generation))
            if not data:
                return

    async def _send(self):
        while True:
            data, came_s, generation = await self._queue.get()
            await self._wait_until_due(came_s)
            if not data:
                await self._way.opened.wait()
                if not self.dead:
                    await self._to_target(self._target.finish())
                return
            await self._pass_on(data, generation)

    async def _wait_until_due(self, came_s):
        now_s = asyncio.get_running_loop().time
        # In steps, because the delay may be changed meanwhile.
        while (left_s := came_s + self._way.delay_ms / 1000 - now_s()) > 0:
            await asyncio.sleep(min(left_s, DELAY_STEP_S))

    async def _pass_on(self, data, generation):
        way = self._way
        while data:
            await way.opened.wait()
            if self.dead or generation < way.generation:
                return
            rate = way.bytes_per_s
            length = max(rate // SLOW_PIECES, 1) if rate else len(data)
            piece, data = data[:length], data[length:]
            await self._deliver(piece)
            if rate:
                await asyncio.sleep(len(piece) / rate)

    async def _deliver(self, piece):
        room, how = self._room()
        if room is not None:
            piece = piece[:room]
        if piece:
            await self._to_target(self._target.send(piece))
        self._delivered += len(piece)
        self._way.delivered_bytes += len(piece)
        if self._way.cut:
            self._way.cut = (self._way.cut[0] - len(piece), self._way.cut[1])
        if room == len(piece):
            self._way.cut = None
            self._end(how)
            # Nothing more may pass until the connection has been taken down.
            self.dead = True

    async def _to_target(self, doing):
        try:
            await doing
        except OSError:
            # Where nothing gets back, the source does not hear that the target is gone.
            if not self.back.dead:
                raise
            self.dead = True

    def _room(self):
        """Return how many more bytes may pass before a fault ends the connection, and how."""
        limits = [self._way.cut] if self._way.cut else []
        if self._way.close_after and self._delivered < self._way.close_after[0]:
            count, how = self._way.close_after
            limits.append((count - self._delivered, how))
        return min(limits, default=(None, None))


async def together(*coroutines: Coroutine) -> None:
    """Run until all are done or one fails, and leave none behind."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
