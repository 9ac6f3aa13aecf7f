"""What the declaration of assets and devices takes: it leaves the memory before they go on line.

The classes of `assets` and `devices` call this while a program declares its assets, makes its
devices and registers its handlers.
"""

from .assets import Asset, made
from .loading import function
from .names import checked_name


def declare(
    asset,
    *,
    kind="sensor",
    name=None,
    title=None,
    description="",
    handler=None,
    keep="every",
    profile=None,
    **kwargs,
):
    """Set up an asset; see Asset."""
    if kind not in (Asset.SENSOR, Asset.ACTUATOR, Asset.VIRTUAL, Asset.CONFIG):
        raise ValueError("kind is sensor, actuator, virtual or config, not %r" % (kind,))
    if keep not in ("every", "latest"):
        raise ValueError("keep is every or latest, not %r" % (keep,))
    for key in kwargs:
        if key not in asset._keys:
            raise TypeError(
                "%s has no keyword '%s'; it has: kind name title description handler keep "
                "profile %s" % (asset.__class__.__name__, key, " ".join(asset._keys))
            )
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
    if keep != asset.keep:
        asset.keep = keep
    if kwargs or profile is not None or asset.type is None:
        _set_profile(asset, profile, kwargs)
    # Class dicts keep no order on MicroPython, but a dashboard shows assets in theirs.
    asset._order = made[0]
    made[0] += 1
    made[1] += 1


def _set_profile(asset, profile, kwargs):
    try:
        schema = profile.copy() if profile is not None else {"type": asset.type}
        kind = schema["type"]
        if not isinstance(kind, str) or asset.type not in (None, kind):
            raise ValueError
    except (AttributeError, KeyError, TypeError, ValueError):
        raise function("exceptions.InvalidAssetProfileException")(
            "%s needs a profile%s, got %s"
            % (
                asset.__class__.__name__,
                " of type '%s'" % asset.type if asset.type else " with a 'type'",
                profile,
            )
        )
    if asset._schema:
        for key in asset._schema:
            schema.setdefault(key, asset._schema[key])
    schema.update(kwargs)
    asset._schema = schema
    asset.type = kind


def copied(asset):
    """Return an asset of the same definition, so that each device has its own `id`."""
    other = object.__new__(asset.__class__)
    for key in asset.__dict__:
        setattr(other, key, asset.__dict__[key])
    other.id = other.thing_id = None
    return other


def bind(asset, member):
    """Tell an asset of which member of a class it is the value."""
    if "_member" not in asset.__dict__:
        asset._member = member
        made[1] -= 1
        if asset.name is None:
            asset.name = checked_name(member)


# -- devices --------------------------------------------------------------------------------------


def named(asset, owner, member):
    """Tell an asset of its member, and give its class streams of its own.

    Called where `__set_name__` is.
    """
    from .devices import STREAMS, Stream

    bind(asset, member)
    if "_handlers" not in owner.__dict__:
        owner._handlers = {}
        for stream in STREAMS:
            if stream not in owner.__dict__:  # else an asset of a reserved name, or a method
                setattr(owner, stream, Stream(stream, owner))


def fields_of(cls):
    """Return {member: asset} of a class; made once a class.

    Raises ValueError for a member whose name a Device needs for itself.
    """
    from .devices import Device, known, lineage

    if "_own_fields" in cls.__dict__:
        return cls._own_fields
    fields = {}
    for c in reversed(lineage(cls)):
        if c is Device:
            continue
        members = c.__dict__
        for member in members:
            value = members[member]
            if isinstance(value, Asset):
                if hasattr(Device, member) and member != "update":  # which is no more than handy
                    raise ValueError(
                        "an asset cannot be the member '%s', which every Device has: call the "
                        "member otherwise and give it name='%s'" % (member, member)
                    )
                bind(value, member)
                known.add(member)
                fields[member] = value
            elif member in fields:  # a subclass hides it
                del fields[member]
    cls._own_fields = fields
    return fields


def set_up(device, id, kwargs):
    """Give a device assets of its own, check what was registered for it, return its id."""
    from .devices import Device

    for key in kwargs:
        raise TypeError(
            "Device has no keyword '%s'; it has: client id connect overwrite_assets" % key
        )
    assets = {}
    fields = fields_of(device.__class__)
    for member in fields:
        asset = fields[member]
        # Each device has assets of its own, for their ids; the first takes the declared ones.
        assets[member] = copied(asset) if "_taken" in asset.__dict__ else asset
        asset._taken = True
    device.assets = assets
    for key in Device.__dict__.get("_handlers", ()):
        _check_pending(key.split(" ")[1], key)
    return checked_id(id)


def checked_id(id):
    """Return a device's id, None for none. Raises ValueError if it cannot be one."""
    if isinstance(id, str) and ":" in id:
        raise ValueError("the device id has a ':' like a token; are the two mixed up?")
    return None if id is None else checked_name(id, "device id")


def registration(stream, owner, member):
    """Return the decorator that registers a handler of a stream for a member.

    `owner` is a class, an instance, or None: a class that cannot be known yet.
    """
    from .devices import Device

    if owner is None:
        owner = Device
        _check_pending(member)
    else:
        cls = owner.__class__ if isinstance(owner, Device) else owner
        _check_member(member, fields_of(cls), cls.__name__)

    def register(handler):
        if "_handlers" not in owner.__dict__:
            owner._handlers = {}
        owner._handlers[stream + " " + member] = handler
        Device._registered += 1
        return handler

    return register


def _check_pending(member, key=None):
    """On MicroPython before 1.27 a handler's class is not known when it is registered.

    Once all declared assets belong to classes that are known, a member that none has is a typo.
    """
    from .devices import Device, known

    if member not in known and not made[1]:
        if key:
            del Device._handlers[key]  # to be reported once
        _check_member(member, known, "all devices")


def _check_member(member, fields, where):
    if member not in fields:
        raise AttributeError(
            "no asset '%s' for a handler; assets of %s: %s" % (member, where, " ".join(fields))
        )


def before_connect(device, client, id, overwrite_assets):
    """Take what is given to Device.connect(); return the client to connect with."""
    if client is not None:
        device.client = client
    if id is not None:
        device.id = checked_id(id)
    if overwrite_assets is not None:
        device.overwrite_assets = overwrite_assets
    if device.client is None:
        raise RuntimeError("Device has no client: pass client=Client(token)")
    device._started = False
    return device.client


def connect_with(client, device):
    """Connect with a client of somebody's own; return whether the device is on line."""
    online = True
    try:
        function("definition.settle")(client, device)
    except Exception as e:
        if not getattr(e, "passing", False):
            raise
        online = False
    if hasattr(client, "_attach_device"):
        client._attach_device(device)
    device._started = True
    return online
