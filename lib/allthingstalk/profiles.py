"""Profiles: the JSON schema that the platform keeps for each asset. Each profile is a dict.

Loaded only while a program makes profiles, or while assets are created or compared.
"""


class Profile(dict):
    """A profile of any type; unknown keywords of typed kinds raise TypeError.

    `Profile(type="number", unit="V")` takes any keys; typed kinds take their own.
    """

    _type = None
    _keys = None

    def __init__(self, **kwargs):
        super().__init__()
        if self._type:
            self["type"] = self._type
        for key in kwargs:
            if self._keys is not None and key not in self._keys:
                raise TypeError(
                    "%s has no keyword '%s'; it has: %s"
                    % (self.__class__.__name__, key, " ".join(self._keys))
                )
            self[key] = kwargs[key]

    @property
    def type(self):
        """The JSON type, such as "number"; None where there is none."""
        return self.get("type")

    @staticmethod
    def from_dict(d):
        """Return a dict as the profile of its type; keys nobody knows here are kept.

        Raises InvalidAssetProfileException where `d` is no dict or names no type.
        """
        if not isinstance(d, dict) or not isinstance(d.get("type"), str):
            from .exceptions import InvalidAssetProfileException

            raise InvalidAssetProfileException("a profile is a dict with a 'type', got %s" % (d,))
        profile = _KINDS.get(d["type"], Profile)()
        for key in d:
            profile[key] = d[key]
        return profile


class NumberProfile(Profile):
    """A number. Keywords: `minimum`, `maximum`, `unit`, `enum`."""

    _type = "number"
    _keys = ("minimum", "maximum", "unit", "enum")


class IntegerProfile(NumberProfile):
    """A whole number. Keywords: `minimum`, `maximum`, `unit`, `enum`."""

    _type = "integer"


class BooleanProfile(Profile):
    """True or false; no keywords."""

    _type = "boolean"
    _keys = ()


class StringProfile(Profile):
    """Text. Keyword: `enum`, the list of values allowed."""

    _type = "string"
    _keys = ("enum",)


class ObjectProfile(Profile):
    """An object. Keyword: `properties`, a dict of profiles."""

    _type = "object"
    _keys = ("properties",)


class ArrayProfile(Profile):
    """An array. Keyword: `items`, the profile of its entries."""

    _type = "array"
    _keys = ("items",)


class GeoProfile(ObjectProfile):
    """A place: numbers `latitude` and `longitude`; `altitude` may be there as well."""

    _keys = ()

    def __init__(self):
        super().__init__()
        self["properties"] = {"latitude": NumberProfile(), "longitude": NumberProfile()}


_KINDS = {
    "number": NumberProfile,
    "integer": IntegerProfile,
    "boolean": BooleanProfile,
    "string": StringProfile,
    "object": ObjectProfile,
    "array": ArrayProfile,
}
