"""Names and topics: checked, made and subscribed to. In memory for that long."""


def checked_name(name, where="asset name"):
    """Return a name or an id if it can be part of a topic and of a path. Else ValueError."""
    # As bytes: MicroPython interns each one-character string for ever.
    sign = name.encode() if isinstance(name, str) else b""
    if sign and min(sign) > 32 and not (b"/" in sign or b"+" in sign or b"#" in sign):
        if max(sign) < 128:
            return name
        from ..utf8 import check

        check(sign)
        # Blanks beyond ASCII (Unicode's White_Space), as the platform refuses them.
        blanks = (
            b"\xc2\x85 \xc2\xa0 \xe1\x9a\x80 \xe2\x80\x80 \xe2\x80\x81 \xe2\x80\x82 "
            b"\xe2\x80\x83 \xe2\x80\x84 \xe2\x80\x85 \xe2\x80\x86 \xe2\x80\x87 \xe2\x80\x88 "
            b"\xe2\x80\x89 \xe2\x80\x8a \xe2\x80\xa8 \xe2\x80\xa9 \xe2\x80\xaf \xe2\x81\x9f "
            b"\xe3\x80\x80"
        )
        for blank in blanks.split():
            if blank in sign:
                break
        else:
            return name
    raise ValueError("%s %r: it is text without blanks, /, + and #" % (where, name))


def head(client, device_id, asset_name):
    """Return what stands in a PUBLISH of an asset's states between its length and the value.

    That is the topic, room for the packet id, and the beginning of the message. For () it is that
    of a message with the states of several assets.
    """
    beginning = b""
    if asset_name != ():
        device_id = "%s/asset/%s" % (device_id, checked_name(asset_name))
        beginning = client.format.BEGINNING
    topic = ("device/%s/state" % device_id).encode()
    packet_id = b"\0\0" if client.qos else b""
    return bytes((len(topic) >> 8, len(topic) & 255)) + topic + packet_id + beginning


def asset_of(head):
    """Return (device id, asset name) of what head() returned; the name is None for several."""
    parts = str(head[2 : 2 + (head[0] << 8 | head[1])], "utf-8").split("/")
    return parts[1], parts[3] if len(parts) > 3 else None


def number_assets(client, device):
    """Give the assets of a device their numbers, so that an interrupt finds them."""
    for asset in device.assets.values():
        topic = client.number(device.id or id(device), asset.name)
        if asset.keep == "latest" and topic not in client.latest:
            client.latest += (topic,)


def subscribe(client, now):
    """Subscribe to the streams that have handlers, as far as this link has not yet.

    At QoS 1, without waiting for SUBACK (MQTT 3.1.1, section 3.8).
    """
    session = client.session
    for device in client.devices:
        if client.devices[device] == "first":  # left out: it might cost the others their session
            continue
        for stream in ("command", "feed", "state", "event"):
            topic_filter = "device/%s/asset/+/%s" % (device.id, stream)
            if topic_filter in session.subscribed:
                continue
            for member in device.assets:
                if device.__handler__(stream, member):
                    break
            else:
                continue
            packet_id = session.packet_id = session.packet_id % 65535 + 1
            f = topic_filter.encode()
            n = len(f) + 5
            packet = b"\x82" + (bytes((n,)) if n < 128 else bytes((n & 127 | 128, n >> 7)))
            packet += bytes((packet_id >> 8, packet_id & 255, len(f) >> 8, len(f) & 255))
            session.put(packet + f + b"\x01")
            if not session.asked:
                session.progress_at = now
            session.asked[packet_id] = topic_filter
            session.subscribed.append(topic_filter)
