"""The REST calls for states. Loaded while needed, let go afterwards."""

from .outbox import HEAD
from .publishing import ending
from .request import path, request


def get_asset_state(client, device_id, asset_name):
    """Return the state on the platform, or None where it was never set (null or no body)."""
    try:
        answer = request(client, "GET", path(device_id, asset_name) + "/state")
    except Exception as e:
        if getattr(e, "status", None) is None:
            raise
        from .exceptions import AssetStateRetrievalException

        raise AssetStateRetrievalException(str(e), status=e.status)
    # Nested under "state" or flat: public clients show both.
    state = answer.get("state", answer) if isinstance(answer, dict) else None
    if not isinstance(state, dict) or state.get("value") is None:
        return None
    from .asset_state import AssetState, platform_time

    found = AssetState(state["value"])
    found.at = platform_time(state.get("at"))
    return found


def put_state(client, device_id, asset_name, body):
    """Write a state; `body` is the JSON text. The answer's body is never parsed."""
    exchange = request(client, "PUT", path(device_id, asset_name) + "/state", body, stream=True)
    exchange.close()


def send(client):
    """Send what the outbox holds, oldest first: for a Client with `mqtt=False`.

    Stops after the client's `timeout`, to go on at the next poll. Raises what the network does,
    and what refuses all values; one that is refused by itself is dropped and reported.
    """
    outbox, net = client._outbox, client._net
    until = net.ticks_add(net.ticks_ms(), int(client._timeout_s * 1000))
    looked = None
    while net.ticks_diff(until, net.ticks_ms()) >= 0:
        i = outbox.waiting()
        if i < 0:
            return
        n, flags, _, topic, second, ms = outbox.head(i)
        parts = str(client._topics[topic], "utf-8").split("/")
        device_id, asset_name = parts[1], parts[3] if len(parts) > 3 else None
        end = ending(client, flags, second, ms)
        if asset_name:
            body = b'{"value":' + bytes(outbox.buffer[i + HEAD : i + n]) + end
        else:
            from .several import message

            body = message(outbox.buffer, i + HEAD, n - HEAD, end)
        try:
            put_state(client, device_id, asset_name, body)
        except Exception as e:
            status = getattr(e, "status", None) or 0
            if status in (401, 403, 429) or not 400 <= status <= 499:
                raise
            if status == 404 and looked != topic and _look_again(client, device_id):
                looked = topic
                continue
            client.dropped += 1
            client._report("a value of '%s' is dropped: %s" % (asset_name or "several assets", e))
        outbox.remove(i)


def _look_again(client, device_id):
    """Create what is missing on the platform; False for a device known to be refused there."""
    for device in client._devices:
        if device.id == device_id and not device._unsettled:
            from .definition import settle

            device._unsettled, device._look_again = 1, True
            settle(client, device)
            return True
    return False
