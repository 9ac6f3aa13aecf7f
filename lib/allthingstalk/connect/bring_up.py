"""The way up: REST where a device needs it, then TCP, TLS, CONNECT and CONNACK, step by step."""

import gc
import sys

from ..core.reentry import get_ident
from ..overlay import Overlay
from . import move
from .dial import dial, until

_IDLE_MS = 2
def connect_device(client, device):
    """Settle the assets of a device, bring the client up and wait for it.

    Raises what is refused, and then the device is not started. With the network away it counts as
    started, its values wait, and the client goes on trying.
    """
    try:
        client.busy = True
        _connect(client, device)
        client.busy = False
    except Exception:
        client.busy = False
        raise
    except BaseException:
        client.cut_off()
        raise


def _connect(client, device):
    online = client.state == "online"
    if client.status == "closed":
        client.losses = None
    client.thread = get_ident()
    client.retry_at = client.net.ticks_ms()
    client.set_aside = ()
    client.devices[device] = "first"
    if not client.hooked:
        client.hooked = True
        if hasattr(sys, "atexit"):  # the unix port; it keeps one function
            client.before_exit = sys.atexit(client.at_exit)
        else:
            try:
                import atexit

                atexit.register(client.at_exit)
            except ImportError:  # a board does not end
                pass
    try:
        try:
            if online:
                settle(client, device)
            else:
                for _ in way_up(client, device):
                    client.net.sleep_ms(_IDLE_MS)
        except Exception as e:
            from .recover import refusal

            refused = refusal(client, e)
            if refused:
                del client.devices[device]
                if not online:
                    move(client, "refused")
                raise refused
            client.failed(e)
        if not client.session:
            client.load()
        # The assets get their numbers, so that an interrupt finds them.
        for asset in device.assets.values():
            topic = client.number(device.id or id(device), asset.name)
            if asset.keep == "latest" and topic not in client.latest:
                client.latest += (topic,)
    except MemoryError as e:  # the session does not fit yet
        client.failed(e)
    device.__started__ = True


def way_up(client, new=None):
    """Lead on line: a generator that yields where the network is to be waited for.

    One TLS connection at a time: REST is closed before MQTT begins. Raises whatever stops it; a
    device that is refused stops the others only if it is the one being connected, `new`.
    """
    if client.link_up and not client.link_up():
        raise OSError("the network is down")
    move(client, "connect")
    for device in list(client.devices):
        if client.devices[device]:
            try:
                settle(client, device)
            except Exception as e:
                from .recover import refusal

                if device is new or len(client.devices) == 1 or not refusal(client, e):
                    raise
                client.devices[device] = "first"
                client.report("device %s is left out: %s" % (device.id, e))
    link = None
    if client.mqtt:
        link = yield from _session(client)
    elif client.pending:
        client.send_states()
    try:
        if not client.session:
            client.load()
        if link:
            client.session.restart(client.tick())
            client.link = link
            client.handlers = -1  # subscriptions are due
    except BaseException:
        if link:
            link.close()
        raise
    move(client, "accepted")


def settle(client, device):
    """Create or compare the assets of a device, over REST."""
    with Overlay("rest"):
        from ..rest.sync_assets import settle

        settle(client, device)


def _session(client):
    """Return a link over which CONNACK has come; yields."""
    from .mqtt_connect import chip_id, connack, packet

    net, timeout_s = client.net, client.timeout
    if not client.client_id:
        client.client_id = chip_id(client)
    with Overlay("umqtt"):
        hello = packet(client.client_id, client.token, client.keepalive, client.last_will)
    gc.collect()

    def stage():
        move(client, "next")
        if client.watchdog:
            client.watchdog.progress()

    link = yield from dial(net, client.mqtt, timeout_s, client.ca, stage)
    try:
        at = 0

        def sent():
            nonlocal at
            at = link.send(hello, at, len(hello))
            return at == len(hello)

        yield from until(net, timeout_s, sent)  # with TLS, the handshake is part of it
        stage()
        answer, have = bytearray(4), 0

        def answered():
            nonlocal have
            n = link.readinto(memoryview(answer)[have:])
            if n == 0:
                raise OSError("the platform closed the connection")
            have += n or 0
            return have == 4

        yield from until(net, timeout_s, answered)
        failure = connack(answer, client.mqtt)
        if failure:
            raise failure
        return link
    except BaseException as e:
        link.close()
        if client.mqtt[:5] == "mqtts" and isinstance(e, (OSError, ValueError)):
            from .tls import refused

            e = refused(e, client.mqtt) or e
        raise e
