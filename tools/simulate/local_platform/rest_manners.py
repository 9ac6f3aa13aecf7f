"""Manners over REST: interim answers and passing refusals. Bodies: rest_messages.py."""

import itertools
from collections.abc import Callable

from aiohttp import web

from .core import Core
from .manners import INTERIM, PASSING_STATUSES


class RestManners:
    """The manners' part of one RestApi.

    Args:
        core: the platform's rules, which know the manners.
        answer: answers a request with a status, a body and more headers.
        concerns: returns whether manners are shown to a request: to devices, not to people.
    """

    def __init__(self, core: Core, answer: Callable, concerns: Callable[[web.Request], bool]):
        self._core = core
        self._answer = answer
        self._concerns = concerns
        self._requests = itertools.count(1)
        self._refusals = itertools.cycle(PASSING_STATUSES)

    @web.middleware
    async def before(self, request: web.Request, handler: Callable) -> web.StreamResponse:
        """Send interim answers, and refuse the request if it is its turn."""
        manners = self._core.manners
        if not self._concerns(request):
            return await handler(request)
        # HTTP/1.0 knows none (RFC 9110, section 15.2).
        if manners.interim and request.version >= (1, 1):
            request.transport.write(INTERIM)
        if not manners.refuse_every or next(self._requests) % manners.refuse_every:
            return await handler(request)
        status = next(self._refusals)
        self._core.log(f"REST {request.method} is refused with {status} this time")
        headers = {"Connection": "close"} if status == 408 else {}
        return await self._answer(request, status, {"status": status, "error": "later"}, headers)
