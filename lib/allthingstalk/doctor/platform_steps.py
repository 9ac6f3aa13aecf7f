"""The doctor's steps on the platform: device, assets, MQTT. In memory during each only."""

from ..assets import Asset
from ..devices import Device
from ..exceptions import PlatformUnavailableException
from ..overlay import Overlay

_SHOWN_MAX = 8  # assets named in a line


def find_device(client, device_id):
    """Request the device. Raises AllThingsTalkException unless the platform says 2xx."""
    from ..rest.http import path, send

    send(client, "GET", path(device_id))


def compare_assets(client, device_id, device):
    """Return how a device's assets on the platform compare with its class, as text.

    - `device`: the Device class that declares them, None to list those on the platform.

    Raises AssetMismatchException, or what the request raises.
    """
    from ..rest.assets import compare, each_asset

    missing = _declared(device) if device else {}
    found, mismatch, same = [], None, 0
    for asset in each_asset(client, device_id):
        found.append("%s %s/%s" % (asset.name, asset.kind, asset.type))
        declared = missing.pop(asset.name, None)
        if declared:
            mismatch = mismatch or compare(declared, asset, False, [])
            same += 1
    if mismatch:
        raise mismatch
    if not device:
        return _listed("%d on the platform" % len(found), found)
    text = "%d as declared, %d others" % (same, len(found) - same)
    if missing:
        text += _listed(", %d to be created at the next start" % len(missing), sorted(missing))
    return text


def _declared(device):
    """Return {name: Asset} of a Device class: copies, because comparing sets their ids."""
    from ..declare import copied, fields_of

    fields = fields_of(Device, device)
    return dict([(fields[member].name, copied(fields[member])) for member in fields])


def _listed(text, names):
    if not names:
        return text
    more = len(names) - _SHOWN_MAX
    shown = ", ".join(names[:_SHOWN_MAX])
    return "%s: %s%s" % (text, shown, " and %d more" % more if more > 0 else "")


def talk(client, device_id, state):
    """Connect by MQTT, subscribe to the device's commands, ping, publish `state` if given.

    - `client`: of the doctor's own, without devices; it is closed at the end.
    - `state`: (asset name, value), None for nothing.

    Returns what was done and how long it took, as text. Raises AllThingsTalkException, or OSError
    for a session that was lost and a subscription that was refused.
    """
    net, lost = client.net, []

    def on_disconnect(client, reason):
        lost.append(reason)
        client.close()  # or it would try again

    client.on_disconnect = on_disconnect
    client.devices[_Listener(id=device_id, connect=False)] = None  # its assets are not looked at
    start, errors = net.ticks_ms(), client.errors
    try:
        client.go_online(_link(client))
        if state:
            client.publish_asset_state(device_id, state[0], state[1])
        client.session.ping(net.ticks_ms())
        client.poll()
        while client.connected and (
            client.pending or client.session.asked or client.session.ping_at is not None
        ):
            client.poll()
            net.sleep_ms(5)
    finally:
        client.close()
    if lost:
        raise OSError(lost[0])
    if client.errors > errors:
        text = client.last_error
        raise OSError("%s: does the device's token belong to this device?" % text)
    done = "subscribed, pinged" + (", published" if state else "")
    return "connected, %s in %d ms" % (done, net.ticks_diff(net.ticks_ms(), start))


class _Listener(Device):
    """Its one handler is why the client subscribes to the device's commands."""

    doctor = Asset(profile={"type": "string"}, handler=lambda device, value, at: None)


def _link(client):
    """Return a link over which CONNACK has come."""
    with Overlay("connect"):
        from ..connect.bring_up import attempt
        from ..connect.dial import wait_for
        from ..connect.recover import meaning

        try:
            return wait_for(client.net, attempt(client))
        except Exception as e:
            text = meaning(client, e)
            if text is None or hasattr(e, "passing"):
                raise
            raise PlatformUnavailableException(text)
