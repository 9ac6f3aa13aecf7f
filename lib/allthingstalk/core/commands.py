"""From a message to the handler of a device: which device, which asset, which value."""

from . import payload

_STREAMS = ("command", "feed", "state", "event")


def subscribe(session, devices, now):
    """Subscribe to the streams that have handlers, as far as this link has not yet.

    `devices`: {device: why its assets are still to be looked at, or None}. At QoS 1, without
    waiting for SUBACK (MQTT 3.1.1, section 3.8).
    """
    for device in devices:
        if devices[device] == "first":  # left out: it might cost the others their session
            continue
        for stream in _STREAMS:
            topic_filter = "device/%s/asset/+/%s" % (device.id, stream)
            if topic_filter in session.subscribed:
                continue
            for member in device.assets:
                if handler_of(device, stream, member):
                    break
            else:
                continue
            packet_id = session.packet_id = session.packet_id % 65535 + 1
            f = topic_filter.encode()
            n = len(f) + 5
            head = b"\x82" + (bytes((n,)) if n < 128 else bytes((n & 127 | 128, n >> 7)))
            head += bytes((packet_id >> 8, packet_id & 255, len(f) >> 8, len(f) & 255))
            session.put(head + f + b"\x01")
            if not session.asked:
                session.progress_at = now
            session.asked[packet_id] = topic_filter
            session.subscribed.append(topic_filter)


def dispatch(client):
    """Tell the program's functions and the devices' handlers what came."""
    while client.events:
        event = client.events.pop(0)
        try:
            if event == "online":
                if client.on_connect:
                    client.on_connect(client)
            elif client.on_disconnect:
                client.on_disconnect(client, event)
        except Exception as e:
            client.report("on_connect or on_disconnect raised", e)
    session = client.session
    while session.inbox:
        again, topic, message = session.inbox.pop(0)
        session.inbox_bytes -= len(topic) + len(message) + 64
        parts = topic.split("/")
        for device in client.devices:
            if len(parts) == 5 and parts[1] == device.id:
                device.__again__ = again
                try:
                    device.on_message(parts[4], parts[3], message)
                except Exception as e:  # on_message of the program's own
                    client.report("on_message raised", e)
    session.inbox_bytes = 0


def handler_of(device, stream, member):
    """Return the handler of a stream for a member of a device, None if there is none."""
    key = stream + " " + member
    for owner in [device] + list(device.__lineage__(device.__class__)):
        handlers = owner.__dict__.get("__handlers__", ())
        if key in handlers:
            return handlers[key]
    return device.assets[member].handler if stream == "command" else None


def deliver(device, stream, asset_name, message):
    """Hand a message to its handler; see Device.on_message.

    One that was sent before (`again`) and has the time of the last one is passed over.
    """
    for member in device.assets:
        asset = device.assets[member]
        if asset.name == asset_name:
            break
    else:
        return
    handler = handler_of(device, stream, member)
    if not handler:
        return
    report = getattr(device.client, "report", print)
    place = "%s of '%s'" % (stream, asset_name)
    try:
        value, at = payload.read(message)
        if not asset.fits(value):
            from .values import convert

            value = convert(asset, value)
    except MemoryError:
        report("a %s is too large for the memory" % place)
        return
    except Exception as e:  # nested deeper than the stack, for one
        report("a %s cannot be used: %s" % (place, e))
        return
    last_at = device.__last_at__
    if device.__again__ and at is not None and last_at.get(place) == at:
        return
    last_at[place] = at
    try:
        handler(device, value, at)
    except Exception as e:
        report("the handler for the %s raised" % place, e)
