"""The REST calls for assets and devices. Loaded while needed, let go afterwards."""

from .loading import function
from .request import path, quoted, request


def _definition(asset):
    return {
        "name": asset.name,
        "title": asset.title or asset.name,
        "description": asset.description,
        "is": asset.kind,
        "profile": asset._schema,
    }


def _as_asset(client, d):
    from .asset_object import from_dict

    try:
        return from_dict(d)
    except (KeyError, TypeError, AttributeError) as e:
        raise function("refusals.unavailable")(client.http, e)


def each_asset(client, device_id):
    """Yield the assets of a device one by one, as they arrive."""
    from .asset_list import assets

    exchange = request(client, "GET", path(device_id) + "/assets", stream=True)
    try:
        for asset in assets(exchange.read, client._report):
            yield asset
    except (OSError, ValueError) as e:
        raise function("refusals.unavailable")(client.http, e)
    finally:
        exchange.close()


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
    from .names import checked_name

    title = title or "MicroPython device"
    answer = request(
        client, "POST", "/ground/%s/devices" % quoted(ground), {"title": title, "name": title}
    )
    try:
        return checked_name(answer["id"], "device id")
    except (KeyError, TypeError, ValueError):  # what was answered is not repeated
        raise function("refusals.unavailable")(
            client.http, ValueError("the device has no id that can be one")
        )
