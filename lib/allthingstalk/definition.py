"""Brings the platform's assets of a device in line with its declaration. Let go afterwards."""

from .loading import function, unload


def settle(client, device):
    """Create what is missing, compare the rest; a device without id is created first.

    `client` is a Client or anyone's own. Raises AssetMismatchException where kind or profile
    type differ and `device.overwrite_assets` is not set, and what the client's calls raise.
    """
    if device.id is None:
        _create(client, device)
    path = getattr(client, "_digest", None)
    if path:
        line = function("digest.of")(client, device)
        if not device._look_again and line in function("digest.kept")(path):
            device._unsettled = 0
            return
    missing = dict([(asset.name, asset) for asset in device.assets.values()])
    differing = []
    mismatch = None
    for found in _each(client, device.id):
        declared = missing.pop(found.name, None)
        if declared:
            mismatch = mismatch or _compare(declared, found, device.overwrite_assets, differing)
    unload(" .asset_list ")  # to create takes as much memory again
    if mismatch:  # not before the list is read to its end: that closes its socket
        raise mismatch
    # In the order of declaration: a dashboard shows assets in the order of their creation.
    for asset in sorted(missing.values(), key=lambda a: a._order):
        _create_asset(client, device, asset, differing)
    if differing and not hasattr(client, "update_asset"):
        raise NotImplementedError("this client overwrites no assets: it has no update_asset()")
    for asset in differing:
        _take(asset, client.update_asset(device.id, asset))
    device._unsettled = device._look_again = 0
    if path:
        function("digest.keep")(path, device.id, line)


def _each(client, device_id):
    """Return an iterator over the platform's assets of a device, one in memory at a time."""
    if not hasattr(client, "_connect_device"):  # a client of somebody's own
        return client.get_assets(device_id)
    from .rest_assets import each_asset

    return each_asset(client, device_id)


def _create(client, device):
    if not hasattr(client, "create_device"):
        raise NotImplementedError("this client creates no devices: pass id='...'")
    device.id = client.create_device(device.__class__.__name__)
    own = getattr(client, "_numbers", {}).pop(id(device), None)
    if own:  # values assigned while it had no id are addressed now
        state_topic = function("names.state_topic")
        client._numbers[device.id] = own
        for name in own:
            client._topics[own[name]] = state_topic(device.id, name)


def _create_asset(client, device, asset, differing):
    try:
        found = client.create_asset(device.id, asset)
    except Exception as e:
        # 400 is what the platform says for a name that exists: made by another of our tries.
        if getattr(e, "status", 0) not in (400, 409):
            raise
        found = None
        for other in _each(client, device.id):
            if other.name == asset.name:
                found = other
        if found is None:
            raise e
        mismatch = _compare(asset, found, device.overwrite_assets, differing)
        if mismatch:
            raise mismatch
        return
    _take(asset, found)


def _take(asset, found):
    if found is not None:  # a client of somebody's own may return nothing
        asset.id = found.id
        asset.thing_id = found.thing_id


def _compare(asset, found, overwrite, differing):
    """Return an AssetMismatchException or None; note the asset in `differing` to overwrite it."""
    same = asset.kind == found.kind and _type(asset) == _type(found)
    if not same and not overwrite:
        return function("exceptions.AssetMismatchException")(
            asset.name, (asset.kind, asset.type), (found.kind, found.type)
        )
    if overwrite and not (
        same
        and (asset._schema == found._schema or found.type == "location")
        and (asset.title or asset.name) == found.title
        and asset.description == found.description
    ):
        differing.append(asset)
    _take(asset, found)


def _type(asset):
    """Return the profile type; 'location' is the platform's shorthand for the geo object."""
    properties = asset._schema.get("properties") if asset._schema else None
    if isinstance(properties, dict) and "latitude" in properties and "longitude" in properties:
        return "location"
    return asset.type
