"""Tells those who watch what devices, and programs in their place, ask over REST."""

from collections.abc import Callable

from aiohttp import web

from .core import Core, shown_id
from .payloads import shown
from .rest_messages import BODY, TOKEN
from .watching import Message


def tell(core: Core, is_left_out: Callable[[str], bool]) -> Callable:
    """Return the middleware that does so; it stands before those which answer.

    Args:
        core: the platform's rules, and who watches.
        is_left_out: returns whether a path is nobody's concern.
    """

    @web.middleware
    async def middleware(request, handler):
        response = await handler(request)
        if not is_left_out(request.path):
            what = f"{request.method} {shown_path(request)}"
            device_id, token = request.match_info.get("device_id"), request.get(TOKEN)
            device_id = device_id and shown_id(device_id)
            body, status = request.get(BODY, b""), str(response.status)
            core.watching.message(Message("REST", "in", what, device_id, token, body, status))
        return response

    return middleware


def shown_path(request: web.Request) -> str:
    """Return a request's path; a token given where the id belongs stays a secret."""
    return shown("/".join(shown_id(part) for part in request.path.split("/")))
