"""What makes a session, mends it and ends it; in memory for that long only.

Here stand the connection attempt, step by step, and the state of the connection: one table, and the
only place that changes it. An attempt leads from a state of rest over assets (REST), lookup (DNS),
tcp, tls and connack to online; in between the status is "connecting". docs/architecture.md shows
the same table.
"""

import sys

from ..overlay import Overlay

# Which state an event leads to; "-": it changes nothing.
TABLE = """\
state    connect next    accepted lost    refused close
closed   assets  -       -        -       -       -
offline  assets  -       -        offline refused closed
refused  assets  -       -        offline refused closed
assets   -       lookup  online   offline refused closed
lookup   -       tcp     -        offline refused closed
tcp      -       tls     -        offline refused closed
tls      -       connack -        offline refused closed
connack  -       -       online   offline refused closed
online   -       -       -        offline refused closed"""


def move(client, event, reason=None):
    """Take an event of the table; `reason` goes to on_disconnect when a session ends."""
    rows = TABLE.split("\n")
    column = rows[0].split().index(event)
    for row in rows:
        cells = row.split()
        if cells[0] == client.state:
            break
    state = cells[column]
    if state == "-":
        return
    if state == "online":
        client.events.append("online")
    elif client.state == "online" and reason:
        client.events.append(reason)
    client.state = state
    rests = ("offline", "online", "refused", "closed")
    client.status = state if state in rests else "connecting"


def refuses(e):
    """Return whether waiting does not mend what an exception tells."""
    return isinstance(e, NotImplementedError) or not getattr(e, "passing", True)


def connect(client, device):
    """Settle the assets of a device and lead the client on line; wait for it.

    Returns the link over which CONNACK has come, None where there is none to be opened. Raises
    whatever stops it.
    """
    if client.status == "closed":
        client.losses = None
    client.retry_at = client.net.ticks_ms()
    client.set_aside = ()
    client.devices[device] = "first"
    if not client.hooked:
        client.hooked = True
        if hasattr(sys, "atexit"):  # the unix port; it keeps one function
            client.before_exit = sys.atexit(client.at_exit)
        else:
            try:
                import atexit

                atexit.register(client.at_exit)
            except ImportError:  # a board does not end
                pass
    if client.state == "online":
        settle(client, device)
        return None
    from .dial import wait_for

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
        from ..rest.assets import settle

        settle(client, device)
