"""States over REST, for a Client with `mqtt=False`."""


def send(client):
    """Send what the outbox holds, oldest first. Raises what the platform or network does."""
    outbox = client._outbox
    while True:
        i = outbox.waiting()
        if i < 0:
            return
        device_id, asset_name = str(client._topics[outbox.head(i)[3]], "utf-8").split("/")[1::2]
        client._rest("put_state", device_id, asset_name, bytes(client._payload(i)))
        outbox.remove(outbox.waiting())
