"""Names of devices and assets, and topics made of them. Loaded while they are made or checked."""


def checked_name(name, where="asset name"):
    """Return a name or an id if it can be part of a topic and of a path. Else ValueError."""
    # Bytes, as MicroPython keeps each character of a text for ever, once it was looked at.
    if isinstance(name, str) and name and min(name.encode()) > 32:
        if not ("/" in name or "+" in name or "#" in name):
            return name
    raise ValueError("%s %r: it is text without blanks, /, + and #" % (where, name))


def state_topic(device_id, asset_name):
    """Return the topic of an asset's states; of several assets' states for ()."""
    if asset_name != ():
        device_id = "%s/asset/%s" % (device_id, checked_name(asset_name))
    return ("device/%s/state" % device_id).encode()
