"""Bringing a device up with the Client. Loaded by `Device.connect`, let go afterwards."""

import sys

from . import failures
from .clients import let_go


def connect_device(client, device):
    """Settle the device's assets, open the session, subscribe; return whether it is on line.

    Raises what is refused, and then the device is not started. With the network away the device
    counts as started, its values wait, and the client goes on trying.
    """
    if client.status == "closed":
        client.status = "offline"
    now = client._net.ticks_ms()
    client._tick()
    client._polled_at = client._retry_at = now
    device._unsettled = True
    client._set_aside = ()
    if not client._devices:
        _at_exit(client)
    known = device in client._devices
    client._in_io = True
    try:
        if client.connected:
            client._settle(device)
            if not known:
                client._devices.append(device)
            if client._session:
                client._subscribe()
        else:
            if not known:
                client._devices.append(device)
            client._open()
    except Exception as e:
        e = failures.classified(e, client.mqtt)
        if not e.passing:
            if device in client._devices:
                client._devices.remove(device)
            if not client.connected:
                client.status = "refused"
            raise e
        if device not in client._devices:
            client._devices.append(device)
        from .recovery import failed

        failed(client, e)
    finally:
        client._in_io = False
        let_go("connecting")
    device._started = True
    # A command sent right after connect() returns has to be heard.
    client._until(client._timeout_s, lambda: not _unanswered(client))
    return client.connected


def _unanswered(client):
    return client.connected and client._session and not client._session.settled()


def _at_exit(client):
    """Where the interpreter has an exit hook, give pending values one second at exit."""

    def leave():
        if client.status not in ("closed", "refused") and client.pending:
            client.flush(1)
        if before:
            before()

    before = None
    if hasattr(sys, "atexit"):  # the unix port; it keeps one function
        before = sys.atexit(leave)
    elif sys.implementation.name == "cpython":
        import atexit

        atexit.register(leave)
