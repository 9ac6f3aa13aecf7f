"""SUBSCRIBE to the streams that have handlers."""


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
            head = b"\x82" + (bytes((n,)) if n < 128 else bytes((n & 127 | 128, n >> 7)))
            head += bytes((packet_id >> 8, packet_id & 255, len(f) >> 8, len(f) & 255))
            session.put(head + f + b"\x01")
            if not session.asked:
                session.progress_at = now
            session.asked[packet_id] = topic_filter
            session.subscribed.append(topic_filter)
