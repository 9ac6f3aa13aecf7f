"""What a Client is rarely asked for: its low-level calls, and how its loop is started otherwise.

The low-level calls do not retry, and raise what goes wrong. Their module is loaded for that long
only, as is this one.
"""

# call -> function that does it, of which REST's modules stay as long as they work
_REST = {
    "get_assets": "rest_assets",
    "create_asset": "rest_assets",
    "update_asset": "rest_assets",
    "delete_asset": "rest_assets",
    "get_asset_state": "rest_states",
}
_NEEDED = ("get_assets", "create_asset", "get_asset_state", "publish_asset_state")


def missing(name):
    """Return what a BaseClient without one of its four calls has in its place."""
    if name not in _NEEDED:
        raise AttributeError("a client has no '%s'" % name)

    def call(*args):
        raise NotImplementedError(name)

    return call


def found(client, name):
    """Return a call of a Client.

    - `get_assets(device_id)`: the assets that a device has on the platform, a list of Asset.
    - `create_asset(device_id, asset)`: create an asset, return it as the platform keeps it.
    - `update_asset(device_id, asset)`: overwrite title, description, kind and profile; return it.
    - `delete_asset(device_id, asset_name)`: delete an asset and its history.
    - `get_asset_state(device_id, asset_name)`: the platform's AssetState, None if never set.
    - `create_device(title=None, *, ground=None)`: create a device in a ground and return its id;
      a ground token is needed. Raises NotImplementedError without a ground: a device token can
      create no device.
    """
    module = _REST.get(name)
    if module:
        return lambda *args: client._rest(module + "." + name, *args)
    if name != "create_device":
        raise AttributeError("a Client has no '%s'" % name)

    def create_device(title=None, *, ground=None):
        return client._rest("rest_assets.create_device", ground or client._ground, title)

    return create_device
