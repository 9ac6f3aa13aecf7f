"""Begins the session over a new connection, and subscribes to what has handlers. Let go then."""

import gc

_STREAMS = ("command", "feed", "state", "event")


def begin(client, link):
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
            client._session._failures = client._failures
        client._session.open(link, client._timeout_s, client._keepalive)
    except BaseException:
        link.close()
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
