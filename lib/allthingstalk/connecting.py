"""Coming up and going down: REST where a device needs it, then MQTT. Let go when it is done."""

import gc
import sys

from .loading import ENGINE, REST, calling, function

_OPENING = " .opening .dialing .secure " + ENGINE


def bring_up(client, new=None):
    """Settle the assets of devices that need it, open the session, subscribe.

    One TLS connection at a time: REST is closed before MQTT begins. Raises whatever stops it. A
    device that is refused stops the others only if it is the one being connected, `new`.
    """
    if client.link_up and not client.link_up():
        raise OSError("the network is down")
    client.status = "connecting"
    if not client._hooked:
        client._hooked = True
        _hook(client)
    for device in client._devices:
        if device._unsettled:
            try:
                settle(client, device)
            except Exception as e:
                if device is new or len(client._devices) == 1 or not _refused(client, e):
                    raise
                client._report("device %s is left out: %s" % (device.id, e))
    if client.mqtt:
        # What connects leaves the memory before the session comes in.
        link = calling(_OPENING, "opening.connected", client)
        function("subscribing.begin")(client, link)
    elif client.pending:
        client._rest("rest_states.send")
    client.status = "online"
    client._events.append("online")


def _hook(client):
    """Where the interpreter has an exit hook, let pending values have one second at exit."""
    if hasattr(sys, "atexit"):  # the unix port; it keeps one function
        client._before_exit = sys.atexit(client._at_exit)
    else:
        try:
            import atexit
        except ImportError:  # a board does not end
            return
        atexit.register(client._at_exit)


def settle(client, device):
    """Create or compare the assets of a device."""
    calling(REST, "definition.settle", client, device)


def connect_device(client, device):
    """Settle the device's assets, open the session, subscribe; return whether it is on line.

    Raises what is refused, and then the device is not started. With the network away the device
    counts as started, its values wait, and the client goes on trying.
    """
    if client.status == "closed":
        client.status = "offline"
        client._failures = None
    known = device in client._devices
    client._in_io = True
    client._retry_at = client._net.ticks_ms()
    client._set_aside = ()
    device._unsettled = True
    try:
        if client.connected:
            settle(client, device)
            if not known:
                client._devices.append(device)
            if client._session:
                function("subscribing.subscribe")(client)
        else:
            if not known:
                client._devices.append(device)
            bring_up(client, device)
    except Exception as e:
        gc.collect()
        refused = _refused(client, e)
        if refused:
            if device in client._devices:
                client._devices.remove(device)
            if not client.connected:
                client.status = "refused"
            raise refused
        if device not in client._devices:
            client._devices.append(device)
        client._loop.tick(client)
        client._loop.failed(client, e)
    finally:
        client._in_io = False
    _start(client, device)
    # A command sent right after connect() returns has to be heard.
    return client._loop.until(client, client._timeout_s, lambda: not _unanswered(client))


def _start(client, device):
    """Give the device's assets their numbers, so that an interrupt finds them, and start it."""
    client._loop.tick(client)  # loads the loop, where there is no session that did
    number = function("publishing.number")
    for asset in device.assets.values():
        topic = number(client, device.id or id(device), asset.name)
        if asset.keep == "latest" and topic not in client._keep:
            client._keep += (topic,)
    client._polled_at = client._second
    device._started = True


def _refused(client, e):
    """Return what waiting does not mend as an exception of this library, else None."""
    if isinstance(e, NotImplementedError):  # says itself what to do
        return e
    try:
        e = function("failures.classified")(e, client.mqtt)
        return None if e.passing else e
    except MemoryError:
        return None


def _unanswered(client):
    return client.connected and client._session and not client._session.settled()
