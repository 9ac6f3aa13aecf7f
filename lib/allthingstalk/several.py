"""Values of several assets in one message: what `device.update(temp=21.5, humidity=40)` does.

The message is a JSON object of states on `device/{id}/state`, over REST the body of
`PUT /device/{id}/state` (seen in public clients). Loaded by the first update().
"""

import json

from . import publishing
from .outbox import SEVERAL
from .values import check, check_json

_TIME = b"\0"  # no JSON holds it: where a value's time is put in, should it have to wait


def update(device, states):
    """Check all values, then publish them together. Raises what an assignment does."""
    texts = []
    latest = []  # of which only the newest value waits: a message of several would stay
    for member in states:
        asset = device.assets.get(member)
        if asset is None:
            raise TypeError(
                "%s has no asset '%s'; it has: %s"
                % (device.__class__.__name__, member, " ".join(device.assets))
            )
        state = states[member]
        at = None
        if hasattr(state, "value") and hasattr(state, "at"):  # an AssetState
            state, at = state.value, state.at
        state = check(asset, state)
        check_json(state, asset.name)
        if asset.keep == "latest":
            latest.append(member)
            continue
        text = json.dumps(asset.name) + ':{"value":' + json.dumps(state)
        text += ',"at":"%s"}' % at if at is not None else "\0"
        texts.append(text)
    client = device.client
    if not hasattr(client, "_connect_device"):  # a client of somebody's own
        for member in states:
            setattr(device, member, states[member])
        return
    if texts:
        client._loop.tick(client)  # loads the loop of a client that the device was given later
        number = publishing.number(client, device.id or id(device), ())
        _publish(client, number, ",".join(texts).encode())
    for member in latest:
        setattr(device, member, states[member])


def _publish(client, number, text):
    if client._in_io:  # an interrupt's handler: the outbox is in use
        publishing.put_later(client, number, text, SEVERAL)
        return
    client._in_io = True
    try:
        publishing.put_now(client, number, text, SEVERAL)
    finally:
        client._in_io = False
    publishing.serve(client)


def message(buffer, start, n, ending):
    """Return the message of a record of the outbox; `ending` ends each value without a time."""
    return b"{" + bytes(buffer[start : start + n]).replace(_TIME, ending) + b"}"
