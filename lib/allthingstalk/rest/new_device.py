"""A device that is not on the platform yet."""

from ..topics import head


def create_for(client, device, ours):
    """Create a device on the platform; `ours`: by a Client, not one of somebody's own."""
    if not hasattr(client, "create_device"):
        raise NotImplementedError("this client creates no devices: pass id='...'")
    device.id = client.create_device(device.__class__.__name__)
    own = client.numbers.pop(id(device), None) if ours else None
    if own:  # values assigned while it had no id are addressed now
        client.numbers[device.id] = own
        for name in own:
            client.heads[own[name]] = head(client, device.id, name)
