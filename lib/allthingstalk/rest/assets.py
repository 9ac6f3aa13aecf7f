"""The assets of a device on the platform: listed as a stream, created, overwritten."""

from micropython import const

from ..assets import Asset
from ..utf8 import loads
from .http import path, request, unreadable

_ENTRY_MAX = const(4096)  # bytes of one entry
_LIST_MAX = const(1 << 20)  # bytes; a list that goes on has no end


def _definition(asset):
    return {
        "name": asset.name,
        "title": asset.title or asset.name,
        "description": asset.description,
        "is": asset.kind,
        "profile": asset.schema,
    }


def _as_asset(client, d):
    try:
        return Asset.from_dict(d)
    except (KeyError, TypeError, AttributeError) as e:
        raise unreadable(client, e)


def each_asset(client, device_id):
    """Yield the assets of a device one by one, as they arrive."""
    answer = request(client, "GET", path(device_id) + "/assets", stream=True)
    try:
        for asset in assets(answer.read, client.report):
            yield asset
    except (OSError, ValueError) as e:
        raise unreadable(client, e)
    finally:
        answer.close()


def create_asset(client, device_id, asset):
    return _as_asset(
        client, request(client, "POST", path(device_id) + "/assets", _definition(asset))
    )


def update_asset(client, device_id, asset):
    return _as_asset(
        client, request(client, "PUT", path(device_id, asset.name), _definition(asset))
    )


def assets(read, report):
    """Yield an Asset for each entry of a JSON array that `read(n)` returns piece by piece.

    An entry that cannot be read is skipped, and `report(text)` is told. ValueError if it is no
    JSON array, ends early or does not end.
    """
    for entry in entries(read, 1):
        asset = None if entry is None else _asset(entry)
        if asset:
            yield asset
        else:
            report("an entry of the list of assets cannot be read and was skipped")


def entries(read, depth):
    """Yield each object or array in a JSON array as bytes, with blanks behind; None: too long.

    `read(n)` returns the text piece by piece; `depth` is 1 for an array, 2 for one that is a member
    of an object, as in {"data": [...]}. ValueError if it is no such JSON, ends early or does not
    end.
    """
    n = _LIST_MAX
    # One buffer for all: it keeps its size, and JSON may end in blanks.
    entry = bytearray(256)
    size = 0  # of the current entry
    outer, depth = depth, 0  # of braces and brackets
    in_text = escaped = too_long = False
    piece = read(128)
    while piece:
        n -= len(piece)
        if n < 0:
            raise ValueError("the list does not end")
        for c in piece:
            inside = depth > outer
            if in_text:
                if escaped:
                    escaped = False
                elif c == 0x5C:  # backslash
                    escaped = True
                elif c == 0x22:
                    in_text = False
            elif c == 0x22:
                in_text = True
            elif c in b"[{":
                depth += 1
                inside = depth > outer
            elif c in b"]}":
                depth -= 1
            if depth < 1:
                if c == (0x5D if outer == 1 else 0x7D):
                    return
                if c not in b" \t\r\n":
                    raise ValueError("the list is no JSON array")
            if not inside:
                continue
            if size < _ENTRY_MAX:
                if size == len(entry):
                    entry.extend(bytes(64))
                entry[size] = c
                size += 1
            else:
                too_long = True
            if depth == outer:
                for k in range(size, len(entry)):
                    entry[k] = 0x20
                yield None if too_long else entry
                size = 0
                too_long = False
        piece = read(128)
    raise ValueError("the list was cut off")


def _asset(entry):
    try:
        asset = Asset.from_dict(loads(entry))
        return asset if isinstance(asset.name, str) else None
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        return None
