"""What a device of the local platform has to be told: the text of its settings.json."""

import json

from .listening import Listening


def settings_json(found: Listening, device_id: str, token: str, indent: int | None = None) -> str:
    """Return the content of a settings.json, where the Wi-Fi is still to be filled in."""
    settings: dict[str, object] = {
        "token": token,
        "api": found.http,
        "mqtt": found.mqtt if "://" in found.mqtt else f"mqtt://{found.mqtt}",
    }
    if found.roots_pem:
        settings["ca"] = found.roots_pem
    settings |= {"device": device_id, "wifi": [["name", "password"]]}
    return json.dumps(settings, indent=indent)
