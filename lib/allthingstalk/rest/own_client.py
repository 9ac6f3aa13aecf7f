"""Connecting a device with a client of somebody's own."""

from .assets import settle


def connect_with(client, device):
    """Settle the assets with a client of somebody's own; return whether the device is on line."""
    online = True
    try:
        settle(client, device)
    except Exception as e:
        if not getattr(e, "passing", False):
            raise
        online = False
    if hasattr(client, "_attach_device"):
        client._attach_device(device)
    device.__started__ = True
    return online
