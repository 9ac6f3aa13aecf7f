"""Makes the MQTT connection. Loaded for as long as that takes, `umqtt.simple` too.

The engine says CONNECT, with the last will, and reads CONNACK; the session goes on from there.
"""

import gc

from .dialing import lend


def connected(client):
    """Return a Link to the broker over which CONNACK has come. Raises what the engine does."""
    if not client._client_id:
        client._client_id = _chip_id(client)
    gc.collect()
    link = client._net.dial(client.mqtt, client._timeout_s, client._ca)
    try:
        say_connect(link, client._client_id, client.token, client._keepalive, client.last_will)
    except BaseException:
        link.close()
        raise
    return link


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
        return "att%04x%04x" % (net.getrandbits(16), net.getrandbits(16))
