"""Coming up: REST where a device needs it, then MQTT and subscriptions. Let go when it is done."""

import gc
import sys

from .loading import REST, calling, function

_STREAMS = ("command", "feed", "state", "event")
_OPENING = " .opening .dialing .secure umqtt.simple umqtt "


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
                device._unsettled = 2
                client._report("device %s is left out: %s" % (device.id, e))
    if client.mqtt:
        # What connects leaves the memory before the session comes in.
        link = calling(_OPENING, "opening.connected", client)
        _begin(client, link)
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
    device._unsettled = 2
    try:
        try:
            if client.connected:
                settle(client, device)
                if not known:
                    client._devices.append(device)
                if client._session:
                    subscribe(client)
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
        _number(client, device)
        device._started = True
    except MemoryError:  # the loop does not fit yet
        client._short_of_memory()
        device._started = True
    finally:
        client._in_io = False
    if client.connected:
        # A command sent right after connect() returns has to be heard.
        client._loop.until(client, client._timeout_s, lambda: not _unanswered(client))
    else:
        client.poll()
    return client.connected


def _number(client, device):
    """Give the device's assets their numbers, so that an interrupt finds them."""
    client._loop.tick(client)  # loads the loop, where there is no session that did
    number = function("publishing.number")
    for asset in device.assets.values():
        topic = number(client, device.id or id(device), asset.name)
        if asset.keep == "latest" and topic not in client._keep:
            client._keep += (topic,)
    client._polled_at = client._second


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
    session = client._session  # once: a timer's poll may lose it
    return client.connected and session and not session.settled()


# -- the session ----------------------------------------------------------------------------------


def _begin(client, link):
    """Go on over a Link with the client's session; it is made by the first one."""
    try:
        client._loop.tick(client)  # loads the loop, and makes the outbox
        if not client._session:
            from . import reader  # noqa: F401  - compiled by itself: one peak after the other

            gc.collect()
            from .session import Session

            client._session = Session(
                client._net, client._outbox, client._max_message, client._report
            )
            if client._failures:
                client._session._failures = client._failures
        client._session.open(link, client._timeout_s, client._keepalive)
    except BaseException:
        link.close()
        raise
    subscribe(client)


def subscribe(client):
    """Subscribe to the streams that have handlers, as far as this session has not yet."""
    listens = function("messages.listens")
    session = client._session
    for device in client._devices:
        client._registered = device._registered
        if device._unsettled:  # left out: a subscription may cost the others their session
            continue
        for stream in _STREAMS:
            topic = "device/%s/asset/+/%s" % (device.id, stream)
            if topic not in session.subscribed and listens(device, stream):
                subscribe_later(session, topic)


def subscribe_later(session, topic):
    """Write SUBSCRIBE at QoS 1 and do not wait for its SUBACK (MQTT 3.1.1, section 3.8)."""
    packet_id = session._packet_id()
    f = topic.encode()
    n = len(f) + 5
    head = b"\x82" + (bytes([n]) if n < 128 else bytes([n & 127 | 128, n >> 7]))
    head += bytes([packet_id >> 8, packet_id & 255, len(f) >> 8, len(f) & 255])
    session.link.write(head + f + b"\x01")
    session._wrote_at = session._net.ticks_ms()
    if not session._asked:
        session._progress_at = session._wrote_at
    session._asked[packet_id] = topic
    session.subscribed.append(topic)
