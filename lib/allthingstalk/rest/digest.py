"""A digest of a device's declaration on flash: later boots skip REST while it is as it was."""


def of(client, device):
    """Return a line that changes with the endpoint, the device and its declaration."""
    import hashlib
    import json
    from binascii import hexlify

    h = hashlib.sha256(client.http.encode())
    h.update(str(device.overwrite_assets).encode())
    for asset in device.assets.values():
        schema = asset.schema
        h.update(json.dumps([asset.name, asset.kind, asset.title, asset.description]).encode())
        h.update(json.dumps([[key, schema[key]] for key in sorted(schema)]).encode())
    return "%s %s" % (device.id, str(hexlify(h.digest()), "utf-8")[:16])


def kept(path):
    try:
        with open(path) as f:
            return f.read().split("\n")
    except (OSError, UnicodeError):
        return []


def keep(path, device_id, line):
    """Replace the device's line; the file is whole at any moment."""
    import os

    lines = [old for old in kept(path) if old and old.split(" ")[0] != device_id]
    try:
        with open(path + ".new", "w") as f:
            f.write("\n".join(lines + [line]))
        os.rename(path + ".new", path)
    except OSError:  # a full or read-only flash: the next boot asks REST again, no more
        pass
