"""Checks profiles, and values against profiles (seen in public clients).

A profile is a small JSON schema. Only the keywords that the platform documents are enforced;
others are kept with the asset and have no effect here.
"""

import math

_NUMBERS = ("number", "integer")
_TYPES = (*_NUMBERS, "string", "boolean", "object", "array", "location")


def _is_number(value):
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def check_profile(profile: object, where: str = "the profile") -> None:
    """Raise ValueError, in words, unless this is a profile that values can be checked against."""
    if not isinstance(profile, dict):
        raise ValueError(f"{where} has to be a JSON object with a type")
    if profile.get("type") not in _TYPES:
        raise ValueError(
            f"{where} has the type {profile.get('type')!r}; known are " + ", ".join(_TYPES)
        )
    for limit in ("minimum", "maximum"):
        if profile.get(limit) is not None and not _is_number(profile[limit]):
            raise ValueError(f"{limit} of {where} has to be a number")
    enum = profile.get("enum")
    if enum is not None and not (enum and isinstance(enum, list)):
        raise ValueError(f"enum of {where} has to be an array of at least one value")
    properties = profile.get("properties")
    if properties is not None:
        if not isinstance(properties, dict):
            raise ValueError(f"properties of {where} has to be a JSON object")
        for name, part in properties.items():
            check_profile(part, f"{where}, property {name},")
    if profile.get("items") is not None:
        check_profile(profile["items"], f"{where}, items,")


def check_value(profile: dict, value: object, where: str = "the value") -> None:
    """Raise ValueError, in words, unless the value fits the profile.

    An integer may come as ``1.0`` (seen in public clients); properties may be missing or null,
    except latitude and longitude of the shorthand ``location``; elsewhere null fits nothing.
    """
    kind = profile["type"]
    if kind in _NUMBERS:
        _check_number(profile, value, where)
    elif kind == "string":
        if not isinstance(value, str):
            raise ValueError(f"{where} has to be a string")
    elif kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError(f"{where} has to be true or false")
    elif kind == "array":
        if not isinstance(value, list):
            raise ValueError(f"{where} has to be an array")
        if profile.get("items") is not None:
            for index, item in enumerate(value):
                check_value(profile["items"], item, f"{where}[{index}]")
    elif kind == "location":
        _check_location(value, where)
    else:
        _check_object(profile, value, where)
    if profile.get("enum") is not None and value not in profile["enum"]:
        raise ValueError(f"{where} is not one of the values that the profile lists")


def _check_number(profile, value, where):
    if not _is_number(value):
        raise ValueError(f"{where} has to be a number")
    if profile["type"] == "integer" and value != int(value):
        raise ValueError(f"{where} has to be an integer")
    minimum, maximum = profile.get("minimum"), profile.get("maximum")
    if minimum is not None and value < minimum:
        raise ValueError(f"{where} is below the minimum {minimum}")
    if maximum is not None and value > maximum:
        raise ValueError(f"{where} is above the maximum {maximum}")


def _check_object(profile, value, where):
    if not isinstance(value, dict):
        raise ValueError(f"{where} has to be an object")
    for name, part in (profile.get("properties") or {}).items():
        if value.get(name) is not None:
            check_value(part, value[name], f"{where}.{name}")


def _check_location(value, where):
    if not isinstance(value, dict):
        raise ValueError(f"{where} has to be an object with latitude and longitude")
    for name in ("latitude", "longitude"):
        if not _is_number(value.get(name)):
            raise ValueError(f"{where}.{name} has to be a number")
    if value.get("altitude") is not None and not _is_number(value["altitude"]):
        raise ValueError(f"{where}.altitude has to be a number")
