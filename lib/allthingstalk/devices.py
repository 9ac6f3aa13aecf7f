"""Device: declares assets as fields, publishes what is assigned to them, calls handlers.

A program names its assets as it likes, so what other parts need of a Device has names with two
underscores on either side.
"""

from micropython import const

from .assets import Asset
from .overlay import Overlay, unload

_DECLARING = const(("declare", "topics", "utf8"))  # what declare loads, and leaves with it


class Stream:
    """`W.command`, `w.feed` and so on: `@W.command.led` registers a handler for the asset."""

    def __init__(self, stream, target):
        self._stream = stream
        self._target = target  # a class, an instance, or None: a class that cannot be known yet

    def __get__(self, device, owner=None):
        # MicroPython calls this for instances only; there W.command is the class's own object.
        return self.__class__(self._stream, owner if device is None else device)

    def __getattr__(self, member):
        if member.startswith("__"):
            raise AttributeError(member)
        from .declare import registration

        register = registration(Device, self._stream, self._target, member)
        unload(_DECLARING)
        return register


class Device:
    """A device of the platform. Subclass it and declare assets as fields.

    - `client`: a Client, or any object with BaseClient's calls.
    - `id`: the device's id on the platform; None creates the device, where the client can.
    - `connect`: connect at once, if there is a client.
    - `overwrite_assets`: put right on the platform what differs from the declaration, instead
      of raising AssetMismatchException.
    """

    id = None
    client = None
    assets = None
    overwrite_assets = False
    __asset__ = Asset
    __stream__ = Stream  # of which class are `command` and so on
    __started__ = False
    __again__ = False  # the current message was sent before, or is retained
    # "command led" -> handler; a class has its own, a device a list: the nearest first.
    __handlers__: "dict | list" = {}
    __known__ = set()  # members of all classes whose fields were made
    __registered__ = [0]  # how many handlers there are in all: clients subscribe when it grows

    command = Stream("command", None)
    feed = Stream("feed", None)
    state = Stream("state", None)
    event = Stream("event", None)

    def __init__(self, *, client=None, id=None, connect=True, overwrite_assets=False, **unknown):
        from .declare import set_up

        set_up(Device, self, client, id, overwrite_assets, unknown)
        del set_up  # it would keep its module in memory while the device connects
        unload(_DECLARING)
        if connect and client is not None:
            self.connect()

    def connect(self, *, client=None, id=None, overwrite_assets=None):
        """Create or compare the assets and go on line; return whether the device is.

        `client`, `id`, `overwrite_assets`: as of Device(...), None for what it has already.
        With the network away it returns False: the device counts as started, values wait in the
        outbox, and `poll()` goes on trying. Raises what waiting does not mend: wrong token,
        unknown device, refused certificate, AssetMismatchException; RuntimeError without a client.
        """
        if client is not None:
            self.client = client
        if id is not None:
            from .declare import checked_id

            self.id = checked_id(id)
            del checked_id
            unload(_DECLARING)
        if overwrite_assets is not None:
            self.overwrite_assets = overwrite_assets
        client = self.client
        if client is None:
            raise RuntimeError("Device has no client: pass client=Client(token)")
        self.__started__ = False
        if hasattr(client, "connect_device"):
            return client.connect_device(self)
        with Overlay("rest"):
            from .rest.own_client import connect_with

            return connect_with(client, self)

    # -- values ---------------------------------------------------------------------------------

    def __setattr__(self, name, state):
        assets = self.assets
        if assets and name in assets:
            asset = assets[name]
            if not self.__started__:
                raise RuntimeError("Device not started.")
            if not asset.fits(state):
                from .core.values import checked

                state = checked(asset, state)
            self.client.publish_asset_state(self.id or id(self), asset.name, state)
        elif assets and name not in self.__dict__ and not name.startswith("_"):
            from .declare import set_field

            set_field(Device, self, name, state)
            unload(_DECLARING)
        else:
            object.__setattr__(self, name, state)

    def update(self, **states):
        """Publish values of several assets in one message: `device.update(temp=21.5, led=True)`.

        The names of `states` are those of the members, the values what could be assigned to them.
        Raises as an assignment does (RuntimeError before connect(), TypeError, ValueError), before
        anything is published. Returns nothing. An asset with keep="latest" is published by itself.
        (A class with an asset `update` has that instead.)
        """
        from .core.combined import update

        update(self, states)

    def send(self, data):
        """Publish bytes as they are, or a dict of values by asset name in the client's layout.

        The platform reads them by the ABCL definition that it has of the device, see `abcl`; for a
        dict the client is `Client(..., payload=abcl.Format(...))`. They wait in the outbox as any
        value, and the platform stamps them when they arrive. `data`: the bytes or the dict. Raises
        what `Format.pack` raises, ValueError where MQTT is off, RuntimeError before connect().
        Returns nothing. (A class with an asset `send` has that instead.)
        """
        from .core.combined import send

        send(self, data)

    def history(self, member, since=None, until=None):
        """Return a generator of the AssetStates that an asset had, oldest first.

        `member` is the field's name; `since` and `until` bound the times, both included, in any
        form that an AssetState takes, None for no bound. The generator has a connection open until
        it has ended or is closed. Raises AttributeError for a member that is no asset. (A class
        with an asset `history` has that instead.)
        """
        with Overlay("history"):
            from .history import history

            return history(self, member, since, until)

    def __read__(self, asset):
        if not self.__started__:
            raise RuntimeError("Device not started.")
        with Overlay("rest"):
            from .rest.read import read

            return read(self, asset.name)

    # -- messages -------------------------------------------------------------------------------

    def __handler__(self, stream, member):
        """Return the handler of a stream for a member, None if there is none."""
        key = stream + " " + member
        for handlers in self.__handlers__:
            if key in handlers:
                return handlers[key]
        return self.assets[member].handler if stream == "command" else None

    def on_message(self, stream, asset_name, payload):
        """Hand a message to its handler: what a client calls when one arrives.

        `stream` is 'command', 'feed', 'state' or 'event', `asset_name` the asset's; `payload` JSON
        as bytes or text, or an object read from it. Raises nothing: what cannot be read, and what
        a handler raises, is reported by the client.
        """
        from .core.commands import deliver

        deliver(self, stream, asset_name, payload)
