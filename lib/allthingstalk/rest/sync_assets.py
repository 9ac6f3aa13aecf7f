"""Brings the platform's assets of a device in line with its declaration."""


def connect_with(client, device):
    """Settle the assets with a client of somebody's own; return whether the device is on line."""
    online = True
    try:
        settle(client, device)
    except Exception as e:
        if not getattr(e, "passing", False):
            raise
        online = False
    if hasattr(client, "_attach_device"):
        client._attach_device(device)
    return online


def settle(client, device, attached=None):
    """Create what is missing, compare the rest; a device without id is created first.

    `client` is a Client, which knows the device as `attached`, or anyone's own. Raises
    AssetMismatchException where kind or profile type differ and `device.overwrite_assets` is not
    set, and what the client's calls raise.
    """
    if device.id is None:
        _create(client, device, attached)
    path = client.digest if attached else None
    if path:
        from . import digest

        line = digest.of(client, device)
        if attached.look != "again" and line in digest.kept(path):
            attached.looked()
            return
    missing = dict([(asset.name, asset) for asset in device.assets.values()])
    differing = []
    mismatch = None
    for found in _each(client, device.id, attached):
        declared = missing.pop(found.name, None)
        if declared:
            mismatch = mismatch or compare(declared, found, device.overwrite_assets, differing)
    if mismatch:  # not before the list is read to its end: that closes its socket
        raise mismatch
    # In the order of declaration: a dashboard shows assets in the order of their creation.
    for asset in sorted(missing.values(), key=lambda a: a.order):
        _create_asset(client, device, attached, asset, differing)
    if differing and not hasattr(client, "update_asset"):
        raise NotImplementedError("this client overwrites no assets: it has no update_asset()")
    for asset in differing:
        asset.identify(client.update_asset(device.id, asset))
    if attached:
        attached.looked()
    if path:
        digest.keep(path, device.id, line)


def _each(client, device_id, attached):
    """Return an iterator over the platform's assets of a device, one in memory at a time."""
    if not attached:  # a client of somebody's own
        return client.get_assets(device_id)
    from .calls import each_asset

    return each_asset(client, device_id)


def _create(client, device, attached):
    if not hasattr(client, "create_device"):
        raise NotImplementedError("this client creates no devices: pass id='...'")
    device.__identify__(client.create_device(device.__class__.__name__))
    if attached and client.loop:  # values assigned while it had no id are addressed now
        client.loop.publisher.topics.rename(id(device), device.id)


def _create_asset(client, device, attached, asset, differing):
    try:
        found = client.create_asset(device.id, asset)
    except Exception as e:
        # 400 is what the platform says for a name that exists: made by another of our tries.
        if getattr(e, "status", 0) not in (400, 409):
            raise
        found = None
        for other in _each(client, device.id, attached):
            if other.name == asset.name:
                found = other
        if found is None:
            raise e
        mismatch = compare(asset, found, device.overwrite_assets, differing)
        if mismatch:
            raise mismatch
        return
    asset.identify(found)


def compare(asset, found, overwrite, differing):
    """Return an AssetMismatchException or None; note the asset in `differing` to overwrite it."""
    same = asset.kind == found.kind and _type(asset) == _type(found)
    if not same and not overwrite:
        from ..exceptions import AssetMismatchException

        return AssetMismatchException(
            asset.name, (asset.kind, asset.type), (found.kind, found.type)
        )
    if overwrite and not (
        same
        and (asset.schema == found.schema or found.type == "location")
        and (asset.title or asset.name) == found.title
        and asset.description == found.description
    ):
        differing.append(asset)
    asset.identify(found)
    return None


def _type(asset):
    """Return the profile type; 'location' is the platform's shorthand for the geo object."""
    properties = asset.schema.get("properties") if asset.schema else None
    if isinstance(properties, dict) and "latitude" in properties and "longitude" in properties:
        return "location"
    return asset.type
