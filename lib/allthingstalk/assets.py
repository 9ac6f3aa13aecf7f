"""Asset and its typed kinds: what a device measures, obeys or remembers.

An asset is a field of a Device (a data descriptor): assigning to it publishes, reading it asks
the platform. Its profile is the JSON schema that the platform keeps for it.
"""

from .loading import function

made = [0, 0]  # how many assets were ever made; how many of them no class has named yet


class Asset:
    """An asset with any profile.

    `kind` is one of SENSOR, ACTUATOR, VIRTUAL, CONFIG. `name` defaults to the member's name and
    `title` to the name with a capital first letter. `handler(device, value, at)` hears commands.
    `keep`: 'every' value is delivered, or off line only the 'latest' waits.
    `profile` is a Profile or a dict with at least 'type'. Typed kinds take their profile's
    keywords: `minimum, maximum, unit, enum, properties, items`.

    Raises ValueError for a wrong kind or name, TypeError for an unknown keyword,
    InvalidAssetProfileException without a usable profile.
    """

    SENSOR = "sensor"
    ACTUATOR = "actuator"
    VIRTUAL = "virtual"
    CONFIG = "config"

    # Defaults live in the class: a board with 64 assets keeps only what differs.
    id = None
    thing_id = None
    kind = SENSOR
    name = None
    description = ""
    handler = None
    keep = "every"
    type = None
    _keys = ()  # the profile keywords of a typed kind
    _schema = None  # the profile as a plain dict, shared by all assets that add nothing to it

    def __init__(self, **keywords):
        function("declaring.declare")(self, **keywords)

    def __getattr__(self, attribute):  # `title` and `profile`, as a profiles.Profile
        return function("asset_object.derived")(self, attribute)

    @staticmethod
    def from_dict(d):
        """Return an Asset for an asset object of the platform, keys in lower camel case."""
        return function("asset_object.from_dict")(d)

    # -- the field of a Device ------------------------------------------------------------------

    def __set_name__(self, owner, member):  # called by CPython and MicroPython >= 1.27
        if hasattr(owner, "_read"):  # else a mixin: the Device is not known yet
            function("declaring.named")(self, owner, member)

    def __get__(self, device, owner=None):
        return self if device is None else device._read(self)

    def __set__(self, device, value):
        device._publish(self, value)


def plain(asset, value):
    """Return whether a value fits a profile without limits: `values` need not be loaded then."""
    kind, schema, cls = asset.type, asset._schema, type(value)
    if cls is float:
        fits = kind == "number" and value - value == 0  # neither NaN nor infinite
    elif cls is int:
        fits = kind == "number" or kind == "integer"
    elif cls is bool:
        fits = kind == "boolean"
    else:
        fits = cls is str and kind == "string"
    return fits and len(schema) - ("unit" in schema) == 1


class NumberAsset(Asset):
    """Takes int and float. Keywords: `minimum, maximum, unit, enum`."""

    type = "number"
    _schema = {"type": "number"}
    _keys = ("minimum", "maximum", "unit", "enum")


class IntegerAsset(NumberAsset):
    """Takes int, and float without a fraction. Keywords: `minimum, maximum, unit, enum`."""

    type = "integer"
    _schema = {"type": "integer"}


class StringAsset(Asset):
    """Takes str. Keyword: `enum`, the list of values allowed."""

    type = "string"
    _schema = {"type": "string"}
    _keys = ("enum",)


class BooleanAsset(Asset):
    """Takes bool."""

    type = "boolean"
    _schema = {"type": "boolean"}


def __getattr__(name):  # ObjectAsset, ArrayAsset, GeoAsset: loaded for those who use them
    if name == "__all__":
        kinds = "Number Integer String Boolean Object Array Geo"
        return ["Asset"] + [kind + "Asset" for kind in kinds.split()]
    if name.endswith("Asset"):
        return function("asset_kinds." + name)
    raise AttributeError(name)
