"""States over REST, for a Client with `mqtt=False`."""

from .outbox import HEAD


def send(client):
    """Send what the outbox holds, oldest first. Raises what the platform or network does."""
    outbox = client._outbox
    while True:
        i = outbox.waiting()
        if i < 0:
            return
        n, flags, _, topic, second, ms = outbox.head(i)
        device_id, asset_name = str(client._topics[topic], "utf-8").split("/")[1::2]
        value = bytes(outbox.buffer[i + HEAD : i + n])
        body = b'{"value":' + value + client._ending(flags, second, ms)
        client._rest("put_state", device_id, asset_name, body)
        outbox.remove(outbox.waiting())
