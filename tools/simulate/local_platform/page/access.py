"""Who may see and do what on the page, and that it is the page who asks.

Where the platform listens on this machine only, no token is asked for: it is as its own console.
Then other sites in the same browser are the danger. They are told by Host (their own name, led to
this machine by DNS), Origin and Sec-Fetch-Site. With a token, which the page sends itself and no
browser adds to another site's request, the same is checked all the same.
"""

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from ..core import Refused, mask
from ..store import Store, Token


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine's, for itself only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Access:
    """The rights of one page.

    Args:
        store: where tokens are kept.
        host: the address that the platform listens on.
    """

    def __init__(self, store: Store, host: str):
        self.is_open = is_loopback(host)
        self._store = store

    def token(self, request: web.Request) -> Token:
        """Return the token with which a request acts.

        Raises:
            Refused: 401 there is none, 403 it is not known, or it is not the page who asks.
        """
        self._check_origin(request)
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            if self.is_open:
                return self._store.ground_token()
            raise Refused(401, "the page needs a token: that of a device, or of the ground")
        token = self._store.token(text.strip())
        if token is None:
            raise Refused(403, f"the token {mask(text.strip())} is not known")
        return token

    def _check_origin(self, request):
        headers = request.headers
        host = headers.get("Host", "")
        if self.is_open and not is_loopback(_name(f"//{host}")):
            raise Refused(403, "the page is for this machine: open it as localhost or 127.0.0.1")
        origin = headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise Refused(403, "another site's page may not ask this")
        if headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise Refused(403, "another site's page may not ask this")
        # What a form of another site can send is no JSON.
        if request.method != "GET" and request.content_type != "application/json":
            raise Refused(403, "the body has to be sent as application/json")


def _name(address):
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
