"""Device: declares assets as fields, publishes what is assigned to them, calls handlers."""

from .assets import plain
from .loading import function, unload

STREAMS = ("command", "feed", "state", "event")


known = set()  # the members of all classes whose fields were made


class Stream:
    """`W.command`, `w.feed` and so on: `@W.command.led` registers a handler for the asset."""

    def __init__(self, stream, target):
        self._stream = stream
        self._target = target  # a class, an instance, or None: a class that cannot be known yet

    def __get__(self, device, owner=None):
        # MicroPython calls this for instances only; there W.command is the class's own object.
        return Stream(self._stream, owner if device is None else device)

    def __getattr__(self, member):
        if member.startswith("__"):
            raise AttributeError(member)
        return declared("declaring.registration", self._stream, self._target, member)


def declared(call, *args):
    """Call a function of `declaring`, which leaves the memory then: it is loaded by an Asset."""
    try:
        return function(call)(*args)
    finally:
        unload(" .declaring .names ")


def lineage(cls):
    """Return a class and its bases in the order in which members are looked up."""
    if hasattr(cls, "__mro__"):
        return cls.__mro__[:-1]
    classes = [cls]  # MicroPython: depth first
    for base in cls.__bases__:
        if base is not object:
            classes += lineage(base)
    return classes


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
    _registered = 0  # how many handlers there are in all: clients subscribe when it grows
    _started = False
    _unsettled = 0  # 2: the assets on the platform have to be looked at, 1: if memory allows it
    _look_again = False  # ... even if the digest says that they are as declared
    _redelivered = False  # the message at hand was sent before

    def __init__(self, *, client=None, id=None, connect=True, overwrite_assets=False, **kwargs):
        self.id = declared("declaring.set_up", self, id, kwargs)
        self.client = client
        self.overwrite_assets = overwrite_assets
        self._last_at = {}  # stream and asset's name -> time of the last message
        if connect and client is not None:
            self.connect()

    def connect(self, *, client=None, id=None, overwrite_assets=None):
        """Create or compare the assets and go on line; return whether the device is.

        With the network away it returns False: the device counts as started, values wait in the
        outbox, and `poll()` goes on trying. Raises what waiting does not mend: wrong token,
        unknown device, refused certificate, AssetMismatchException.
        """
        client = declared("declaring.before_connect", self, client, id, overwrite_assets)
        if hasattr(client, "_connect_device"):
            return client._connect_device(self)
        return declared("declaring.connect_with", client, self)

    # -- values ---------------------------------------------------------------------------------

    def _publish(self, asset, state):
        if not self._started:
            raise RuntimeError("Device not started.")
        if hasattr(state, "value") and hasattr(state, "at"):  # an AssetState
            value = _checked(asset, state.value)
            if value is not state.value:  # 3.0 for an integer
                state = state.__class__(value, state.at)
        else:
            state = _checked(asset, state)
        # Without an id yet, it is told apart by its own identity until it has one.
        self.client.publish_asset_state(self.id or id(self), asset.name, state)

    def update(self, **states):
        """Publish values of several assets in one message: `device.update(temp=21.5, led=True)`.

        The names are those of the members, the values what could be assigned to them. Raises as
        an assignment does, before anything is published. An asset with keep="latest" is published
        by itself. (A class with an asset `update` has that instead.)
        """
        if not self._started:
            raise RuntimeError("Device not started.")
        function("several.update")(self, states)

    def _read(self, asset):
        if not self._started:
            raise RuntimeError("Device not started.")
        return function("reading.read")(self, asset.name)

    # -- messages -------------------------------------------------------------------------------

    def on_message(self, stream, asset_name, payload):
        """Hand a message to its handler: what a client calls when one arrives.

        `stream` is 'command', 'feed', 'state' or 'event'; `payload` JSON as bytes or text, or an
        object read from it. Raises nothing: what cannot be read, and what a handler raises, is
        reported by the client.
        """
        function("messages.deliver")(self, stream, asset_name, payload)


for _name in STREAMS:
    setattr(Device, _name, Stream(_name, None))


def _checked(asset, value):
    """Return a value as it goes to the platform. Raises TypeError or ValueError if it may not."""
    if plain(asset, value):
        return value
    return function("values.check")(asset, value)
