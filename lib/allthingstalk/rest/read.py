"""Reading an asset: what `device.temp` does."""


def read(device, asset_name):
    """Return the platform's AssetState of an asset, None if it was never set.

    What was assigned to the asset is delivered first, which may take the client's `timeout`.
    Raises what `client.get_asset_state` raises, but for its 404: a state never set may be one
    (seen in public clients).
    """
    client = device.client
    if hasattr(client, "connect_device"):
        client.check_thread(True)
        if not client.session:
            client.load()
        outbox, device_id = client.outbox, device.id or id(device)
        numbers = (client.number(device_id, asset_name), client.number(device_id, ()))

        def delivered():
            return not (outbox.find(numbers[0]) or outbox.find(numbers[1]))

        if not delivered():
            client.until(client.timeout, delivered)
    if device.id is None:
        from ..exceptions import PlatformUnavailableException

        raise PlatformUnavailableException("the device is not created yet: the platform is away")
    try:
        return client.get_asset_state(device.id, asset_name)
    except Exception as e:
        if e.__class__.__name__ == "AssetStateRetrievalException" and e.status == 404:
            return None
        raise
