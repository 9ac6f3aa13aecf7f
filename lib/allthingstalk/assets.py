"""Asset and its kinds: what a device measures, obeys or remembers.

An asset is a field of a Device (a data descriptor): assigning to it publishes, reading it asks
the platform. Its profile is the JSON schema that the platform keeps for it. A kind's type,
keywords and schema stand here and nowhere else.
"""


class Asset:
    """An asset with any profile: a Profile, or a dict with at least 'type'.

    - `kind`: SENSOR, ACTUATOR, VIRTUAL or CONFIG.
    - `name`: default: the member's name. `title`: default: the name with a capital first letter.
      `description`: what people read of it.
    - `handler(device, value, at)`: hears commands.
    - `echo`: publish what was commanded once its handler has returned without an error.
    - `keep`: 'every' value is delivered, or off line only the 'latest' waits.
    - `profile`: for typed kinds one of their own type. They have its keywords as well: `minimum`,
      `maximum`, `unit`, `enum`, `properties`, `items`, as said at each kind.

    Raises ValueError for a wrong kind or name, TypeError for an unknown keyword,
    InvalidAssetProfileException without a usable profile.
    """

    SENSOR = "sensor"
    ACTUATOR = "actuator"
    VIRTUAL = "virtual"
    CONFIG = "config"

    MOST = float("inf")  # what a number has to stay between; once, as a float takes memory
    LEAST = -MOST
    made = [0, 0]  # how many were ever declared; how many of them no class has named yet

    # Defaults live in the class: a board with 64 assets keeps only what differs.
    id = None
    thing_id = None
    kind = SENSOR
    name = None
    description = ""
    handler = None
    echo = False
    keep = "every"
    type = None
    takes = ""  # which profile keywords a typed kind has
    schema = None  # the profile as a plain dict, shared by all assets that add nothing to it

    def __init__(
        self,
        *,
        kind=SENSOR,
        name=None,
        title=None,
        description="",
        handler=None,
        keep="every",
        echo=False,
        profile=None,
        minimum=None,
        maximum=None,
        unit=None,
        enum=None,
        properties=None,
        items=None,
        **unknown: None,
    ):
        from .declare import declare

        limits = (minimum, maximum, unit, enum, properties, items)
        declare(self, unknown, limits, kind, name, title, description, handler, keep, profile, echo)

    def __getattr__(self, attribute):
        if attribute == "title":
            name = self.name
            return name[:1].upper() + name[1:] if name else None
        if attribute == "profile":
            from .profiles import Profile

            return None if self.schema is None else Profile.from_dict(self.schema)
        raise AttributeError("an asset has no attribute '%s'" % attribute)

    @staticmethod
    def from_dict(d):
        """Return an Asset for `d`, an asset object of the platform, keys in lower camel case.

        Raises KeyError where it has no `is` or no `name`.
        """
        asset = object.__new__(Asset)
        asset.id = d.get("id")
        asset.thing_id = d.get("deviceId")
        asset.kind = d["is"]
        asset.name = d["name"]
        title = d.get("title")
        if title is not None:
            asset.title = title
        asset.description = d.get("description") or ""
        profile = d.get("profile")
        if profile and profile.get("type"):
            asset.type = profile["type"]
            asset.schema = profile
        return asset

    def fits(self, value):
        """Return whether a value fits a profile without limits; if not, core.values decides."""
        kind, cls = self.type, type(value)
        if cls is float:
            fits = kind == "number" and self.LEAST < value < self.MOST  # neither infinite nor NaN
        elif cls is int:
            fits = kind == "number" or kind == "integer"
        elif cls is bool:
            fits = kind == "boolean"
        else:
            fits = cls is str and kind == "string"
        return fits and len(self.schema) - ("unit" in self.schema) == 1

    # -- the field of a Device; Device.__setattr__ does what is assigned to it -------------------

    def __set_name__(self, owner, member):  # called by CPython and MicroPython >= 1.27
        if hasattr(owner, "__named__"):  # else a mixin: the Device is not known yet
            owner.__named__(self, owner, member)

    def __get__(self, device, owner=None):
        return self if device is None else device.__read__(self)


class NumberAsset(Asset):
    """Takes int and float. Keywords: `minimum, maximum, unit, enum`."""

    type = "number"
    schema = {"type": "number"}
    takes = "minimum maximum unit enum"


class IntegerAsset(NumberAsset):
    """Takes int, and float without a fraction. Keywords: `minimum, maximum, unit, enum`."""

    type = "integer"
    schema = {"type": "integer"}


class StringAsset(Asset):
    """Takes str. Keyword: `enum`, the list of values allowed."""

    type = "string"
    schema = {"type": "string"}
    takes = "enum"


class BooleanAsset(Asset):
    """Takes bool."""

    type = "boolean"
    schema = {"type": "boolean"}


class ObjectAsset(Asset):
    """Takes a dict, checked against `properties` (a dict of profiles) where declared."""

    type = "object"
    schema = {"type": "object"}
    takes = "properties"


class ArrayAsset(Asset):
    """Takes a list or tuple, each entry checked against `items` (a profile) where declared."""

    type = "array"
    schema = {"type": "array"}
    takes = "items"


class GeoAsset(Asset):
    """Takes a dict with numbers `latitude`, `longitude` and optionally `altitude`."""

    type = "object"
    schema = {
        "type": "object",
        "properties": {
            "latitude": NumberAsset.schema,
            "longitude": NumberAsset.schema,
            "altitude": NumberAsset.schema,
        },
    }
