"""One REST request, over `urequests`: the only place that knows this engine."""

import gc
import json

from . import __version__
from .dialing import lend
from .exchange import Exchange
from .loading import function

try:
    import urequests as engine
except ImportError:  # the unix ports and new firmware have it under this name only
    import requests as engine
if hasattr(engine, "__getattr__"):  # today's urequests forwards to requests, name by name
    import requests as engine

_BODY_MAX = 4096  # bytes of an answer that is not read as a stream


def request(client, method, path, body=None, stream=False):
    """Return the JSON of a 2xx answer (None if empty), or the Exchange to read it from.

    Raises AllThingsTalkException for everything else.
    """
    gc.collect()
    exchange = None
    try:
        link = client._net.dial(client.http, client._timeout_s, client._ca)
        exchange = Exchange(link, client._net, client._timeout_s)
        headers = {
            "Host": client.http.split("://")[1],
            "Authorization": "Bearer " + client.token,
            "User-Agent": "ATTalk-MicroPythonSDK/" + __version__,
        }
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        # The scheme is for the engine only: the Link is TLS already where it has to be.
        lend(
            engine,
            exchange,
            lambda: engine.request(method, "http://link" + path, data=data, headers=headers),
        )
        status = exchange.status
        if not 200 <= status <= 299:
            raise function("refusals.refusal")(client.token, status, path, exchange)
        if stream:
            kept, exchange = exchange, None
            return kept
        text = _body(exchange, _BODY_MAX)
        return json.loads(text) if text else None
    except (OSError, ValueError, RuntimeError, IndexError) as e:
        raise function("refusals.unavailable")(client.http, e)
    finally:
        if exchange:
            exchange.close()


def _body(exchange, most):
    text = b""
    while True:
        piece = exchange.read(most + 1 - len(text))
        if not piece:
            return text
        text += piece
        if len(text) > most:
            raise ValueError("an answer of more than %d bytes" % most)


def quoted(name):
    """Percent-encode a name as a part of a path (RFC 3986, unreserved characters stay)."""
    text = b""  # chr() keeps each character for ever
    for c in name.encode():
        safe = 48 <= c < 58 or 65 <= c < 91 or 97 <= c < 123 or c in b"-_.~"
        text += bytes((c,)) if safe else b"%%%02X" % c
    return text.decode()


def path(device_id, asset_name=None):
    """Return the path of a device, or of one of its assets."""
    text = "%s/device/%s" % ("", quoted(device_id))
    return text if asset_name is None else "%s/asset/%s" % (text, quoted(asset_name))
