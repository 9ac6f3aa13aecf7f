"""The way up: REST where a device needs it, then TCP, TLS, CONNECT and CONNACK, step by step."""

import gc

from ..overlay import Overlay

_IDLE_MS = 2


def connect(client, attached):
    """Settle the assets of a device and bring the client up; wait for it.

    Returns the link over which CONNACK has come; None where there is a session already, or no
    MQTT. Raises whatever stops it.
    """
    if client.connected:
        settle(client, attached)
        return None
    way = way_up(client, attached)
    while True:
        try:
            next(way)
        except StopIteration as e:
            return e.value
        client.net.sleep_ms(_IDLE_MS)


def way_up(client, new=None):
    """Lead to CONNACK: a generator that yields where the network is to be waited for.

    Returns the link, or None where there is no MQTT. One TLS connection at a time: REST is closed
    before MQTT begins. Raises whatever stops it; a device that is refused stops the others only if
    it is the one being connected, `new`.
    """
    connection = client.connection
    if client.link_up and not client.link_up():
        raise OSError("the network is down")
    connection.move("connect")
    for attached in client.attached:
        if attached.look:
            try:
                settle(client, attached)
            except Exception as e:
                from .recover import refusal

                if attached is new or len(client.attached) == 1 or not refusal(client, e):
                    raise
                attached.looked("first")
                client.report("device %s is left out: %s" % (attached.device.id, e))
    if not client.mqtt:
        if client.pending:
            client.send_states()
        return None
    return (yield from _session(client))


def settle(client, attached):
    """Create or compare the assets of a device, over REST."""
    with Overlay("rest"):
        from ..rest.sync_assets import settle

        settle(client, attached.device, attached)


def _session(client):
    from .dial import dial, until
    from .mqtt_connect import chip_id, packet, refusal

    net, connection, timeout_s = client.net, client.connection, client.timeout
    if not client.client_id:
        client.take_client_id(chip_id(client))
    with Overlay("mqtt"):
        hello = packet(client.client_id, client.token, client.keepalive, client.last_will)
    gc.collect()

    def stage():
        connection.move("next")
        client.progress()

    link = yield from dial(net, client.mqtt, timeout_s, client.ca, stage)
    try:
        # What TLS takes of CONNECT tells that the peer is verified.
        at = [0]

        def sent():
            at[0] = link.send(hello, at[0], len(hello))
            return at[0] == len(hello)

        yield from until(net, timeout_s, sent)
        stage()
        answer = bytearray(4)
        have = [0]

        def answered():
            n = link.readinto(memoryview(answer)[have[0] :])
            if n == 0:
                raise OSError("the platform closed the connection")
            have[0] += n or 0
            return have[0] == 4

        yield from until(net, timeout_s, answered)
        client.progress()
        failure = refusal(answer, client.mqtt)
        if failure:
            raise failure
        return link
    except BaseException as e:
        link.close()
        if client.mqtt[:5] == "mqtts" and isinstance(e, OSError):
            from .tls import refused

            e = refused(e, client.mqtt) or e
        raise e
