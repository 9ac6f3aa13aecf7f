"""Device: declares assets as fields, publishes what is assigned to them, calls handlers."""

import json

from .assets import Asset, nameless
from .values import check, convert

_registered = [0]  # how many handlers were ever registered: clients subscribe when it grows
_STREAMS = ("command", "feed", "state", "event")


def registrations():
    return _registered[0]


class _Stream:
    """`W.command`, `w.feed` and so on: `@W.command.led` registers a handler for the asset."""

    def __init__(self, stream, target):
        self._stream = stream
        self._target = target  # a class, an instance, or None: a class that cannot be known yet

    def __get__(self, device, owner=None):
        # MicroPython calls this for instances only; there W.command is the class's own object.
        return _Stream(self._stream, device or owner)

    def __getattr__(self, member):
        if member.startswith("__"):
            raise AttributeError(member)
        target = self._target
        if target is not None:
            fields = target.assets if isinstance(target, Device) else _fields(target)
            _check_member(member, fields, target)

        def register(handler):
            owner = target or Device
            if "_handlers" not in owner.__dict__:
                owner._handlers = {}
            owner._handlers[self._stream + " " + member] = handler
            _registered[0] += 1
            return handler

        return register


def _check_member(member, fields, where):
    if member not in fields:
        raise AttributeError(
            "no asset '%s' for a handler; %s has: %s"
            % (member, getattr(where, "__name__", "the device"), " ".join(fields))
        )


def _lineage(cls):
    """Yield a class and its bases, the nearest first (MicroPython has no __mro__)."""
    yield cls
    for base in cls.__bases__:
        if base is not object:
            for c in _lineage(base):
                yield c


def _fields(cls):
    """Return {member: asset} of a class; made once a class.

    Raises ValueError for a member whose name a Device needs for itself.
    """
    if "_own_fields" in cls.__dict__:
        return cls._own_fields
    fields = {}
    for c in reversed(list(_lineage(cls))):
        if c is Device:
            continue
        members = c.__dict__
        for member in members:
            value = members[member]
            if isinstance(value, Asset):
                if hasattr(Device, member):
                    raise ValueError(
                        "an asset cannot be the member '%s', which every Device has: call the "
                        "member otherwise and give it name='%s'" % (member, member)
                    )
                value._bind(member)
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
        self.id = _checked_id(id)
        self.overwrite_assets = overwrite_assets
        _check_pending(fields)
        if connect and client is not None:
            self.connect()

    def connect(self, *, client=None, id=None, overwrite_assets=None):
        """Create or compare the assets and go on line; return whether the device is.

        With the network away it returns False: the device counts as started, values wait in the
        outbox, and `poll()` goes on trying. Raises what waiting does not mend: wrong token,
        unknown device, refused certificate, AssetMismatchException (api.md, Errors).
        """
        if client is not None:
            self.client = client
        if id is not None:
            self.id = _checked_id(id)
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

        try:
            settle(client, self)
        except PlatformUnavailableException:
            self._started = True
            return False
        if hasattr(client, "_attach_device"):
            client._attach_device(self)
        self._started = True
        return True

    # -- values ---------------------------------------------------------------------------------

    def _publish(self, asset, state):
        if not self._started:
            raise RuntimeError("Device not started.")
        if hasattr(state, "value") and hasattr(state, "at"):  # an AssetState
            check(asset, state.value)
        else:
            state = check(asset, state)
        self.client.publish_asset_state(self.id, asset.name, state)

    def _read(self, asset):
        if not self._started:
            raise RuntimeError("Device not started.")
        client = self.client
        if hasattr(client, "_deliver_asset"):
            client._deliver_asset(self.id, asset.name)
        try:
            return client.get_asset_state(self.id, asset.name)
        except Exception as e:
            # Never set: the platform may say 404 (platform-api, section 2).
            if e.__class__.__name__ == "AssetStateRetrievalException" and e.status == 404:
                return None
            raise

    # -- messages -------------------------------------------------------------------------------

    def _handler(self, stream, member):
        key = stream + " " + member
        for owner in (self,):
            if "_handlers" in owner.__dict__ and key in owner._handlers:
                return owner._handlers[key]
        for owner in _lineage(self.__class__):
            if "_handlers" in owner.__dict__ and key in owner._handlers:
                return owner._handlers[key]
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
            value = convert(asset, value)
        except (ValueError, TypeError, KeyError, OverflowError) as e:
            self._report("a %s cannot be used: %s" % (place, e))
            return
        except MemoryError:
            self._report("a %s is too large for the memory" % place)
            return
        last = asset.__dict__.get("_last_at")
        if self._redelivered and at is not None and last == (stream, at):
            return
        asset._last_at = (stream, at)
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
                setattr(owner, stream, _Stream(stream, owner))


for _name in _STREAMS:
    setattr(Device, _name, _Stream(_name, None))


def _checked_id(id):
    if id is None or (isinstance(id, str) and id and min(id) > " " and not set(id) & set("/+#")):
        return id
    raise ValueError("a device id is text without blanks, such as 5f0c…: got %r" % (id,))


def _check_pending(fields):
    """On MicroPython before 1.27 a handler's class is not known when it is registered.

    Once all declared assets belong to classes that are known, a member that none has is a typo.
    """
    pending = Device.__dict__.get("_handlers")
    if pending:
        for member in fields:
            _known.add(member)
        if not nameless():
            for key in pending:
                _check_member(key.split(" ")[1], _known, Device)


_known = set()


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
        word = key.lower()
        if word == "value":
            value, found = message[key], True
        elif word == "at":
            at = message[key]
    if not found:
        raise ValueError("it has no value")
    if at is not None:
        from .timestamps import normalise

        try:
            at = normalise(at)
        except (ValueError, TypeError):
            at = None
    return value, at
