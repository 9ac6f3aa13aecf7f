"""Device: declares assets as fields, publishes what is assigned to them, calls handlers."""

import json

from .assets import Asset, checked_name, is_utc, nameless, plain

_STREAMS = ("command", "feed", "state", "event")


class _Stream:
    """`W.command`, `w.feed` and so on: `@W.command.led` registers a handler for the asset."""

    def __init__(self, stream, target):
        self._stream = stream
        self._target = target  # a class, an instance, or None: a class that cannot be known yet

    def __get__(self, device, owner=None):
        # MicroPython calls this for instances only; there W.command is the class's own object.
        return _Stream(self._stream, owner if device is None else device)

    def __getattr__(self, member):
        if member.startswith("__"):
            raise AttributeError(member)
        owner = self._target
        if owner is None:
            owner = Device
            _check_pending(member)
        else:
            cls = owner.__class__ if isinstance(owner, Device) else owner
            _check_member(member, _fields(cls), cls.__name__)

        def register(handler):
            if "_handlers" not in owner.__dict__:
                owner._handlers = {}
            owner._handlers[self._stream + " " + member] = handler
            Device._registered += 1
            return handler

        return register


def _check_member(member, fields, where):
    if member not in fields:
        raise AttributeError(
            "no asset '%s' for a handler; assets of %s: %s" % (member, where, " ".join(fields))
        )


def _lineage(cls):
    """Return a class and its bases in the order in which members are looked up."""
    if hasattr(cls, "__mro__"):
        return cls.__mro__[:-1]
    classes = [cls]  # MicroPython: depth first
    for base in cls.__bases__:
        if base is not object:
            classes += _lineage(base)
    return classes


def _fields(cls):
    """Return {member: asset} of a class; made once a class.

    Raises ValueError for a member whose name a Device needs for itself.
    """
    if "_own_fields" in cls.__dict__:
        return cls._own_fields
    fields = {}
    for c in reversed(_lineage(cls)):
        if c is Device:
            continue
        members = c.__dict__
        for member in members:
            value = members[member]
            if isinstance(value, Asset):
                if hasattr(Device, member) and member != "update":  # which is no more than handy
                    raise ValueError(
                        "an asset cannot be the member '%s', which every Device has: call the "
                        "member otherwise and give it name='%s'" % (member, member)
                    )
                value._bind(member)
                _known.add(member)
                fields[member] = value
            elif member in fields:  # a subclass hides it
                del fields[member]
    cls._own_fields = fields
    return fields


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
        for key in kwargs:
            raise TypeError(
                "Device has no keyword '%s'; it has: client id connect overwrite_assets" % key
            )
        assets = {}
        fields = _fields(self.__class__)
        for member in fields:
            asset = fields[member]
            # Each device has assets of its own, for their ids; the first takes the declared ones.
            assets[member] = asset._copy() if "_taken" in asset.__dict__ else asset
            asset._taken = True
        self.assets = assets
        self.client = client
        self.overwrite_assets = overwrite_assets
        self._last_at = {}  # stream and asset's name -> time of the last message
        self._identify(id)
        for key in Device.__dict__.get("_handlers", ()):
            _check_pending(key.split(" ")[1], key)
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
            self._identify(id)
        if overwrite_assets is not None:
            self.overwrite_assets = overwrite_assets
        client = self.client
        if client is None:
            raise RuntimeError("Device has no client: pass client=Client(token)")
        self._started = False
        if hasattr(client, "_connect_device"):
            return client._connect_device(self)
        return self._connect_with(client)

    def _connect_with(self, client):
        """Connect with a client of somebody's own."""
        from .definition import settle
        from .exceptions import PlatformUnavailableException

        online = True
        try:
            settle(client, self)
        except PlatformUnavailableException:
            online = False
        if hasattr(client, "_attach_device"):
            client._attach_device(self)
        self._started = True
        return online

    def _identify(self, id):
        if isinstance(id, str) and ":" in id:
            raise ValueError("the device id has a ':' like a token; are the two mixed up?")
        self.id = None if id is None else checked_name(id, "device id")

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
        an assignment does, before anything is published. (A class with an asset `update` has
        that instead.)
        """
        if not self._started:
            raise RuntimeError("Device not started.")
        from .several import update

        update(self, states)

    def _read(self, asset):
        if not self._started:
            raise RuntimeError("Device not started.")
        from .reading import read

        return read(self, asset.name)

    # -- messages -------------------------------------------------------------------------------

    def _handler(self, stream, member):
        key = stream + " " + member
        for owner in [self] + list(_lineage(self.__class__)):
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
                from .values import convert

                value = convert(asset, value)
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

    @staticmethod
    def _own_streams(owner):
        """Give a class streams of its own. Called where `__set_name__` is."""
        if "_handlers" not in owner.__dict__:
            owner._handlers = {}
            for stream in _STREAMS:
                if stream not in owner.__dict__:  # else an asset of a reserved name, or a method
                    setattr(owner, stream, _Stream(stream, owner))


for _name in _STREAMS:
    setattr(Device, _name, _Stream(_name, None))


_known = set()  # the members of all classes whose fields were made


def _check_pending(member, key=None):
    """On MicroPython before 1.27 a handler's class is not known when it is registered.

    Once all declared assets belong to classes that are known, a member that none has is a typo.
    """
    if member not in _known and not nameless():
        if key:
            del Device._handlers[key]  # to be reported once
        _check_member(member, _known, "all devices")


def _checked(asset, value):
    """Return a value as it goes to the platform. Raises TypeError or ValueError if it may not."""
    if plain(asset, value):
        return value
    from .values import check

    return check(asset, value)


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
        from .asset_state import platform_time

        at = platform_time(at)
    return value, at
