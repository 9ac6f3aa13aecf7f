"""Asset and its kinds: what a device measures, obeys or remembers.

An asset is a field of a Device (a data descriptor): assigning to it publishes, reading it asks
the platform. Its profile is the JSON schema that the platform keeps for it.
"""

MOST = float("inf")  # what a number has to stay between, else it is infinite or NaN
LEAST = -MOST


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

    made = [0, 0]  # how many were ever declared; how many of them no class has named yet

    # Defaults live in the class: a board with 64 assets keeps only what differs.
    id: "str | None"  # these two are set in each: the platform's are known in the end
    thing_id: "str | None"
    kind = SENSOR
    name = None
    description = ""
    handler = None
    echo = False
    keep = "every"
    type = None
    plain: tuple = ()  # Python types of which each value within `bounds` fits, if there are any
    bounds = None  # the smallest number and the largest
    schema: dict  # the profile as a plain dict; made anew each time where type and unit say all

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

    def __getattr__(self, name):
        if name == "title":
            title = self.name
            return title[:1].upper() + title[1:] if title else None
        if name == "schema":
            schema = {"type": self.type}
            if "unit" in self.__dict__:
                schema["unit"] = self.unit
            return schema if self.type else None
        if name == "profile":
            from .profiles import Profile

            return self.schema and Profile.from_dict(self.schema)
        raise AttributeError("an asset has no attribute '%s'" % name)

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
        """Return whether a value fits, and nothing is to be checked; else core.values decides."""
        cls = type(value)
        if cls not in self.plain or cls is float and not LEAST < value < MOST:
            return False
        bounds = self.bounds
        return bounds is None or bounds[0] <= value <= bounds[1]

    # -- the field of a Device; Device.__setattr__ does what is assigned to it -------------------

    def __set_name__(self, owner, member):  # called by CPython and MicroPython >= 1.27
        if hasattr(owner, "__stream__"):  # else a mixin: the Device is not known yet
            from .declare import named

            named(self, owner, member)

    def __get__(self, device, owner=None):
        return self if device is None else device.__read__(self)


class NumberAsset(Asset):
    """Takes int and float. Keywords: `minimum, maximum, unit, enum`."""

    type = "number"
    plain = (int, float)


class IntegerAsset(NumberAsset):
    """Takes int, and float without a fraction. Keywords: `minimum, maximum, unit, enum`."""

    type = "integer"
    plain = (int,)


class StringAsset(Asset):
    """Takes str. Keyword: `enum`, the list of values allowed."""

    type = "string"
    plain = (str,)


class BooleanAsset(Asset):
    """Takes bool."""

    type = "boolean"
    plain = (bool,)


class ObjectAsset(Asset):
    """Takes a dict, checked against `properties` (a dict of profiles) where declared."""

    type = "object"


class ArrayAsset(Asset):
    """Takes a list or tuple, each entry checked against `items` (a profile) where declared."""

    type = "array"


class GeoAsset(Asset):
    """Takes a dict with numbers `latitude`, `longitude` and optionally `altitude`."""

    type = "object"
    place = True  # the profile has these numbers
