"""Messages of a whole device: what `device.update(temp=21.5, humidity=40)` and `send()` do.

The message is a JSON object of states on `device/{id}/state`, over REST the body of
`PUT /device/{id}/state` (seen in public clients). Loaded by the first update().
"""

from ..outbox import RAW, SEVERAL
from . import payload, several


def _client_of(device):
    if not device.__started__:
        raise RuntimeError("Device not started.")
    return device.client


def update(device, states):
    """Check all values, then publish them together. Raises what an assignment does."""
    client = _client_of(device)
    format = getattr(client, "format", payload)
    parts = several if format is payload else format
    pairs = []
    apart = []  # alone: keep="latest", for a combined record cannot be replaced; with a place
    for member in states:
        asset = device.assets.get(member)
        if asset is None:
            raise TypeError(
                "%s has no asset '%s'; it has: %s"
                % (device.__class__.__name__, member, " ".join(device.assets))
            )
        state = states[member]
        at = place = None
        if not asset.fits(state):
            from .values import check, check_json

            if hasattr(state, "value") and hasattr(state, "at"):  # an AssetState
                state, at, place = state.value, state.at, getattr(state, "place", None)
            state = check(asset, state)
            check_json(state, asset.name)
        pair = None
        if asset.keep == "every" and place is None:
            pair = parts.pair(asset.name, state, at)
        if pair is None:
            apart.append(member)
        else:
            pairs.append(pair)
    if not hasattr(client, "connect_device"):  # a client of somebody's own
        apart = states
    elif pairs:
        text = parts.join(pairs)
        format.check(text, len(text))
        client.publish(client.number(device.id or id(device), ()), text, None, SEVERAL)
    for member in apart:
        setattr(device, member, states[member])


def send(device, data):
    """Publish bytes, or values by asset name in the layout of the client; see Device.send()."""
    client = _client_of(device)
    if not getattr(client, "mqtt", None):
        raise ValueError("bytes are sent over MQTT only, by a Client")
    if not isinstance(data, (bytes, bytearray, memoryview)):
        if not hasattr(client.payload, "pack"):
            raise TypeError(
                "send() takes bytes; for values by asset name the client has to be told their "
                "layout: Client(..., payload=abcl.Format(...))"
            )
        data = client.payload.pack(data)
    if not data:
        raise ValueError("there are no bytes to be sent")
    client.publish(client.number(device.id or id(device), ()), bytes(data), None, RAW)
