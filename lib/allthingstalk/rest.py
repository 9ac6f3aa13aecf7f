"""The REST calls of the platform, over `urequests`. Loaded while needed, let go afterwards."""

import gc
import json

from . import __version__
from .asset_list import assets as read_assets
from .asset_state import AssetState
from .assets import Asset
from .exchange import Exchange
from .transport import lend

try:
    import urequests as engine
except ImportError:  # the unix ports and new firmware have it under this name only
    import requests as engine
if hasattr(engine, "__getattr__"):  # today's urequests forwards to requests, name by name
    import requests as engine

_BODY_MAX = 4096  # bytes of an answer that is not read as a stream


def _request(client, method, path, body=None, stream=False):
    """Return the JSON of a 2xx answer (None if empty), or the Exchange to read it from.

    Raises the exception of api.md's table for everything else.
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
        answer = lend(
            engine,
            exchange,
            lambda: engine.request(method, "http://h" + path, data=data, headers=headers),
        )
        status = answer.status_code
        if not 200 <= status <= 299:
            from .refusals import refusal

            raise refusal(client.token, status, path, exchange)
        if stream:
            kept, exchange = exchange, None
            return kept
        text = _body(exchange, _BODY_MAX)
        return json.loads(text) if text else None
    except (OSError, ValueError, NotImplementedError, IndexError) as e:
        from .refusals import unavailable

        raise unavailable(client.http, e)
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


def _quoted(name):
    """Percent-encode a name as a part of a path (RFC 3986, unreserved characters stay)."""
    text = ""
    for c in name.encode():
        if 48 <= c < 58 or 65 <= c < 91 or 97 <= c < 123 or c in b"-_.~":
            text += chr(c)
        else:
            text += "%%%02X" % c
    return text


def _device(device_id):
    return "/device/" + _quoted(device_id)


def _path(device_id, asset_name):
    return _device(device_id) + "/asset/" + _quoted(asset_name)


def _definition(asset):
    return {
        "name": asset.name,
        "title": asset.title or asset.name,
        "description": asset.description,
        "is": asset.kind,
        "profile": asset._schema,
    }


def _as_asset(client, d):
    try:
        return Asset.from_dict(d)
    except (KeyError, TypeError, AttributeError) as e:
        from .refusals import unavailable

        raise unavailable(client.http, e)


def each_asset(client, device_id):
    """Yield the assets of a device one by one, as they arrive."""
    exchange = _request(client, "GET", _device(device_id) + "/assets", stream=True)
    try:
        for asset in read_assets(exchange.read, client._report):
            yield asset
    except (OSError, ValueError) as e:
        from .refusals import unavailable

        raise unavailable(client.http, e)
    finally:
        exchange.close()


def get_assets(client, device_id):
    return list(each_asset(client, device_id))


def get_asset(client, device_id, asset_name):
    return _as_asset(client, _request(client, "GET", _path(device_id, asset_name)))


def create_asset(client, device_id, asset):
    return _as_asset(
        client, _request(client, "POST", _device(device_id) + "/assets", _definition(asset))
    )


def update_asset(client, device_id, asset):
    return _as_asset(
        client, _request(client, "PUT", _path(device_id, asset.name), _definition(asset))
    )


def delete_asset(client, device_id, asset_name):
    _request(client, "DELETE", _path(device_id, asset_name))


def get_asset_state(client, device_id, asset_name):
    """Return the state on the platform, or None where it was never set (null or no body)."""
    try:
        answer = _request(client, "GET", _path(device_id, asset_name) + "/state")
    except Exception as e:
        if getattr(e, "status", None) is None:
            raise
        from .exceptions import AssetStateRetrievalException

        raise AssetStateRetrievalException(str(e), status=e.status)
    # Nested under "state" or flat: both are seen (platform-api, section 2).
    state = answer.get("state", answer) if isinstance(answer, dict) else None
    if not isinstance(state, dict) or state.get("value") is None:
        return None
    at = state.get("at")
    try:
        return AssetState(state["value"], at if isinstance(at, str) else None)
    except ValueError:
        return AssetState(state["value"])


def put_state(client, device_id, asset_name, body):
    """Write a state; `body` is the JSON text. The answer's body is never parsed."""
    exchange = _request(client, "PUT", _path(device_id, asset_name) + "/state", body, stream=True)
    exchange.close()


def create_device(client, ground, title):
    """Create a device and return its id. A ground's token is needed (platform-api, section 2).

    Raises NotImplementedError without a ground: a device token can create no device.
    """
    if not ground:
        raise NotImplementedError(
            "a device is created in a ground: pass Client(..., ground='id') with that ground's "
            "token, or create the device on the platform and pass its id"
        )
    title = title or "MicroPython device"
    answer = _request(
        client, "POST", "/ground/" + _quoted(ground) + "/devices", {"title": title, "name": title}
    )
    try:
        return answer["id"]
    except (KeyError, TypeError) as e:
        from .refusals import unavailable

        raise unavailable(client.http, e)
