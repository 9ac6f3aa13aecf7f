"""The assets of a device on the platform: listed as a stream, written, and brought in line."""

import json

from ..assets import Asset
from ..utf8 import loads


def settle(client, device):
    """Create what is missing, compare the rest; a device without id is created first.

    `client` is a Client or anyone's own. Raises AssetMismatchException where kind or profile
    type differ and `device.overwrite_assets` is not set, and what the client's calls raise.
    """
    ours = hasattr(client, "connect_device")
    if device.id is None:
        from .new_device import create_for

        create_for(client, device, ours)
    path = client.digest if ours else None
    if path:
        from . import digest

        line = digest.of(client, device)
        if client.devices[device] != "again" and line in digest.kept(path):
            client.devices[device] = None
            return
    missing, differing = _look(client, device, ours)
    # In the order of declaration: a dashboard shows assets in the order of their creation.
    for asset in sorted(missing.values(), key=lambda asset: asset.order):
        try:
            if ours:
                _identify(asset, write_asset(client, device.id, asset))
            else:
                _identify(asset, client.create_asset(device.id, asset))
        except Exception as e:
            status = getattr(e, "status", None)
            if status is None:  # no answer: the network, or too little memory
                raise
            from .status_codes import kind

            if kind(status) != b"exists":
                raise
            # Made by another of our tries: it is compared as well.
            missing, differing = _look(client, device, ours)
            if asset.name in missing:
                raise e
    if differing and not hasattr(client, "update_asset"):
        raise NotImplementedError("this client overwrites no assets: it has no update_asset()")
    for asset in differing:
        _identify(asset, client.update_asset(device.id, asset))
    for asset in device.assets.values():
        if asset.thing_id == device.id:
            asset.thing_id = device.id  # one text in memory for all
    if ours:
        client.devices[device] = None
    if path:
        digest.keep(path, device.id, line)


def _look(client, device, ours):
    """Return which assets the platform lacks, {name: asset}, and which are to be overwritten."""
    missing = dict([(asset.name, asset) for asset in device.assets.values()])
    differing, mismatch = [], None
    # One of them in memory at a time.
    for found in each_asset(client, device.id) if ours else client.get_assets(device.id):
        asset = missing.pop(found.name, None)
        if asset:
            mismatch = mismatch or compare(asset, found, device.overwrite_assets, differing)
    if mismatch:  # not before the list is read to its end: that closes its socket
        raise mismatch
    return missing, differing


def compare(asset, found, overwrite_assets, differing):
    """Return an AssetMismatchException or None; note in `differing` an asset to be overwritten."""
    same = asset.kind == found.kind and _type(asset) == _type(found)
    if not same and not overwrite_assets:
        from ..exceptions import AssetMismatchException

        return AssetMismatchException(
            asset.name, (asset.kind, asset.type), (found.kind, found.type)
        )
    # A profile as it comes back from the platform: JSON may cut digits of a float.
    if overwrite_assets and not (
        same
        and (json.loads(json.dumps(asset.schema)) == found.schema or found.type == "location")
        and (asset.title or asset.name) == found.title
        and asset.description == found.description
    ):
        differing.append(asset)
    _identify(asset, found)
    return None


def _identify(asset, found):
    """Take over the ids of the platform's asset, if there is one."""
    if found is not None:  # a client of somebody's own may return nothing
        asset.id = found.id
        asset.thing_id = found.thing_id


def _type(asset):
    """Return the profile type; 'location' is the platform's shorthand for the geo object."""
    properties = asset.schema.get("properties") if asset.schema else None
    if isinstance(properties, dict) and "latitude" in properties and "longitude" in properties:
        return "location"
    return asset.type


# -- over REST; a client of somebody's own does without, and needs no engine for it ----------------


def write_asset(client, device_id, asset, method="POST"):
    """Create an asset, or overwrite it with PUT; return it as the platform keeps it."""
    from . import http

    answer = http.request(
        client,
        method,
        http.path(device_id) + "/assets" if method == "POST" else http.path(device_id, asset.name),
        {
            "name": asset.name,
            "title": asset.title or asset.name,
            "description": asset.description,
            "is": asset.kind,
            "profile": asset.schema,
        },
    )
    try:
        return Asset.from_dict(answer)
    except (KeyError, TypeError, AttributeError) as e:
        raise http.unreadable(client, e)


def each_asset(client, device_id):
    """Yield the assets of a device one by one, as they arrive.

    An entry that cannot be read is skipped, and reported.
    """
    from . import http

    answer = http.request(client, "GET", http.path(device_id) + "/assets", stream=True)
    try:
        for entry in http.entries(answer.read, 1):
            asset = None
            try:
                if entry:
                    asset = Asset.from_dict(loads(entry))
            except (ValueError, KeyError, TypeError, AttributeError, RuntimeError):
                pass
            if asset and isinstance(asset.name, str):
                yield asset
            else:
                client.report("an entry of the list of assets cannot be read and was skipped")
    except (OSError, ValueError) as e:
        raise http.unreadable(client, e)
    finally:
        answer.close()
