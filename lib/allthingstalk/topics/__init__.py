"""Names of devices and assets, and the topics of their states. In memory while they are made."""


def checked_name(name, where="asset name"):
    """Return a name or an id if it can be part of a topic and of a path. Else ValueError."""
    # As bytes: MicroPython interns each one-character string for ever.
    if isinstance(name, str) and name and min(name.encode()) > 32:
        if not ("/" in name or "+" in name or "#" in name):
            return name
    raise ValueError("%s %r: it is text without blanks, /, + and #" % (where, name))


def state_topic(client, device_id, asset_name):
    """Return the topic of an asset's states as bytes; of several assets' states for ()."""
    if asset_name != ():
        device_id = "%s/asset/%s" % (device_id, checked_name(asset_name))
    return ("device/%s/state" % device_id).encode()


def asset_of(topic):
    """Return (device id, asset name) of a state topic; the name is None for several assets."""
    parts = str(topic, "utf-8").split("/")
    return parts[1], parts[3] if len(parts) > 3 else None


def number_assets(client, device):
    """Give the assets of a device their numbers, so that an interrupt finds them."""
    for asset in device.assets.values():
        topic = client.number(device.id or id(device), asset.name)
        if asset.keep == "latest" and topic not in client.latest:
            client.latest += (topic,)
