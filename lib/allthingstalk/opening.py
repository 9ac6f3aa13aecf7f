"""Opens the MQTT session and makes its subscriptions. Let go when it is done."""

import gc

_STREAMS = ("command", "feed", "state", "event")


def open_session(client):
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
