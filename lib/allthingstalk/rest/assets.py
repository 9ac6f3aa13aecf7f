"""The assets of a device on the platform: listed as a stream, created, overwritten."""

from ..assets import Asset
from ..utf8 import loads
from .http import entries, path, request, unreadable


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
        raise unreadable(client, e)


def each_asset(client, device_id):
    """Yield the assets of a device one by one, as they arrive."""
    answer = request(client, "GET", path(device_id) + "/assets", stream=True)
    try:
        for asset in assets(answer.read, client.report):
            yield asset
    except (OSError, ValueError) as e:
        raise unreadable(client, e)
    finally:
        answer.close()


def create_asset(client, device_id, asset):
    return _as_asset(
        client, request(client, "POST", path(device_id) + "/assets", _definition(asset))
    )


def update_asset(client, device_id, asset):
    return _as_asset(
        client, request(client, "PUT", path(device_id, asset.name), _definition(asset))
    )


def assets(read, report):
    """Yield an Asset for each entry of a JSON array that `read(n)` returns piece by piece.

    An entry that cannot be read is skipped, and `report(text)` is told. ValueError if it is no
    JSON array, ends early or does not end.
    """
    for entry in entries(read, 1):
        asset = None if entry is None else _asset(entry)
        if asset:
            yield asset
        else:
            report("an entry of the list of assets cannot be read and was skipped")


def _asset(entry):
    try:
        asset = Asset.from_dict(loads(entry))
        return asset if isinstance(asset.name, str) else None
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        return None
