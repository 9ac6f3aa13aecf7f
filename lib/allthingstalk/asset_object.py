"""Assets as the platform knows them: title, profile, asset objects. Let go after `connect()`."""

from .assets import Asset
from .loading import function


def derived(asset, attribute):
    """Return an attribute of an asset that is worked out when it is asked for."""
    if attribute == "title":
        name = asset.name
        return name[:1].upper() + name[1:] if name else None
    if attribute == "profile":
        if asset._schema is None:
            return None
        return function("profiles.Profile").from_dict(asset._schema)
    raise AttributeError("an asset has no attribute '%s'" % attribute)


def from_dict(d):
    """Return an Asset for an asset object of the platform, keys in lower camel case."""
    asset = object.__new__(Asset)
    asset.id = d.get("id")
    asset.thing_id = d.get("deviceId")
    asset.kind = d["is"]
    asset.name = d["name"]
    if d.get("title") is not None:
        asset.title = d["title"]  # type: ignore[attr-defined]
    asset.description = d.get("description") or ""
    profile = d.get("profile")
    asset.type = profile.get("type") if profile else None
    asset._schema = profile if asset.type else None
    return asset
