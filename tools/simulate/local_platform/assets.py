"""Asset objects: made from what a client sends, and written for it (seen in public clients)."""

import re

from .core import state_object
from .payloads import shown
from .profiles import check_profile
from .store import Asset, State
from .times import format_time, now_ms

KINDS = ("sensor", "actuator", "virtual", "config")
# Blanks, and what would break a topic or a path.
_NO_NAME = re.compile(r"[\s/+#\x00-\x1f]")


def read_asset(device_id: str, fields: dict, present: Asset | None) -> Asset:
    """Return the asset that a POST or PUT describes.

    Args:
        device_id: the device it belongs to.
        fields: the body, keys in lower case.
        present: the asset that is updated; what the body leaves out stays. None for a new one,
            whose id is left empty.

    Raises:
        ValueError: a field is missing or cannot be used.
    """
    name = fields.get("name")
    if not isinstance(name, str) or not name or _NO_NAME.search(name):
        raise ValueError("an asset needs a name without blanks, /, + and #")

    def field(key, default):
        value = fields.get(key)
        return default if value is None else value

    title = field("title", present.title if present else name)
    kind = field("is", present.kind if present else None)
    description = field("description", present.description if present else "")
    profile = field("profile", present.profile if present else None)
    if not isinstance(title, str) or not isinstance(description, str):
        raise ValueError("title and description have to be strings")
    if kind not in KINDS:
        raise ValueError(f"the kind (is) {shown(kind)} is not one of " + ", ".join(KINDS))
    check_profile(profile)
    now = now_ms()
    return Asset(
        id=present.id if present else "",
        device_id=device_id,
        name=name,
        title=title,
        kind=kind,
        description=description,
        profile=profile,
        created_ms=present.created_ms if present else now,
        updated_ms=now,
    )


def asset_object(asset: Asset, state: State | None) -> dict:
    """Return an asset as the platform writes it; state is null when it was never set."""
    return {
        "id": asset.id,
        "name": asset.name,
        "title": asset.title,
        "is": asset.kind,
        "description": asset.description,
        "deviceId": asset.device_id,
        "profile": asset.profile,
        "state": state_object(state),
        "createdOn": format_time(asset.created_ms),
        "updatedOn": format_time(asset.updated_ms),
    }
