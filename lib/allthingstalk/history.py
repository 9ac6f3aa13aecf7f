"""The states that an asset had: `for state in device.history("temp", since="2026-11-01"): ...`

A generator: states come one by one as the platform sends them, so that a year of them fits into a
board. Its connection stays open until it has ended or its `close()` is called; meanwhile what REST
needs is in memory.
"""

from .overlay import Overlay


def get_asset_states(client, device_id, asset_name, since=None, until=None):
    """Return a generator of AssetStates, oldest first: what `client.get_asset_states` does.

    - `device_id`, `asset_name`: whose states.
    - `since`, `until`: the first and last time, both included, in any form that an AssetState
      takes; None for no bound.

    Raises ValueError or TypeError for a time that is none; when it is run, what REST calls raise.
    """
    if since is not None or until is not None:
        from .timestamps import normalise

        since, until = normalise(since), normalise(until)
    return _states(client, device_id, asset_name, since, until)


def history(device, member, since, until):
    """Return such a generator for a member of a device: what `device.history` does."""
    if member not in device.assets:
        raise AttributeError("no asset '%s'; there are %s" % (member, " ".join(device.assets)))
    return get_asset_states(device.client, device.id, device.assets[member].name, since, until)


def _states(client, *args):
    with Overlay("rest"):
        try:
            from .rest.history import states
        except MemoryError:
            if not client.link or client.busy:
                raise
            _make_room(client)
            from .rest.history import states

        yield from states(client, *args)


def _make_room(client):
    with Overlay("calls"):
        from .calls import make_room

        make_room(client)
