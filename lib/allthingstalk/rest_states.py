"""The REST calls for states. Loaded while needed, let go afterwards."""

from .outbox import HEAD
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
    # Nested under "state" or flat: both are seen (platform-api, section 2).
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

    Raises what the platform or the network does.
    """
    outbox = client._outbox
    while True:
        i = outbox.waiting()
        if i < 0:
            return
        n, flags, _, topic, second, ms = outbox.head(i)
        device_id, asset_name = str(client._topics[topic], "utf-8").split("/")[1::2]
        value = bytes(outbox.buffer[i + HEAD : i + n])
        body = b'{"value":' + value + client._ending(flags, second, ms)
        put_state(client, device_id, asset_name, body)
        outbox.remove(outbox.waiting())
