"""Device: declares assets as fields, publishes what is assigned to them, calls handlers."""

import json

from .assets import is_utc, plain
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
        unload(" .declaring ")


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
    _unsettled = False  # the assets on the platform have not been looked at
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
        if client is not None:
            self.client = client
        if id is not None:
            self.id = declared("declaring.checked_id", id)
        if overwrite_assets is not None:
            self.overwrite_assets = overwrite_assets
        client = self.client
        if client is None:
            raise RuntimeError("Device has no client: pass client=Client(token)")
        self._started = False
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
        by itself. (A class with an asset `update` has
        that instead.)
        """
        if not self._started:
            raise RuntimeError("Device not started.")
        function("several.update")(self, states)

    def _read(self, asset):
        if not self._started:
            raise RuntimeError("Device not started.")
        return function("reading.read")(self, asset.name)

    # -- messages -------------------------------------------------------------------------------

    def _handler(self, stream, member):
        key = stream + " " + member
        for owner in [self] + list(lineage(self.__class__)):
            handlers = owner.__dict__.get("_handlers", ())
            if key in handlers:
                return handlers[key]
        return self.assets[member].handler if stream == "command" else None

    def _listens(self, stream):
        """Return whether any asset has a handler for a stream."""
        for member in self.assets:
            if self._handler(stream, member):
                return True
        return False

    def on_message(self, stream, asset_name, payload):
        """Hand a message to its handler: what a client calls when one arrives.

        `stream` is 'command', 'feed', 'state' or 'event'; `payload` JSON as bytes or text, or an
        object read from it. Raises nothing: what cannot be read, and what a handler raises, is
        reported by the client.
        """
        for member in self.assets:
            if self.assets[member].name == asset_name:
                handler = self._handler(stream, member)
                if handler:
                    self._hand_over(handler, self.assets[member], stream, payload)
                return

    def _hand_over(self, handler, asset, stream, payload):
        place = "%s of '%s'" % (stream, asset.name)
        try:
            value, at = _value_and_time(payload)
            if not plain(asset, value):
                value = function("values.convert")(asset, value)
        except MemoryError:
            self._report("a %s is too large for the memory" % place)
            return
        except Exception as e:  # nested deeper than the stack, for one
            self._report("a %s cannot be used: %s" % (place, e))
            return
        if self._redelivered and at is not None and self._last_at.get(place) == at:
            return
        self._last_at[place] = at
        try:
            handler(self, value, at)
        except Exception as e:
            self._report("the handler for the %s raised" % place, e)

    def _report(self, *report):
        getattr(self.client, "_report", print)(*report)


for _name in STREAMS:
    setattr(Device, _name, Stream(_name, None))


def _checked(asset, value):
    """Return a value as it goes to the platform. Raises TypeError or ValueError if it may not."""
    if plain(asset, value):
        return value
    return function("values.check")(asset, value)


def _value_and_time(payload):
    """Return (value, ISO 8601 text or None) of a message; keys in any case, or a bare value."""
    if isinstance(payload, (bytes, bytearray, memoryview)):
        payload = str(payload, "utf-8")
    message = json.loads(payload) if isinstance(payload, str) else payload
    if not isinstance(message, dict):
        return message, None
    value = at = None
    found = False
    for key in message:
        word = str(key).lower()  # MicroPython's json reads {1:2} as well
        if word == "value":
            value, found = message[key], True
        elif word == "at":
            at = message[key]
    if not found:
        raise ValueError("it has no value")
    if at is not None and not is_utc(at):  # nothing to load for most commands
        at = function("asset_state.platform_time")(at)
    return value, at
