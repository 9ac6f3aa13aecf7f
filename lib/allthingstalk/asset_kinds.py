"""The kinds of assets that fewer devices have. `assets` loads them when they are asked for."""

from .assets import Asset


class ObjectAsset(Asset):
    """Takes a dict, checked against `properties` (a dict of profiles) where declared."""

    type = "object"
    _schema = {"type": "object"}
    _keys = ("properties",)


class ArrayAsset(Asset):
    """Takes a list or tuple, each entry checked against `items` (a profile) where declared."""

    type = "array"
    _schema = {"type": "array"}
    _keys = ("items",)


class GeoAsset(ObjectAsset):
    """Takes a dict with numbers `latitude`, `longitude` and optionally `altitude`."""

    _schema = {
        "type": "object",
        "properties": {"latitude": {"type": "number"}, "longitude": {"type": "number"}},
    }
    _keys = ()
