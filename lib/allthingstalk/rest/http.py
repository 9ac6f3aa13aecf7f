"""One REST request, over `urequests`: the only place that knows this engine."""

import gc
import json

from .. import __version__
from ..connect.dial import dial, lend
from .http_socket import HttpSocket

try:
    import urequests as engine
except ImportError:  # the unix ports and new firmware have it under this name only
    import requests as engine
if hasattr(engine, "__getattr__"):  # today's urequests forwards to requests, name by name
    import requests as engine

_PAUSE_MS = 2
_BODY_MAX = 4096  # bytes of an answer that is not read as a stream


def request(client, method, path, body=None, stream=False):
    """Return the JSON of a 2xx answer (None if empty), or the HttpSocket to read it from.

    Raises AllThingsTalkException for everything else.
    """
    gc.collect()
    answer = None
    try:
        answer = HttpSocket(_link(client), client.net, client.timeout)
        headers = {
            "Host": client.http.split("://")[1],
            "Authorization": "Bearer " + client.token,
            "User-Agent": "ATTalk-MicroPythonSDK/" + __version__,
        }
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        # The scheme is for the engine only: the link is TLS already where it has to be.
        lend(
            engine,
            answer,
            lambda: engine.request(method, "http://link" + path, data=data, headers=headers),
        )
        if not 200 <= answer.status <= 299:
            from .refusals import refusal

            raise refusal(client.token, path, answer)
        if stream:
            kept, answer = answer, None
            return kept
        text = _body(answer, _BODY_MAX)
        return json.loads(text) if text else None
    except (OSError, ValueError, RuntimeError, IndexError) as e:
        from .refusals import unavailable

        raise unavailable(client.http, e)
    finally:
        if answer:
            answer.close()


def _link(client):
    """Return a link to the REST side."""
    net = client.net

    def stage():
        if client.watchdog:
            client.watchdog.progress()

    way = dial(net, client.http, client.timeout, client.ca, stage)
    while True:
        try:
            next(way)
        except StopIteration as e:
            return e.value
        net.sleep_ms(_PAUSE_MS)


def _body(answer, most):
    text = b""
    while True:
        piece = answer.read(most + 1 - len(text))
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
