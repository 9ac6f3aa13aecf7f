"""Checks values against an asset's profile before they leave, and reads commands leniently."""

_TAKES = {
    "number": (int, float),
    "integer": (int, float),
    "string": str,
    "boolean": bool,
    "object": dict,
    "location": dict,
    "array": (list, tuple),
}


def checked(asset, state):
    """Return a value or an AssetState as it goes to the platform, checked by check()."""
    if not (hasattr(state, "value") and hasattr(state, "at")):
        return check(asset, state)
    value = check(asset, state.value)
    if value is state.value:
        return state
    other = state.__class__(value, state.at)
    other.place = getattr(state, "place", None)
    return other


def value_and_time(format, state, where):
    """Return (value, time as text or None) of what a program assigned, for publish().

    `format` is core.payload or another. Raises TypeError for what JSON cannot carry, ValueError for
    a float that is not finite and for a place that the format cannot carry.
    """
    at = place = None
    if hasattr(state, "at"):  # the class of AssetState is not loaded for those who use none
        state, at, place = state.value, state.at, getattr(state, "place", None)
    check_json(state, where)
    if place is not None:
        if not hasattr(format, "Placed"):
            raise ValueError("%s: a place is sent with Client(..., payload='cbor') only" % where)
        state = format.Placed(state, _match({"type": "location"}, place, where + ", place"))
    return state, at


def check(asset, value):
    """Return `value` if it fits the asset's profile; a whole float becomes int for an integer.

    None in a member that an object declares and does not need counts as absent: it is left out.

    Raises TypeError for the wrong type, ValueError for a value out of range, not in enum, not
    finite, or an object that lacks a declared coordinate.
    """
    schema = asset.schema
    if not schema or not asset.type:
        from ..exceptions import InvalidAssetProfileException

        raise InvalidAssetProfileException("asset '%s' has no profile" % asset.name)
    if value is None:
        raise TypeError("%s takes %s, got None" % (asset.name, asset.type))
    value = _match(schema, value, asset.name)
    if asset.type == "integer":
        return int(value)
    return value


def convert(asset, value):
    """Return the value of a message as the asset's type, the way platforms and people write it.

    Takes `1.0` and `"1"` for an integer, `"21.5"` for a number, a number for a string, and 0, 1,
    true, false, on, off in any case for a boolean. Raises TypeError or ValueError for the rest.
    """
    kind = asset.type
    if kind in ("number", "integer") and isinstance(value, str):
        # A digit first: MicroPython's float() takes "e5" for 0; and "1_0" is no number to people.
        if "_" not in value and value.strip(" +-.")[:1].isdigit():
            try:
                value = int(value)
            except ValueError:
                value = float(value)
    elif kind == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    elif kind == "boolean":
        word = str(value).strip().lower()
        if word in "true 1 1.0 on".split():
            value = True
        elif word in "false 0 0.0 off".split():
            value = False
    return check(asset, value)


def _match(schema, value, where):
    """Return a value that fits a schema; a copy of it where None counts as absent."""
    kind = schema.get("type")
    takes = _TAKES.get(kind)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if takes is None:
        if not isinstance(value, (dict, list, tuple)):
            check_json(value, where)
    elif not (is_number if kind in ("number", "integer") else isinstance(value, takes)):
        raise TypeError("%s takes %s, got %s" % (where, kind, _short(value)))
    if is_number:
        if value - value != 0:
            raise ValueError("%s: %s is no finite number" % (where, value))
        if kind == "integer" and value != int(value):
            raise TypeError("%s takes integer, got %s" % (where, value))
        low, high = schema.get("minimum"), schema.get("maximum")
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(
                "%s: %s is out of range (minimum %s, maximum %s)" % (where, value, low, high)
            )
    if isinstance(value, dict):
        needed = schema.get("required") or ()
        value = _match_members(schema.get("properties") or {}, kind, value, where, needed)
    elif isinstance(value, (list, tuple)):
        items, entries = schema.get("items") or {}, value
        for i, entry in enumerate(entries):
            fit = _match(items, entry, "%s[%d]" % (where, i))
            if fit is not entry:
                value = list(entries) if value is entries else value
                value[i] = fit
    allowed = schema.get("enum")
    if allowed and (list(value) if isinstance(value, tuple) else value) not in allowed:
        raise ValueError("%s: %s is not one of %s" % (where, _short(value), allowed))
    return value


def _match_members(properties, kind, value, where, needed):
    found = value
    if kind == "location" or ("latitude" in properties and "longitude" in properties):
        needed = list(needed) + ["latitude", "longitude"]
        for key in needed[-2:]:
            if key not in value:
                raise ValueError("%s: a place needs latitude and longitude" % where)
        properties = properties.copy()
        for key in ("latitude", "longitude", "altitude"):
            properties.setdefault(key, {"type": "number"})
    for key in value:
        if not isinstance(key, str):
            raise TypeError("%s: the keys of an object are text, got %s" % (where, _short(key)))
        entry, fit, schema = value[key], None, properties.get(key) or {}
        if entry is None and None in (schema.get("enum") or ()):
            continue
        if entry is not None or key in needed or key not in properties:
            fit = _match(schema, entry, "%s.%s" % (where, key))
            if fit is entry:
                continue
        found = value.copy() if found is value else found
        if fit is None:
            del found[key]
        else:
            found[key] = fit
    return found


def check_json(value, where):
    """Refuse what JSON cannot carry: MicroPython's json would write it as it prints."""
    if isinstance(value, float) and value - value != 0:
        raise ValueError("%s: %s is no finite number" % (where, value))
    if isinstance(value, (dict, list, tuple)):
        _match({"type": "object" if isinstance(value, dict) else "array"}, value, where)
    elif value is not None and not isinstance(value, (str, bool, int, float)):
        raise TypeError("%s: %s cannot be sent as JSON" % (where, _short(value)))


def _short(value):
    text = repr(value)
    return "%s %s" % (value.__class__.__name__, text if len(text) < 40 else text[:17] + "...")
