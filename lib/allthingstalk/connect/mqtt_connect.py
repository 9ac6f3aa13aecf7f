"""CONNECT, as `umqtt.simple` writes it, and the answer to it. The session goes on from there."""

import gc

from ..overlay import Overlay
from . import move
from .dial import Stream, dial, until, with_stream


def mqtt_connect(client):
    """Return a link over which CONNACK has come; yields."""
    net, timeout = client.net, client.timeout
    if not client.client_id:
        # Stable on a board: two sessions of one id throw each other off. Two clients on one board
        # have different tokens; four digits do not give one away.
        try:
            from binascii import hexlify

            from machine import unique_id

            chip = str(hexlify(unique_id()[-8:]), "utf-8")
            client.client_id = "att%s%04x" % (chip, hash(client.token) & 0xFFFF)
        except ImportError:
            client.client_id = "att%04x%04x" % (net.getrandbits(16), net.getrandbits(16))
    with Overlay("umqtt"):
        hello = _packet(client.client_id, client.token, client.keepalive, client.last_will)
    gc.collect()

    def stage():
        move(client, "next")
        if client.watchdog:
            client.watchdog.progress()

    link = yield from dial(net, client.mqtt, timeout, client.ca, stage)
    try:
        at = 0

        def sent():
            nonlocal at
            at = link.send(hello, at, len(hello))
            return at == len(hello)

        yield from until(net, timeout, sent)  # with TLS, the handshake is part of it
        stage()
        answer, have = bytearray(4), 0

        def acknowledged():
            nonlocal have
            n = link.readinto(memoryview(answer)[have:])
            if n == 0:
                raise OSError("the platform closed the connection")
            have += n or 0
            return have == 4

        yield from until(net, timeout, acknowledged)
        if bytes(answer[:2]) != b"\x20\x02" or answer[3]:
            from .connack_codes import refusal

            raise refusal(answer, client.mqtt)
        return link
    except BaseException as e:
        link.close()
        if client.mqtt[:5] == "mqtts" and isinstance(e, (OSError, ValueError)):
            from .tls import refused

            e = refused(e, client.mqtt) or e
        raise e


class _Recorder(Stream):
    """The engine writes CONNECT on it, and reads that all is well."""

    out = b""

    def write(self, data, n=None):
        data = data.encode() if isinstance(data, str) else bytes(data)
        self.out += data if n is None else data[:n]

    def read(self, n=-1):
        return b"\x20\x02\0\0"


def _packet(client_id, token, keepalive, last_will=None):
    """Return CONNECT as the engine writes it (MQTT 3.1.1, section 3.1).

    Any password will do, but not none (seen in public clients); old engines compute the length
    right only below 128 bytes, so it is a short one.
    """
    from umqtt import simple as engine

    recorder = _Recorder()

    def connect():
        # Engines before 1.3.4 ask DNS in the constructor.
        mqtt = engine.MQTTClient(client_id, "", 0, token, b"-", keepalive)
        if last_will:
            mqtt.set_last_will(last_will[0], last_will[1], qos=1)
        mqtt.connect()

    with_stream(engine, recorder, connect)
    return recorder.out
