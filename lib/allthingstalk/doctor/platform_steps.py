"""The doctor's steps on the platform: device, assets, MQTT. In memory during each only."""

_SHOWN_MAX = 8  # assets named in a line


def find_device(client, device_id):
    """Request the device. Raises AllThingsTalkException unless the answer is 2xx."""
    from ..request import path, request

    request(client, "GET", path(device_id), stream=True).close()


def compare_assets(client, device_id, device):
    """Return how a device's assets on the platform compare with its class, as text.

    - `device`: the Device class that declares them, None to list those on the platform.

    Raises AssetMismatchException, or what the request raises.
    """
    from ..rest_assets import each_asset

    missing = _declared(device) if device else {}
    found, mismatch, same = [], None, 0
    for asset in each_asset(client, device_id):
        found.append("%s %s/%s" % (asset.name, asset.kind, asset.type))
        declared = missing.pop(asset.name, None)
        if declared:
            from ..definition import _compare

            mismatch = mismatch or _compare(declared, asset, False, [])
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
    from ..declaring import copied, fields_of

    fields = fields_of(device)
    return dict([(fields[member].name, copied(fields[member])) for member in fields])


def _listed(text, names):
    if not names:
        return text
    more = len(names) - _SHOWN_MAX
    shown = ", ".join(names[:_SHOWN_MAX])
    return "%s: %s%s" % (text, shown, " and %d more" % more if more > 0 else "")


def talk(client, device_id, state):
    """Connect by MQTT, subscribe to the device's commands, ping, publish `state` if given.

    - `state`: (asset name, value), None for nothing.

    Returns what was done and how long it took, as text. Raises AllThingsTalkException, or OSError
    for a subscription that was refused.
    """
    from ..connecting import subscribe_later
    from ..failures import classified
    from ..opening import say_connect
    from ..session import Session

    client._loop.tick(client)  # creates the outbox
    net, outbox, refused = client.net, client.outbox, []
    topics = _state(client, device_id, state) if state else []
    session = Session(net, outbox, client._max_message, refused.append)
    start = net.ticks_ms()
    try:
        link = session.link = net.dial(client.mqtt, client.timeout, client.ca)
        say_connect(link, client.client_id, client.token, 60)
        session.open(link, client.timeout, 60)
        subscribe_later(session, "device/%s/asset/+/command" % device_id)
        session.ping()
        while session._ping_at is not None or not session.settled() or outbox.pending:
            session.receive()
            session.send(topics, _ending, client, 1)
            session.check()
            net.sleep_ms(5)
    except Exception as e:
        raise classified(e, client.mqtt)
    finally:
        session.shut(politely=True)
    if refused:
        raise OSError("%s: does the device's token belong to this device?" % refused[0])
    done = "subscribed, pinged" + (", published" if state else "")
    return "connected, %s in %d ms" % (done, net.ticks_diff(net.ticks_ms(), start))


def _state(client, device_id, state):
    """Put a state into the outbox; return the topics by number, for Session.send()."""
    import json

    from ..publishing import number
    from ..values import check_json

    name, value = state
    check_json(value, name)
    client.outbox.put(number(client, device_id, name), json.dumps(value).encode(), 0, 0, 0)
    return client._topics


def _ending(client, flags, second, ms):
    return b"}"  # no time of its own: the platform adds one
