"""Opens the MQTT session and makes its subscriptions. Let go when it is done, and the engine too.

`umqtt.simple` says CONNECT, with the last will, and reads CONNACK; the session goes on from there.
"""

import gc

from .dialing import lend
from .loading import ENGINE, passing

_STREAMS = ("command", "feed", "state", "event")


def open_session(client):
    """Connect, and go on with the client's session; it is made by the first one."""
    if not client._client_id:
        client._client_id = _chip_id(client)
    gc.collect()
    link = client._net.dial(client.mqtt, client._timeout_s, client._ca)
    try:
        passing(
            ENGINE,
            lambda: say_connect(
                link, client._client_id, client.token, client._keepalive, client.last_will
            ),
        )
        if not client._session:
            from . import reader  # noqa: F401  - compiled by itself: one peak after the other

            gc.collect()
            from .session import Session

            client._session = Session(
                client._net, client._outbox, client._max_message, client._report
            )
            client._session.failures = client._failures
        client._session.open(link, client._timeout_s, client._keepalive)
    except BaseException:
        link.close()
        raise
    subscribe(client)


def say_connect(link, client_id, token, keepalive, last_will=None):
    """Let the engine make the connection over a Link. Raises the engine's errors."""
    from umqtt import simple as engine

    def connect():
        # Any password will do, but not none (seen in public clients); old engines compute the
        # length of CONNECT right only below 128 bytes, so it is a short one.
        # Engines before 1.3.4 ask DNS in the constructor.
        mqtt = engine.MQTTClient(client_id, "", 0, token, b"-", keepalive)
        if last_will:
            mqtt.set_last_will(last_will[0], last_will[1], qos=1)
        mqtt.connect()

    lend(engine, link, connect)


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
