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
from ..watching import Watcher
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
            view = View(self._core, token)
            with self._core.watching.watch(view.may_see) as watcher:
                await self._follow(view, watcher, token, response)
        except ConnectionResetError:  # the browser left
            pass
        return response

    async def _follow(self, view, watcher, token, response):
        silent_s = 0.0
        while self._core.store.token(token.text) and not self._stopping.is_set():
            if batch := view.take(watcher):
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

    def __init__(self, core: Core, token: Token):
        self._core = core
        self._token = token
        self._changes = -1
        self._faults: dict | None = None
        self._ids: set[str] = {token.device_id} - {None}

    def take(self, watcher: Watcher) -> dict:
        """Return what is new; nothing at all if nothing is."""
        batch: dict = {}
        changes = self._core.store.changes
        if changes != self._changes:
            self._changes = changes
            batch["devices"] = self._devices()
        kept, messages, left_out = watcher.take()
        if kept:
            batch["states"] = [
                [one.device_id, one.asset_name, one.number, one.state.at_ms, one.state.value]
                for one in kept
            ]
        if messages:
            batch["messages"] = [message.as_json() for message in messages]
        if left_out:
            batch["leftOut"] = left_out
        if watcher.has_lost_states:
            watcher.has_lost_states = False
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

    def may_see(self, device_id: str | None, token: Token | None) -> bool:
        """Return whether to show what is about a device, or none, and was done with a token."""
        if device_id in self._ids:
            return True
        if not self._is_ground:
            return False
        # A device that is new, one that does not exist, or none at all.
        device = device_id and self._core.store.device(device_id)
        ground = device or token
        return not ground or ground.ground_id == self._token.ground_id
