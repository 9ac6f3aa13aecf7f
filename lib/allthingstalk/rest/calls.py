"""The calls of the REST API, as a Client has them."""

from micropython import const

from .http import path, quoted, request, unreadable

_STATES_MAX = const(16384)  # bytes of the last states of a device


def get_assets(client, device_id):
    from .assets import each_asset

    return list(each_asset(client, device_id))


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
    from ..topics import checked_name

    title = title or "MicroPython device"
    answer = request(
        client, "POST", "/ground/%s/devices" % quoted(ground), {"title": title, "name": title}
    )
    try:
        return checked_name(answer["id"], "device id")
    except (KeyError, TypeError, ValueError):  # what was answered is not repeated
        raise unreadable(client, ValueError("the device has no id that can be one"))


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
    from ..core.payload import read

    return AssetState(*read(state))


def get_states(client, device_id):
    """Return {asset name: AssetState} of all assets of a device that were ever set.

    `device_id`: any device of the token. Raises as all low-level calls do.
    """
    from ..asset_state import AssetState
    from ..core.payload import read

    answer = request(client, "GET", path(device_id) + "/state", size=_STATES_MAX)
    try:
        return dict(
            [
                (name, AssetState(*read(answer[name])))
                for name in answer
                if answer[name] and answer[name].get("value") is not None
            ]
        )
    except (KeyError, TypeError, AttributeError) as e:
        raise unreadable(client, e)


def send_command(client, device_id, asset_name, value):
    """Send a command to an asset of a device, of this one or another. Returns nothing.

    `device_id`, `asset_name`: whose; `value`: what its handler is to get. The token has to be one
    for that device: its own, or the ground's. Raises as all low-level calls do.
    """
    from ..core.values import check_json

    check_json(value, asset_name)
    request(client, "PUT", path(device_id, asset_name) + "/command", {"value": value})


def create_asset(client, device_id, asset):
    from .assets import write_asset

    return write_asset(client, device_id, asset)


def update_asset(client, device_id, asset):
    from .assets import write_asset

    return write_asset(client, device_id, asset, "PUT")
