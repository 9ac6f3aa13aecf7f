"""Brings the platform's assets of a device in line with its declaration."""

import json


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
    missing = dict([(asset.name, asset) for asset in device.assets.values()])
    differing = []
    mismatch = None
    for found in _each(client, device.id, ours):
        declared = missing.pop(found.name, None)
        if declared:
            mismatch = mismatch or compare(declared, found, device.overwrite_assets, differing)
    if mismatch:  # not before the list is read to its end: that closes its socket
        raise mismatch
    # In the order of declaration: a dashboard shows assets in the order of their creation.
    for asset in sorted(missing.values(), key=lambda asset: asset.order):
        _create(client, device, ours, asset, differing)
    if differing and not hasattr(client, "update_asset"):
        raise NotImplementedError("this client overwrites no assets: it has no update_asset()")
    for asset in differing:
        _identify(asset, client.update_asset(device.id, asset))
    if ours:
        client.devices[device] = None
    if path:
        digest.keep(path, device.id, line)


def _identify(asset, found):
    """Take over the ids of the platform's asset, if there is one."""
    if found is not None:  # a client of somebody's own may return nothing
        asset.id = found.id
        asset.thing_id = found.thing_id


def _each(client, device_id, ours):
    """Return an iterator over the platform's assets of a device, one in memory at a time."""
    if not ours:  # a client of somebody's own
        return client.get_assets(device_id)
    from .assets import each_asset

    return each_asset(client, device_id)


def _create(client, device, ours, asset, differing):
    try:
        if ours:
            from .assets import create_asset

            found = create_asset(client, device.id, asset)
        else:
            found = client.create_asset(device.id, asset)
    except Exception as e:
        from .status_codes import kind

        if kind(getattr(e, "status", None)) != b"exists":  # made by another of our tries
            raise
        found = None
        for other in _each(client, device.id, ours):
            if other.name == asset.name:
                found = other
        if found is None:
            raise e
        mismatch = compare(asset, found, device.overwrite_assets, differing)
        if mismatch:
            raise mismatch
        return
    _identify(asset, found)


def compare(asset, found, overwrite_assets, differing):
    """Return an AssetMismatchException or None; note in `differing` an asset to be overwritten."""
    same = asset.kind == found.kind and _type(asset) == _type(found)
    if not same and not overwrite_assets:
        from ..exceptions import AssetMismatchException

        return AssetMismatchException(
            asset.name, (asset.kind, asset.type), (found.kind, found.type)
        )
    if overwrite_assets and not (
        same
        and (_as_json(asset.schema) == found.schema or found.type == "location")
        and (asset.title or asset.name) == found.title
        and asset.description == found.description
    ):
        differing.append(asset)
    _identify(asset, found)
    return None


def _as_json(schema):
    """Return a profile as it comes back from the platform: JSON may cut digits of a float."""
    return json.loads(json.dumps(schema))


def _type(asset):
    """Return the profile type; 'location' is the platform's shorthand for the geo object."""
    properties = asset.schema.get("properties") if asset.schema else None
    if isinstance(properties, dict) and "latitude" in properties and "longitude" in properties:
        return "location"
    return asset.type
