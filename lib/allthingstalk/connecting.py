"""Coming up and going down: REST where a device needs it, then MQTT. Let go when it is done."""

import gc

from .loading import REST, calling

_STREAMS = ("command", "feed", "state", "event")


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
        calling(("allthingstalk.leaving",), "leaving.leave", client)
    for device in client._devices:
        if device._unsettled:
            try:
                settle(client, device)
            except Exception as e:
                if device is new or len(client._devices) == 1 or not _refused(client, e):
                    raise
                client._report("device %s is left out: %s" % (device.id, e))
    if client.mqtt:
        _open_session(client)
    elif client.pending:
        client._rest("rest_states.send")
    client.status = "online"
    client._events.append("online")


def settle(client, device):
    """Create or compare the assets of a device."""
    calling(REST, "definition.settle", client, device)


def _open_session(client):
    session = client._session
    if not session:
        from . import reader  # noqa: F401  - compiled by itself: one peak after the other

        gc.collect()
        from .session import Session

        session = client._session = Session(
            client._client_id or _chip_id(client),
            client.token,
            client._keepalive,
            client._net,
            client._outbox,
            client._max_message,
            client._report,
        )
        session.failures = client._failures
        if client.last_will:
            topic, payload = client.last_will
            session.set_last_will(topic, payload, qos=1)
    gc.collect()
    link = client._net.dial(client.mqtt, client._timeout_s, client._ca)
    try:
        session.open(link, client._timeout_s)
    except BaseException:
        session.shut()
        raise
    subscribe(client)


def subscribe(client):
    """Subscribe to the streams that have handlers, as far as this session has not yet."""
    session = client._session
    for device in client._devices:
        client._registered = device._registered
        if device._unsettled:  # left out: a subscription may cost the others their session
            continue
        for stream in _STREAMS:
            topic = "device/%s/asset/+/%s" % (device.id, stream)
            if topic not in session.subscribed and device._listens(stream):
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


def _chip_id(client):
    """Return an MQTT client id, stable on a board: two sessions of one id throw each other off.

    Two clients on one board have different tokens; four digits do not give one away.
    """
    net = client._net
    try:
        from machine import unique_id

        chip = "".join("%02x" % b for b in unique_id()[-8:])
        return "att%s%04x" % (chip, hash(client.token) & 0xFFFF)
    except ImportError:
        return "att%08x" % (net.getrandbits(16) << 16 | net.getrandbits(16))


def connect_device(client, device):
    """Settle the device's assets, open the session, subscribe; return whether it is on line.

    Raises what is refused, and then the device is not started. With the network away the device
    counts as started, its values wait, and the client goes on trying.
    """
    if client.status == "closed":
        client.status = "offline"
        client._failures = None
    known = device in client._devices
    for asset in device.assets.values():
        number = client._number(device.id or id(device), asset.name)
        if asset.keep == "latest" and number not in client._keep:
            client._keep += (number,)
    client._in_io = True
    client._tick()
    client._polled_at = client._second
    client._retry_at = client._ticked
    client._set_aside = ()
    device._unsettled = True
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
        client._failed(e)
    finally:
        client._in_io = False
    device._started = True
    # A command sent right after connect() returns has to be heard.
    client._until(client._timeout_s, lambda: not _unanswered(client))
    return client.connected


def _refused(client, e):
    """Return what waiting does not mend as an exception of this library, else None."""
    if isinstance(e, NotImplementedError):  # says itself what to do
        return e
    try:
        from .failures import classified

        e = classified(e, client.mqtt)
        return None if e.passing else e
    except MemoryError:
        return None


def _unanswered(client):
    return client.connected and client._session and not client._session.settled()
