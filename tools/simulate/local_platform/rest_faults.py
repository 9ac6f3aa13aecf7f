"""Faults over REST: what answers a request without carrying it out, and the rows that set faults.

The rows are our own, for the command line; they need the ground's token and have no faults:
``GET``, ``PUT`` and ``DELETE /ground/{groundId}/faults``.
"""

from collections.abc import Callable

from aiohttp import web

from .core import Core, Refused
from .payloads import lower_keys
from .rest_messages import answer, may_be_spoilt, read
from .store import Token


class RestFaults:
    """The faults' part of one RestApi.

    Args:
        core: the platform's rules, asked for faults.
        ground_token: returns the token of a request, or raises Refused if it is not its ground's.
    """

    def __init__(self, core: Core, ground_token: Callable[[web.Request], Token]):
        self._core = core
        self._ground_token = ground_token

    def routes(self) -> list[web.RouteDef]:
        """Return the rows for the application."""
        path = "/ground/{ground_id}/faults"
        return [
            web.get(path, self._get),
            web.put(path, self._put),
            web.delete(path, self._delete),
        ]

    @web.middleware
    async def answer_instead(self, request: web.Request, handler: Callable) -> web.StreamResponse:
        """Answer with the status that a fault wants, or let the request go on."""
        status = self._core.fault("rest_status") if may_be_spoilt(request) else None
        if status is None:
            return await handler(request)
        after_s = self._core.fault("retry_after")
        headers = {} if after_s is None else {"Retry-After": str(after_s)}
        return await answer(request, status, {"status": status, "error": "a fault"}, headers)

    async def _get(self, request):
        self._ground_token(request)
        return await answer(request, 200, self._core.faults.active())

    async def _put(self, request):
        self._ground_token(request)
        fields = await read(request, lambda body: lower_keys(body, "a fault"))
        try:
            self._core.faults.set(fields.get("name"), fields.get("value"), fields.get("count"))
        except ValueError as error:
            raise Refused(400, str(error)) from None
        return await answer(request, 200, self._core.faults.active())

    async def _delete(self, request):
        self._ground_token(request)
        try:
            self._core.faults.off(request.query.get("name"))
        except ValueError as error:
            raise Refused(400, str(error)) from None
        return await answer(request, 200, self._core.faults.active())
