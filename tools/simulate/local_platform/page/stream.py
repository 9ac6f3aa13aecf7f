"""What happens, as server-sent events: a few in one piece, for a browser draws no faster.

The page reads them with fetch, since EventSource cannot send a token.
"""

import asyncio
from collections.abc import Callable

from aiohttp import web

from ..assets import asset_object
from ..core import Core
from ..payloads import write_json
from ..store import Token
from .access import Access
from .files import HEADERS

TICK_S = 0.1
SILENCE_S = 5


class Streams:
    """The streams of one page's browsers.

    Args:
        core: the platform's rules, and what happens there.
        access: who may see what.
        about: returns what a browser is told once, for its token.
    """

    def __init__(self, core: Core, access: Access, about: Callable[[Token], dict]):
        self._core = core
        self._access = access
        self._about = about
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End all streams."""
        self._stopping.set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Send what the token may see, until the browser leaves or the token is revoked."""
        token = self._access.token(request)
        response = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await self._send({"about": self._about(token)}, response)
            with self._core.watching.watch() as watcher:
                await self._follow(View(self._core, token, watcher), token, response)
        except ConnectionResetError:  # the browser left
            pass
        return response

    async def _follow(self, view, token, response):
        silent_s = 0.0
        while self._core.store.token(token.text) and not self._stopping.is_set():
            if batch := view.take():
                await self._send(batch, response)
                silent_s = 0
            elif silent_s > SILENCE_S:
                await response.write(b": still here\n\n")
                silent_s = 0
            silent_s += TICK_S
            await asyncio.sleep(TICK_S)

    @staticmethod
    async def _send(batch, response):
        await response.write(b"data: " + write_json(batch).encode() + b"\n\n")


class View:
    """What one browser sees: its token's devices, and nothing that is about others."""

    def __init__(self, core, token, watcher):
        self._core = core
        self._token = token
        self._watcher = watcher
        self._changes = -1
        self._faults = None
        self._ids: set[str] = set()

    def take(self) -> dict:
        """Return what is new; nothing at all if nothing is."""
        batch = {}
        changes = self._core.store.changes
        if changes != self._changes:
            self._changes = changes
            batch["devices"] = self._devices()
        kept, messages, left_out = self._watcher.take()
        states = [
            [one.device_id, one.asset_name, one.number, one.state.at_ms, one.state.value]
            for one in kept
            if one.device_id in self._ids
        ]
        seen = [message.as_json() for message in messages if self._may_see(message)]
        if states:
            batch["states"] = states
        if seen:
            batch["messages"] = seen
        if left_out and self._is_ground:
            batch["leftOut"] = left_out
        if self._watcher.has_lost_states:
            self._watcher.has_lost_states = False
            batch["lost"] = True
        if self._is_ground and (faults := self._core.faults.active()) != self._faults:
            self._faults = batch["faults"] = faults
        return batch

    @property
    def _is_ground(self):
        return self._token.device_id is None

    def _devices(self):
        store = self._core.store
        if self._is_ground:
            devices = store.devices(self._token.ground_id)
        else:
            devices = [self._core.device(self._token, self._token.device_id)]
        self._ids = {device.id for device in devices}
        return [
            {"id": device.id, "title": device.title, "assets": self._assets(device)}
            for device in devices
        ]

    def _assets(self, device):
        last = self._core.store.last_states(device.id)
        rows = []
        for asset in self._core.store.assets(device.id):
            number, state = last.get(asset.name, (0, None))
            at_ms = state and state.at_ms
            rows.append(asset_object(asset, state) | {"number": number, "at": at_ms})
        return rows

    def _may_see(self, message):
        if message.device_id in self._ids:
            return True
        if message.device_id and self._core.store.device(message.device_id):
            return False
        # About no device, or none that there is: by a ground's token, or one that is not known.
        ground_id = message.token and message.token.ground_id
        return self._is_ground and ground_id in (None, self._token.ground_id)
