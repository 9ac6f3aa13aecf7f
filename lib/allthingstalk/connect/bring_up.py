"""A connection attempt, step by step: REST where a device needs it, TCP, TLS, CONNECT, CONNACK."""

import sys

from ..overlay import Overlay
from . import move
from .dial import wait_for


def connect(client, device):
    """Settle the assets of a device and lead the client on line; wait for it.

    Returns the link over which CONNACK has come, None where there is none to be opened. Raises
    whatever stops it.
    """
    if client.status == "closed":
        client.losses = None
    client.retry_at = client.net.ticks_ms()
    if client.set_aside:
        client.set_aside = ()
    client.devices[device] = "first"
    if client.before_exit is None:
        client.before_exit = False
        if hasattr(sys, "atexit"):  # the unix port; it keeps one function
            client.before_exit = sys.atexit(client.at_exit) or False
        else:
            try:
                import atexit

                atexit.register(client.at_exit)
            except ImportError:  # a board does not end
                pass
    if client.state == "online":
        settle(client, device)
        return None
    return wait_for(client.net, attempt(client, device))


def attempt(client, new=None):
    """Lead to CONNACK: a generator that yields where the network is to be waited for.

    Returns the link, None where there is no MQTT. One TLS connection at a time: REST is closed
    before MQTT begins. Raises whatever stops it; a device that is refused stops the others only if
    it is the one being connected, `new`.
    """
    move(client, "connect")
    if client.link_up and not client.link_up():
        raise OSError("the network is down")
    for device in list(client.devices):
        if client.devices[device]:
            try:
                settle(client, device)
            except Exception as e:
                from .recover import refuses

                if device is new or len(client.devices) == 1 or not refuses(e):
                    raise
                client.devices[device] = "first"
                client.report("device %s is left out: %s" % (device.id, e))
    if client.mqtt:
        from .mqtt_connect import mqtt_connect

        return (yield from mqtt_connect(client))
    if client.pending:
        client.send_states()
    return None


def settle(client, device):
    """Create or compare the assets of a device, over REST."""
    with Overlay("rest"):
        from ..rest import assets

        assets.settle(client, device)
