"""Checks and sets up assets, devices and handlers as a program declares them.

In memory until a device is made. The classes of `assets` and `devices` load this file, and give
what they are: nothing here imports them.
"""

import json

from micropython import const

from ..topics import checked_name
from ..utf8 import loads

_HANDY = const(("update", "send", "history"))  # members of Device that an asset may take
_LIMITS = const(("minimum", "maximum", "unit", "enum", "properties", "items"))
_TAKES = {  # by type: which of these its kinds have as keywords
    "number": "minimum maximum unit enum",
    "integer": "minimum maximum unit enum",
    "string": "enum",
    "object": "properties",
    "array": "items",
}
_PLAIN = {  # by type: the Python types of which each value fits, see assets.Asset.plain
    "number": (int, float),
    "integer": (int,),
    "string": (str,),
    "boolean": (bool,),
}


def declare(asset, unknown, limits, kind, name, title, description, handler, keep, profile, echo):
    """Set up an asset; see assets.Asset. `limits`: the values of _LIMITS, None where not given."""
    given = dict([(key, value) for key, value in zip(_LIMITS, limits) if value is not None])
    cls = asset.__class__
    takes = "" if hasattr(cls, "place") else _TAKES.get(asset.type, "")
    for key in list(unknown) + [key for key in given if key not in takes.split()]:
        raise TypeError(
            "%s has no keyword '%s'; it has: kind name title description handler keep echo "
            "profile %s" % (cls.__name__, key, takes)
        )
    if kind not in (asset.SENSOR, asset.ACTUATOR, asset.VIRTUAL, asset.CONFIG):
        raise ValueError("kind is sensor, actuator, virtual or config, not %r" % (kind,))
    if keep not in ("every", "latest"):
        raise ValueError("keep is every or latest, not %r" % (keep,))
    if name is not None:
        asset.name = checked_name(name)
    if kind != asset.kind:
        asset.kind = kind
    if title is not None:
        asset.title = title
    if description:
        asset.description = description
    if handler is not None:
        asset.handler = handler
    if echo:
        asset.echo = True
    if keep != asset.keep:
        asset.keep = keep
    says_more = hasattr(cls, "schema") or hasattr(cls, "place")
    type_says_all = asset.type and asset.plain == _PLAIN.get(asset.type, ()) and not says_more
    if given or profile is not None or not type_says_all:
        _set_profile(asset, profile, given)
    if title or description or profile or given:
        loads(json.dumps([title, description, asset.schema]))  # raises for text that is no UTF-8
    # Class dicts keep no order on MicroPython, but a dashboard shows assets in theirs.
    asset.id = asset.thing_id = None
    asset.order = asset.made[0]
    asset.made[0] += 1
    asset.made[1] += 1


def _set_profile(asset, profile, limits):
    try:
        schema = profile.copy() if profile is not None else {"type": asset.type}
        kind = schema["type"]
        if not isinstance(kind, str) or asset.type not in (None, kind):
            raise ValueError
    except (AttributeError, KeyError, TypeError, ValueError):
        from ..exceptions import InvalidAssetProfileException

        raise InvalidAssetProfileException(
            "%s needs a profile%s, got %s"
            % (
                asset.__class__.__name__,
                " of type '%s'" % asset.type if asset.type else " with a 'type'",
                profile,
            )
        )
    own = getattr(asset.__class__, "schema", None)
    if own is None and hasattr(asset.__class__, "place"):
        numbers = ("latitude", "longitude", "altitude")
        own = {"properties": {key: {"type": "number"} for key in numbers}}
    for key in own or ():
        schema.setdefault(key, own[key])
    schema.update(limits)
    schema = _as_json(schema, asset)
    if asset.type is None:
        asset.type = kind
    if "unit" in schema:
        asset.unit = schema["unit"]
    if schema != asset.schema:  # else it is made of type and unit, or is the kind's
        asset.schema = schema
    plain = _PLAIN.get(kind, ())
    limits = [key for key in schema if key not in ("type", "unit")]
    if limits:
        low, high = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
        known = type(low) in (int, float) and type(high) in (int, float)
        if known and int in plain and set(limits) <= {"minimum", "maximum"}:
            asset.bounds = (low, high)
        else:  # core.values is to look at each value
            plain = ()
    if plain != asset.plain:
        asset.plain = plain


def _as_json(schema, asset):
    """Return a profile or part of it as JSON keeps it: lists and dicts with text as keys."""
    if isinstance(schema, (list, tuple)):
        return [_as_json(entry, asset) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    enum = schema.get("enum")
    if enum is not None and not (enum and isinstance(enum, (list, tuple, dict))):
        from ..exceptions import InvalidAssetProfileException

        raise InvalidAssetProfileException(
            "%s: enum is a list of the values allowed, at least one, not %r"
            % (asset.__class__.__name__, enum)
        )
    return dict([(str(key), _as_json(schema[key], asset)) for key in schema])


def copied(asset):
    """Return an asset of the same definition, so that each device has its own `id`."""
    other = object.__new__(asset.__class__)
    for key in asset.__dict__:
        setattr(other, key, asset.__dict__[key])
    other.id = other.thing_id = None
    return other


def _name(asset, member):
    """Tell an asset which member of a class it is."""
    if "taken" not in asset.__dict__:
        asset.taken = False  # by a device: it may have this very object
        asset.made[1] -= 1
        if asset.name is None:
            asset.name = checked_name(member)


# -- devices --------------------------------------------------------------------------------------


def named(asset, owner, member):
    """Tell an asset of its member, and give its class streams of its own.

    Called where `__set_name__` is.
    """
    _name(asset, member)
    if "__handlers__" not in owner.__dict__:
        owner.__handlers__ = {}
        for stream in ("command", "feed", "state", "event"):
            if stream not in owner.__dict__:  # else an asset of a reserved name, or a method
                setattr(owner, stream, owner.__stream__(stream, owner))


def _lineage(cls):
    """Return a class and its bases in the order in which members are looked up."""
    if hasattr(cls, "__mro__"):
        return cls.__mro__[:-1]
    classes = [cls]  # MicroPython: depth first
    for base in cls.__bases__:
        if base is not object:
            classes += _lineage(base)
    return classes


def fields_of(Device, cls):
    """Return {member: asset} of a class.

    Raises ValueError for a member whose name a Device needs for itself.
    """
    fields = {}
    for c in reversed(_lineage(cls)):
        if c is Device:
            continue
        members = c.__dict__
        for member in members:
            value = members[member]
            if isinstance(value, Device.__asset__):
                if hasattr(Device, member) and member not in _HANDY:
                    raise ValueError(
                        "an asset cannot be the member '%s', which every Device has: call the "
                        "member otherwise and give it name='%s'" % (member, member)
                    )
                _name(value, member)
                Device.__known__.add(member)
                fields[member] = value
            elif member in fields:  # a subclass hides it
                del fields[member]
    named = {}
    for member in sorted(fields):
        other = named.setdefault(fields[member].name, member)
        if other != member:
            raise ValueError(
                "%s: the members '%s' and '%s' have one asset name, '%s': give one of them another "
                "name=" % (cls.__name__, other, member, fields[member].name)
            )
    return fields


def set_up(Device, device, client, id, overwrite_assets, unknown):
    """Set up a device; see devices.Device. Check what was registered for it."""
    for key in unknown:
        raise TypeError(
            "Device has no keyword '%s'; it has: client id connect overwrite_assets" % key
        )
    own = {}
    fields = fields_of(Device, device.__class__)
    for member in fields:
        asset = fields[member]
        # Each device has assets of its own, for their ids; the first takes the declared ones.
        own[member] = copied(asset) if asset.taken else asset
        asset.taken = True
    for key in list(Device.__handlers__):
        _check_pending(Device, key.split(" ")[1], key)
    handlers = _handlers(device, [])
    for c in _lineage(device.__class__):
        if hasattr(c, "__mro__") and issubclass(c, Device):
            _handlers(c, {})  # CPython: one may be registered for it later
        if "__handlers__" in c.__dict__:
            handlers.append(c.__dict__["__handlers__"])
    device.id = checked_id(id)
    device.client = client
    if overwrite_assets:
        device.overwrite_assets = overwrite_assets
    device.__last_at__ = {}  # "command led" -> time of the last message
    device.assets = own  # last: from now on its __setattr__ looks at each name


def _handlers(owner, handlers):
    """Return the handlers that a class or a device has itself; `handlers` where it had none."""
    if "__handlers__" not in owner.__dict__:
        owner.__handlers__ = handlers
    return owner.__handlers__


def checked_id(id):
    """Return a device's id, None for none. Raises ValueError if it cannot be one."""
    if isinstance(id, str) and ":" in id:
        raise ValueError("the device id has a ':' like a token; are the two mixed up?")
    return None if id is None else checked_name(id, "device id")


def registration(Device, stream, owner, member):
    """Return the decorator that registers a handler of a stream for a member.

    `owner` is a class, an instance, or None: a class that cannot be known yet.
    """
    if owner is None:
        owner = Device
        _check_pending(Device, member)
    else:
        cls = owner.__class__ if isinstance(owner, Device) else owner
        _check_member(member, fields_of(Device, cls), cls.__name__)

    def register(handler):
        key = stream + " " + member
        if isinstance(owner, Device):
            _handlers(owner, []).insert(0, {key: handler})
        else:
            _handlers(owner, {})[key] = handler
        Device.__registered__[0] += 1
        return handler

    return register


def _check_pending(Device, member, key=None):
    """On MicroPython before 1.27 a handler's class is not known when it is registered.

    Once all declared assets belong to classes that are known, a member that none has is a typo.
    """
    if member not in Device.__known__ and not Device.__asset__.made[1]:
        if key:
            del Device.__handlers__[key]  # to be raised once
        _check_member(member, Device.__known__, "all devices")


def _check_member(member, fields, where):
    if member not in fields:
        raise AttributeError(
            "no asset '%s' for a handler; assets of %s: %s" % (member, where, " ".join(fields))
        )


def set_field(Device, device, name, value):
    """Set a field of the program's own: AttributeError if it is nearly called as an asset."""
    if not hasattr(device.__class__, name):
        for member in device.assets:
            if _distance(name.encode(), member.encode()) <= min(2, (len(member) - 1) // 3):
                raise AttributeError(
                    "%s has no asset '%s'; do you mean '%s'? (A field of the program's own that "
                    "is called nearly the same: declare it in the class, as %s = None)"
                    % (device.__class__.__name__, name, member, name)
                )
    object.__setattr__(device, name, value)


def _distance(name, member):
    """Return how many letters differ, are missing or are too many: Levenshtein's distance."""
    row = list(range(len(member) + 1))
    for i in range(len(name)):
        before, row[0] = row[0], i + 1
        for j in range(len(member)):
            least = min(row[j], row[j + 1]) + 1
            before, row[j + 1] = row[j + 1], min(least, before + (name[i] != member[j]))
    return row[-1]
