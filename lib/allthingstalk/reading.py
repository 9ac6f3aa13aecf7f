"""Reading an asset: what `device.temp` does."""


def read(device, asset_name):
    """Return the platform's AssetState of an asset, None if it was never set.

    What was assigned to the asset is delivered first, which may take the client's `timeout`.
    Raises what `client.get_asset_state` raises, but for its 404: a state never set may be one
    (seen in public clients).
    """
    client = device.client
    if hasattr(client, "_outbox"):
        from .publishing import number

        client._loop.tick(client)  # makes the outbox of a client that the device was given later
        outbox = client._outbox
        device_id = device.id or id(device)
        topic = number(client, device_id, asset_name)
        several = client._numbers[device_id].get((), topic)  # where update() put values

        def delivered():
            return outbox.find(topic=topic) < 0 and outbox.find(topic=several) < 0

        if not delivered():
            client._loop.until(client, client._timeout_s, delivered)
    if device.id is None:
        from .exceptions import PlatformUnavailableException

        raise PlatformUnavailableException("the device is not created yet: the platform is away")
    try:
        return client.get_asset_state(device.id, asset_name)
    except Exception as e:
        if e.__class__.__name__ == "AssetStateRetrievalException" and e.status == 404:
            return None
        raise
