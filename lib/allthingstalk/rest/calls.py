"""The REST calls for assets, devices and states."""

from ..assets import Asset
from .http import path, quoted, request


def _unreadable(client, e):
    from .refusals import unavailable

    return unavailable(client.http, e)


def _definition(asset):
    return {
        "name": asset.name,
        "title": asset.title or asset.name,
        "description": asset.description,
        "is": asset.kind,
        "profile": asset.schema,
    }


def _as_asset(client, d):
    try:
        return Asset.from_dict(d)
    except (KeyError, TypeError, AttributeError) as e:
        raise _unreadable(client, e)


def each_asset(client, device_id):
    """Yield the assets of a device one by one, as they arrive."""
    from .asset_stream import assets

    answer = request(client, "GET", path(device_id) + "/assets", stream=True)
    try:
        for asset in assets(answer.read, client.report):
            yield asset
    except (OSError, ValueError) as e:
        raise _unreadable(client, e)
    finally:
        answer.close()


def get_assets(client, device_id):
    return list(each_asset(client, device_id))


def create_asset(client, device_id, asset):
    return _as_asset(
        client, request(client, "POST", path(device_id) + "/assets", _definition(asset))
    )


def update_asset(client, device_id, asset):
    return _as_asset(
        client, request(client, "PUT", path(device_id, asset.name), _definition(asset))
    )


def delete_asset(client, device_id, asset_name):
    request(client, "DELETE", path(device_id, asset_name))


def create_device(client, ground, title):
    """Create a device and return its id. A ground's token is needed (seen in public clients).

    Raises NotImplementedError without a ground: a device token can create no device.
    """
    if not ground:
        raise NotImplementedError(
            "a device is created in a ground: pass Client(..., ground='id') with that ground's "
            "token, or create the device on the platform and pass its id"
        )
    from ..core.topics import checked_name

    title = title or "MicroPython device"
    answer = request(
        client, "POST", "/ground/%s/devices" % quoted(ground), {"title": title, "name": title}
    )
    try:
        return checked_name(answer["id"], "device id")
    except (KeyError, TypeError, ValueError):  # what was answered is not repeated
        raise _unreadable(client, ValueError("the device has no id that can be one"))


def get_asset_state(client, device_id, asset_name):
    """Return the state on the platform, or None where it was never set (null or no body)."""
    try:
        answer = request(client, "GET", path(device_id, asset_name) + "/state")
    except Exception as e:
        if getattr(e, "status", None) is None:
            raise
        from ..exceptions import AssetStateRetrievalException

        raise AssetStateRetrievalException(str(e), status=e.status)
    # Nested under "state" or flat: public clients show both.
    state = answer.get("state", answer) if isinstance(answer, dict) else None
    if not isinstance(state, dict) or state.get("value") is None:
        return None
    from ..asset_state import AssetState
    from ..core.payload import utc

    return AssetState(state["value"], utc(state.get("at")))
