"""The page that shows the devices in a browser, at the REST port under ``/``.

What it asks is under ``/ui/api/``; it has no part in faults and manners, which are for devices.
"""

from collections.abc import Callable

from aiohttp import web

from .. import history
from ..core import Core, Refused
from ..faults import KINDS
from ..listening import Listening
from ..payloads import lower_keys, shown
from ..rest_messages import answer, read
from ..settings import settings_json
from ..store import Asset, Token
from ..topics import asset_topic
from .access import Access
from .files import HEADERS, Files
from .stream import Streams

STREAMS = ("command", "event", "state")


class Page:
    """The page's part of one RestApi.

    Args:
        core: the platform's rules.
        host: the address that the platform listens on.
        listening: returns where the platform listens, once it does.
    """

    def __init__(self, core: Core, host: str, listening: Callable[[], Listening]):
        self._core = core
        self._listening = listening
        self._access = Access(core.store, host)
        self._files = Files()
        self._streams = Streams(core, self._access, self._about)

    @staticmethod
    def has(path: str) -> bool:
        """Return whether a path of the server belongs to the page."""
        return path == "/" or path.startswith("/ui/")

    def routes(self) -> list[web.RouteDef]:
        """Return the rows for the application."""
        return [
            web.get("/", self._files.index),
            web.get("/ui/{name}", self._files.get),
            web.get("/ui/api/events", self._streams.serve),
            web.get("/ui/api/history", self._get_history),
            web.get("/ui/api/history.csv", self._get_csv),
            web.post("/ui/api/send", self._post_send),
            web.post("/ui/api/devices", self._post_device),
            web.put("/ui/api/faults", self._put_fault),
        ]

    def stop(self) -> None:
        """End the streams, so that the server can stop."""
        self._streams.stop()

    def _about(self, token: Token) -> dict:
        """Return what a page is told once, at the start."""
        found = self._listening()
        return {
            "isGround": token.device_id is None,
            "api": found.http,
            "mqtt": found.mqtt,
            "isLoopback": self._access.is_open,
            "faults": {
                name: {"text": kind.text, "default": kind.default if kind.has_value else None}
                for name, kind in KINDS.items()
            },
        }

    def _ground_token(self, request) -> Token:
        token = self._access.token(request)
        if token.device_id is not None:
            raise Refused(403, "this needs the token of the ground")
        return token

    def _asset(self, token: Token, device_id: object, name: object) -> Asset:
        if not isinstance(device_id, str) or not isinstance(name, str):
            raise Refused(400, "device and asset have to be named")
        device = self._core.device(token, device_id)
        return self._core.asset(device.id, name)

    # What was

    async def _get_history(self, request):
        token, query = self._access.token(request), request.query
        asset = self._asset(token, query.get("device"), query.get("asset"))
        try:
            from_ms = int(query.get("from", history.BEGINNING_MS))
        except ValueError:
            raise Refused(400, "from has to be milliseconds since 1970") from None
        text = await history.as_json(self._core.store, asset, from_ms)
        return web.Response(text=text, content_type="application/json", headers=HEADERS)

    async def _get_csv(self, request):
        token, query = self._access.token(request), request.query
        asset = self._asset(token, query.get("device"), query.get("asset"))
        text = await history.as_csv(self._core.store, asset)
        headers = HEADERS | {"Content-Disposition": "attachment"}
        return web.Response(text=text, content_type="text/csv", headers=headers)

    # What people do

    async def _post_send(self, request):
        """Send a command or an event, or a state as the device would."""
        token = self._access.token(request)
        fields = await read(request, lambda body: lower_keys(body, "a message"))
        asset = self._asset(token, fields.get("device"), fields.get("asset"))
        stream, value = fields.get("stream"), fields.get("value")
        if stream not in STREAMS:
            raise Refused(400, f"the stream {shown(stream)} is not one of {', '.join(STREAMS)}")
        if stream == "state":
            await self._core.set_states(asset.device_id, {asset.name: (value, None)})
            return await answer(request, 200, {})
        listeners = self._core.count_listeners(asset_topic(asset.device_id, asset.name, stream))
        await self._core.send(asset.device_id, asset.name, stream, value)
        return await answer(request, 200, {"listeners": listeners})

    async def _post_device(self, request):
        ground_id = self._ground_token(request).ground_id
        fields = await read(request, lambda body: lower_keys(body, "a device"))
        title = fields.get("title")
        if not isinstance(title, str) or not title.strip():
            raise Refused(400, "the device needs a title")
        device, token = self._core.store.create_device(ground_id, title, title)
        self._core.log(f"device {device.id} created: {shown(title)}")
        settings = settings_json(self._listening(), device.id, token.text, indent=1)
        return await answer(request, 201, {"id": device.id, "settings": settings})

    async def _put_fault(self, request):
        self._ground_token(request)
        fields = await read(request, lambda body: lower_keys(body, "a fault"))
        try:
            if fields.get("on"):
                self._core.faults.set(fields.get("name"), fields.get("value"), fields.get("count"))
            else:
                self._core.faults.off(fields.get("name"))
        except ValueError as error:
            raise Refused(400, str(error)) from None
        return await answer(request, 200, self._core.faults.active())
