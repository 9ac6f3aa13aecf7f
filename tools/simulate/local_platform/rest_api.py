"""The REST side: every row of what the platform's public clients show, over aiohttp.

Requests are read with keys in any case, answers are in lower camel case. Rows that are our own
choice, since the platform documents none, besides those of rest_faults.py:
``POST`` and ``GET /ground/{groundId}/devices`` and ``PUT …/event``.
"""

import itertools
import socket
import ssl
from collections.abc import Callable

from aiohttp import web

from . import abcl_states, assets
from .core import Core, Refused, mask, state_object
from .listening import Listening
from .page import Page
from .payloads import lower_keys, read_state, read_states, shown
from .rest_faults import RestFaults
from .rest_manners import RestManners
from .rest_messages import CORE, TOKEN, TURNS, answer, may_be_spoilt, read
from .rest_watching import shown_path, tell
from .sockets import listen, stop_accepting
from .store import Asset, Device, Token
from .times import format_time, parse_time

IDLE_TIMEOUT_S = 15
PAGE_LENGTH = 100
_ALL_TIMES = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z")
_DEVICE = "/device/{device_id}"
_ASSET = _DEVICE + "/asset/{name}"


class RestApi:
    """The REST side of one local platform; it lives in the event loop that starts it.

    Args:
        core: the platform's rules.
        listening: returns where the platform listens, once it does.
    """

    def __init__(self, core: Core, listening: Callable[[], Listening]):
        self._core = core
        self._store = core.store
        self._listening = listening
        self._page: Page | None = None
        self._runner: web.AppRunner | None = None
        self._socket: socket.socket | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen, and return the port; port 0 takes any free one. With `tls` over TLS.

        Raises:
            OSError: the port cannot be had.
        """
        self._socket = listen("REST", host, port)
        self._page = Page(self._core, host, self._listening)
        faults = RestFaults(self._core, self._ground_token)
        manners = RestManners(self._core, answer, may_be_spoilt)
        application = web.Application(
            middlewares=[
                tell(self._core, self._page.has),
                self._answer_refusals,
                manners.before,
                faults.answer_instead,
                self._authenticate,
            ]
        )
        application[CORE] = self._core
        application[TURNS] = itertools.count()
        application.add_routes(
            [
                web.get("/ground/{ground_id}/devices", self._get_devices),
                web.post("/ground/{ground_id}/devices", self._post_device),
                web.get(_DEVICE, self._get_device),
                web.get(_DEVICE + "/assets", self._get_assets),
                web.post(_DEVICE + "/assets", self._post_asset),
                web.put(_DEVICE + "/abcl", self._put_abcl),
                web.get(_DEVICE + "/state", self._get_states),
                web.put(_DEVICE + "/state", self._put_states),
                web.get(_ASSET, self._get_asset),
                web.put(_ASSET, self._put_asset),
                web.delete(_ASSET, self._delete_asset),
                web.get(_ASSET + "/state", self._get_state),
                web.put(_ASSET + "/state", self._put_state),
                web.get(_ASSET + "/states", self._get_history),
                web.put(_ASSET + "/{stream:command|event}", self._put_message),
                *faults.routes(),
                *self._page.routes(),
            ]
        )
        self._runner = web.AppRunner(
            application, access_log=None, keepalive_timeout=IDLE_TIMEOUT_S, shutdown_timeout=1
        )
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket, ssl_context=tls).start()
        return self._socket.getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        await stop_accepting(self._socket)
        self._page.stop()
        await self._runner.cleanup()

    # Around every request

    @web.middleware
    async def _answer_refusals(self, request, handler):
        try:
            return await handler(request)
        except Refused as refusal:
            status, text = refusal.status, str(refusal)
        except web.HTTPException as error:
            status, text = error.status, error.reason
        self._core.log(f"REST {request.method} {shown_path(request)} -> {status}: {text}")
        return await answer(request, status, {"status": status, "error": text})

    @web.middleware
    async def _authenticate(self, request, handler):
        if self._page.has(request.path):  # it looks after itself
            return await handler(request)
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Refused(401, "there is no token; send the header Authorization: Bearer <token>")
        token = self._store.token(text.strip())
        if token is None:
            raise Refused(403, f"the token {mask(text.strip())} is not known")
        request[TOKEN] = token
        return await handler(request)

    def _device(self, request) -> Device:
        return self._core.device(request[TOKEN], request.match_info["device_id"])

    def _asset(self, request) -> Asset:
        return self._core.asset(self._device(request).id, request.match_info["name"])

    # Grounds and devices

    def _ground_token(self, request) -> Token:
        token = request[TOKEN]
        if token.device_id is not None or token.ground_id != request.match_info["ground_id"]:
            raise Refused(403, "this needs the token of that ground")
        return token

    async def _post_device(self, request):
        token = self._ground_token(request)
        fields = await read(request, lambda body: lower_keys(body, "a device"))
        title = fields.get("title") or fields.get("name") or "Device"
        name = fields.get("name") or title
        if not isinstance(title, str) or not isinstance(name, str):
            raise Refused(400, "title and name have to be strings")
        device, device_token = self._store.create_device(token.ground_id, name, title)
        self._core.log(f"device {device.id} created: {shown(title)}")
        created = self._device_object(device) | {"token": device_token.text}
        return await answer(request, 201, created)

    async def _get_devices(self, request):
        devices = self._store.devices(self._ground_token(request).ground_id)
        return await answer(request, 200, [self._device_object(device) for device in devices])

    async def _get_device(self, request):
        return await answer(request, 200, self._device_object(self._device(request)))

    async def _put_abcl(self, request):
        """Keep the layout of a device's binary states: a path of this platform's own."""
        device = self._device(request)
        definition = await read(request, lambda body: body)
        try:
            if definition is not None:
                abcl_states.check(definition)
        except ValueError as error:
            raise Refused(400, str(error)) from None
        self._store.set_abcl(device.id, definition)
        self._core.log(f"device {device.id[:8]}… ABCL {'off' if definition is None else 'on'}")
        return await answer(request, 200, definition or {})

    # Assets

    async def _get_assets(self, request):
        return await answer(request, 200, self._asset_objects(self._device(request)))

    async def _get_asset(self, request):
        return await answer(request, 200, self._asset_object(self._asset(request)))

    async def _post_asset(self, request):
        device = self._device(request)
        fields = await read(request, lambda body: lower_keys(body, "an asset"))
        return await self._keep_asset(request, device, fields, None)

    async def _put_asset(self, request):
        device = self._device(request)
        fields = await read(request, lambda body: lower_keys(body, "an asset"))
        fields["name"] = request.match_info["name"]
        present = self._store.asset(device.id, fields["name"])
        return await self._keep_asset(request, device, fields, present)

    async def _keep_asset(self, request, device, fields, present):
        try:
            asset = assets.read_asset(device.id, fields, present)
        except ValueError as error:
            raise Refused(400, str(error)) from None
        if present is None and self._store.asset(device.id, asset.name):
            raise Refused(400, f"the device has an asset {asset.name} already")
        self._store.put_asset(asset)
        done = "updated" if present else "created"
        self._core.log(
            f"device {device.id[:8]}… asset {asset.name} {done}:"
            f" {asset.kind}, {shown(asset.profile['type'])}"
        )
        kept = self._store.asset(device.id, asset.name)
        return await answer(request, 200 if present else 201, self._asset_object(kept))

    async def _delete_asset(self, request):
        asset = self._asset(request)
        self._store.delete_asset(asset)
        self._core.log(f"device {asset.device_id[:8]}… asset {asset.name} deleted")
        return web.Response(status=204)

    # States, commands and events

    async def _get_state(self, request):
        asset = self._asset(request)
        state = state_object(self._store.last_state(asset))
        return await answer(request, 200, {"id": asset.id, "state": state})

    async def _put_state(self, request):
        asset = self._asset(request)
        state = await read(request, read_state)
        await self._core.set_states(asset.device_id, {asset.name: state})
        return await answer(request, 200, state_object(self._store.last_state(asset)))

    async def _get_states(self, request):
        states = {
            asset.name: state_object(self._store.last_state(asset))
            for asset in self._store.assets(self._device(request).id)
        }
        return await answer(
            request, 200, {name: state for name, state in states.items() if state is not None}
        )

    async def _put_states(self, request):
        device = self._device(request)
        await self._core.set_states(device.id, await read(request, read_states))
        return web.Response(status=204)

    async def _get_history(self, request):
        asset = self._asset(request)
        query = request.query
        try:
            from_ms = parse_time(query.get("from", _ALL_TIMES[0]))
            to_ms = parse_time(query.get("to", _ALL_TIMES[1]))
            page = int(query.get("page", "0"))
            if not 0 <= page < 2**31:
                raise ValueError("page has to be 0 or more")
        except ValueError as error:
            raise Refused(400, str(error)) from None
        states = self._store.history(asset, from_ms, to_ms, page, PAGE_LENGTH)
        rows = [{"at": format_time(state.at_ms), "data": state.value} for state in states]
        return await answer(request, 200, {"data": rows})

    async def _put_message(self, request):
        asset = self._asset(request)
        value, _ = await read(request, read_state)
        stream = request.match_info["stream"]
        message = await self._core.send(asset.device_id, asset.name, stream, value)
        return await answer(request, 200, message)

    # The shapes of answers

    def _device_object(self, device):
        return {
            "id": device.id,
            "name": device.name,
            "title": device.title,
            "groundId": device.ground_id,
            "createdOn": format_time(device.created_ms),
            "updatedOn": format_time(device.updated_ms),
            "assets": self._asset_objects(device),
        }

    def _asset_objects(self, device):
        return [self._asset_object(asset) for asset in self._store.assets(device.id)]

    def _asset_object(self, asset):
        return assets.asset_object(asset, self._store.last_state(asset))
