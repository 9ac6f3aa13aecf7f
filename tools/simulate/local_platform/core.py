"""What the platform does, whichever way it is asked: rights, states, feeds, commands, events.

The REST side and the MQTT side translate to these calls and translate ``Refused`` back.
"""

import time
from collections.abc import Awaitable, Callable

from .faults import Faults
from .manners import Manners
from .message_formats import read_message
from .payloads import shown, write_json
from .profiles import check_value
from .store import Asset, Device, State, Store, Token
from .times import format_time, now_ms
from .topics import asset_topic, read_filter, read_publish
from .watching import Kept, Message, Watching


class Refused(Exception):
    """A request that is not carried out; the text says why, the status is that of HTTP."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status = status


def mask(token: str) -> str:
    """Return a token as it may be printed: its first 8 characters."""
    return shown(token[:8]) + "…"


def shown_id(device_id: str) -> str:
    """Return an id as it may be printed: what was given may be a token by mistake."""
    return mask(device_id) if device_id.startswith("maker:") else shown(device_id)


def state_object(state: State | None) -> dict | None:
    """Return a state as the platform writes it, None when there is none."""
    return state and {"at": format_time(state.at_ms), "value": state.value}


class Core:
    """The platform's rules on top of the store.

    Args:
        store: where everything is kept.
        log: called with one line of text for everything that happens, or None.
        faults: what goes wrong on purpose.
        manners: how things are said.
    """

    def __init__(
        self, store: Store, log: Callable[[str], None] | None, faults: Faults, manners: Manners
    ):
        self.store = store
        self.faults = faults
        self.manners = manners
        self.watching = Watching()
        self._log = log
        # The broker puts its own functions here while it runs.
        self.publish: Callable[[str, bytes], Awaitable[None]] | None = None
        self.retain: Callable[[str, bytes], Awaitable[None]] | None = None
        self.count_listeners: Callable[[str], int] | None = None

    def log(self, text: str) -> None:
        """Report one line, with the time of day."""
        if self._log:
            self._log(f"{time.strftime('%H:%M:%S')} {text}")

    def fault(self, name: str) -> int | str | None:
        """Return the value of a fault that has to happen now, and report it; None if it is off."""
        value = self.faults.take(name)
        if value is not None:
            self.log(f"fault {name}")
        return value

    # Rights

    def device(self, token: Token, device_id: str) -> Device:
        """Return a device that the token may use.

        Raises:
            Refused: 404 no such device, 403 not one of the token's devices.
        """
        device = self.store.device(device_id)
        if device is None:
            raise Refused(404, f"there is no device {shown_id(device_id)}")
        if token.device_id not in (None, device.id) or token.ground_id != device.ground_id:
            raise Refused(403, f"the token may not use device {device.id}")
        return device

    def asset(self, device_id: str, name: str) -> Asset:
        """Return an asset; Refused with 404 if there is none."""
        asset = self.store.asset(device_id, name)
        if asset is None:
            raise Refused(404, f"device {device_id} has no asset {shown(name)}")
        return asset

    def check_subscription(self, token: Token, topic_filter: str) -> None:
        """Raise Refused unless the token may hear what the filter names."""
        device_id = read_filter(topic_filter)
        if device_id is None:
            raise Refused(403, f"{shown(topic_filter)} may not be subscribed")
        self.device(token, device_id)

    # States

    async def set_states(self, device_id: str, states: dict) -> None:
        """Keep states, all or none, and publish a feed for each.

        Args:
            device_id: the device.
            states: value and time (milliseconds since 1970, or None for now) by asset name.

        Raises:
            Refused: 404 no such asset, 400 a value does not fit its profile.
        """
        now = now_ms()
        accepted = []
        for name, (value, at_ms) in states.items():
            asset = self.asset(device_id, name)
            try:
                check_value(asset.profile, value, f"the value of {name}")
            except ValueError as error:
                raise Refused(400, f"{error}: {shown(value)}") from None
            accepted.append((asset, State(now if at_ms is None else at_ms, value)))
        numbers = self.store.add_states(accepted)
        for number, (asset, state) in zip(numbers, accepted, strict=True):
            self.watching.kept(Kept(device_id, asset.name, number, state))
            self.log(f"device {_short(device_id)} state {asset.name} = {shown(state.value)}")
            await self._send(asset_topic(device_id, asset.name, "feed"), state)

    async def take_publish(self, token: Token, topic: str, payload: bytes) -> None:
        """Carry out what a client published over MQTT.

        A payload that cannot be used is reported and dropped. Of a map with several states the
        assets that exist are set: what a broker can refuse is a topic, not a part of a payload.

        Raises:
            Refused: 403 or 404, the token may not publish there or the asset does not exist.
        """
        target = read_publish(topic)
        if target is None:
            raise Refused(403, f"{shown(topic)} may not be published to")
        device_id, name = target
        self.device(token, device_id)
        self.watching.message(Message("MQTT", "in", f"PUBLISH {topic}", device_id, token, payload))
        if name is not None:
            self.asset(device_id, name)
        where = f"device {_short(device_id)} {name or 'states'}"
        definition = self.store.abcl(device_id) if name is None else None
        try:
            kind, states = read_message(payload, name, definition)
        except ValueError as error:
            self.log(f"{where}: ignored {len(payload)} bytes: {error}")
            self._tell_ignored(topic, device_id, token, error)
            return
        if kind != "JSON":
            self.log(f"{where}: {len(payload)} bytes of {kind}")
        for asset_name, state in states.items():
            try:
                await self.set_states(device_id, {asset_name: state})
            except Refused as refusal:
                self.log(f"{where}: ignored: {refusal}")
                self._tell_ignored(topic, device_id, token, refusal)
        await self.publish(topic, payload)

    def _tell_ignored(self, topic, device_id, token, error):
        what = f"ignored of {topic}"
        self.watching.message(Message("MQTT", "in", what, device_id, token, b"", str(error)))

    # To the device

    async def send(self, device_id: str, asset_name: str, stream: str, value: object) -> dict:
        """Send a command or an event to a device; return the message.

        Args:
            device_id: the device.
            asset_name: one of its assets.
            stream: ``command`` or ``event``.
            value: what to send; it has to fit the profile.

        Raises:
            Refused: 404 no such device or asset, 400 the value does not fit the profile.
        """
        if self.store.device(device_id) is None:
            raise Refused(404, f"there is no device {shown(device_id)}")
        asset = self.asset(device_id, asset_name)
        try:
            check_value(asset.profile, value, f"the value of {asset_name}")
        except ValueError as error:
            raise Refused(400, f"{error}: {shown(value)}") from None
        topic = asset_topic(device_id, asset_name, stream)
        heard = "" if self.count_listeners(topic) else " (nobody is listening)"
        self.log(f"device {_short(device_id)} {stream} {asset_name} = {shown(value)}{heard}")
        return await self._send(topic, State(now_ms(), value), self.manners.retained)

    async def forget_command(self, device_id: str, asset_name: str) -> None:
        """Remove a retained command; who listens gets the empty message that does so."""
        topic = asset_topic(device_id, asset_name, "command")
        await self.retain(topic, b"")
        await self.publish(topic, b"")

    async def _send(self, topic, state, retained=False):
        message = state_object(state)
        said = message
        if self.manners.capital_keys:
            said = {key.capitalize(): message[key] for key in message}
        payload = write_json(said, self.manners.escaped_json).encode()
        if retained:
            await self.retain(topic, payload)
        await self.publish(topic, payload)
        return message


def _short(device_id):
    return device_id[:8] + "…"
