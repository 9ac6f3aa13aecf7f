"""What hands messages to a device's handlers. In memory once a device subscribes to something."""

import json

from .assets import plain
from .devices import lineage
from .loading import function


def handler_of(device, stream, member):
    """Return the handler of a stream for a member of a device, None if there is none."""
    key = stream + " " + member
    for owner in [device] + list(lineage(device.__class__)):
        handlers = owner.__dict__.get("_handlers", ())
        if key in handlers:
            return handlers[key]
    return device.assets[member].handler if stream == "command" else None


def listens(device, stream):
    """Return whether any asset of a device has a handler for a stream."""
    for member in device.assets:
        if handler_of(device, stream, member):
            return True
    return False


def deliver(device, stream, asset_name, payload):
    """Hand a message to its handler; see Device.on_message."""
    for member in device.assets:
        if device.assets[member].name == asset_name:
            handler = handler_of(device, stream, member)
            if handler:
                _hand_over(device, handler, device.assets[member], stream, payload)
            return


def _hand_over(device, handler, asset, stream, payload):
    place = "%s of '%s'" % (stream, asset.name)
    report = getattr(device.client, "_report", print)
    try:
        value, at = _value_and_time(payload)
        if not plain(asset, value):
            value = function("values.convert")(asset, value)
    except MemoryError:
        report("a %s is too large for the memory" % place)
        return
    except Exception as e:  # nested deeper than the stack, for one
        report("a %s cannot be used: %s" % (place, e))
        return
    if device._redelivered and at is not None and device._last_at.get(place) == at:
        return
    device._last_at[place] = at
    try:
        handler(device, value, at)
    except Exception as e:
        report("the handler for the %s raised" % place, e)


def _value_and_time(payload):
    """Return (value, ISO 8601 text or None) of a message; keys in any case, or a bare value."""
    if isinstance(payload, (bytes, bytearray, memoryview)):
        payload = str(payload, "utf-8")
    message = json.loads(payload) if isinstance(payload, str) else payload
    if not isinstance(message, dict):
        return message, None
    value = at = None
    found = False
    for key in message:
        word = str(key).lower()  # MicroPython's json reads {1:2} as well
        if word == "value":
            value, found = message[key], True
        elif word == "at":
            at = message[key]
    if not found:
        raise ValueError("it has no value")
    if at is not None and not is_utc(at):  # nothing to load for most commands
        at = function("asset_state.platform_time")(at)
    return value, at


def is_utc(at):
    """Return whether a time is text as the platform writes it (seen in public clients)."""
    if not isinstance(at, str) or not 19 < len(at) < 25:
        return False
    return at[10] + at[-1] == "TZ" and at[:4].isdigit()
