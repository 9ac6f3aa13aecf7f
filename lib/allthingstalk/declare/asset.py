"""Checks and sets up an asset as a program declares it."""

from ..core.topics import checked_name

_COMMON = "kind name title description handler keep profile"
_LIMITS = ("minimum", "maximum", "unit", "enum", "properties", "items")


def declare(asset, unknown, limits, kind, name, title, description, handler, keep, profile):
    """Set up an asset; see assets.Asset. `limits`: the values of _LIMITS, None where not given."""
    given = dict([(key, value) for key, value in zip(_LIMITS, limits) if value is not None])
    for key in list(unknown) + [key for key in given if key not in asset.takes.split()]:
        raise TypeError(
            "%s has no keyword '%s'; it has: %s %s"
            % (asset.__class__.__name__, key, _COMMON, asset.takes)
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
    if keep != asset.keep:
        asset.keep = keep
    if given or profile is not None or asset.type is None:
        _set_profile(asset, profile, given)
    # Class dicts keep no order on MicroPython, but a dashboard shows assets in theirs.
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
    if asset.schema:
        for key in asset.schema:
            schema.setdefault(key, asset.schema[key])
    schema.update(limits)
    asset.schema = schema
    asset.type = kind


def copied(asset):
    """Return an asset of the same definition, so that each device has its own `id`."""
    other = object.__new__(asset.__class__)
    for key in asset.__dict__:
        setattr(other, key, asset.__dict__[key])
    other.id = other.thing_id = None
    return other


def name(asset, member):
    """Tell an asset which member of a class it is."""
    if "member" not in asset.__dict__:
        asset.member = member
        asset.made[1] -= 1
        if asset.name is None:
            asset.name = checked_name(member)


def from_dict(cls, d):
    """Return an asset of `cls` for an asset object of the platform, keys in lower camel case."""
    asset = object.__new__(cls)
    asset.id = d.get("id")
    asset.thing_id = d.get("deviceId")
    asset.kind = d["is"]
    asset.name = d["name"]
    if d.get("title") is not None:
        asset.title = d["title"]
    asset.description = d.get("description") or ""
    profile = d.get("profile")
    asset.type = profile.get("type") if profile else None
    asset.schema = profile if asset.type else None
    return asset
