"""The asyncio front: a Client and a Device for programs of tasks.

    from allthingstalk import BooleanAsset
    from allthingstalk.aio import Client, Device

    class Lamp(Device):
        led = BooleanAsset(kind="actuator")

    async def main():
        async with Client(token) as client:
            lamp = Lamp(client=client, id="...")
            await client.online()
            async for value, at in lamp.command.led:
                lamp.led = value

    asyncio.run(main())

One task polls; the others assign, wait and hear commands. A device counts as started at once,
and its values wait until the client is on line. No step waits for the network but
a name look-up and REST, which is bounded by `timeout` and a second for each 4 KiB of an answer.
"""

import asyncio

from micropython import const

from . import clients, devices
from .exceptions import AllThingsTalkException
from .overlay import Overlay

_PAUSE_S = 0.02
_MOST = const(16)  # commands that wait for `async for`


class Client(clients.Client):
    """A Client that polls in a task of its own between `async with` and its end."""

    async def __aenter__(self):
        if self.status == "closed":  # it begins anew, as board.run has it after a refusal
            self.move("connect")
            self.move("lost")
            self.retry_at, self.losses = self.net.ticks_ms(), None
        self.polling = asyncio.create_task(self.run())
        return self

    async def __aexit__(self, *_):
        if self.connected:
            await self.flush(1)
        self.close()
        await self.polling

    def connect_device(self, device):
        """Have a device brought up by the task that polls; return whether the client is on line.

        What is refused is reported, and raised by online().
        """
        if not self.session:
            self.load()
        self.own()
        self.number_assets(device)
        self.devices[device] = "first"
        if self.connected:
            with Overlay("connect"):
                from .connect.bring_up import settle

                settle(self, device)
        self.handlers = -1  # those of this device are to be subscribed
        device.__started__ = True
        return self.connected

    async def online(self, timeout=None):
        """Wait until the session is up; return whether it is after `timeout` seconds, None: ever.

        Raises AllThingsTalkException where the platform refuses, as a wrong token is: waiting does
        not mend that.
        """
        left_s = timeout
        while not self.connected and (left_s is None or left_s > 0):
            if self.status == "refused":
                raise AllThingsTalkException(self.last_error)
            if self.status == "closed":
                break
            await asyncio.sleep(_PAUSE_S)
            left_s = left_s and left_s - _PAUSE_S
        return self.connected

    async def flush(self, timeout=10):
        """Wait `timeout` seconds at most until all is acknowledged; return whether it is."""
        while self.pending and timeout > 0 and self.status != "closed":
            await asyncio.sleep(_PAUSE_S)
            timeout -= _PAUSE_S
        return not self.pending


class _Stream(devices.Stream):
    def __init__(self, name, target):
        devices.Stream.__init__(self, name, target)
        self.name = name
        self.target = target  # a class, an instance, or None

    def __getattr__(self, member):
        register = devices.Stream.__getattr__(self, member)
        if not isinstance(self.target, Device):
            return _Messages(register)
        # One for all who iterate: what arrives between two loops waits for the second.
        kept = self.target.messages_of
        key = self.name + " " + member
        if key not in kept:
            kept[key] = _Messages(register)
        return kept[key]


class _Messages:
    """`device.command.led`: a decorator for a handler, and an iterator over what arrives."""

    def __init__(self, register):
        self._register = register
        self._is_registered = False
        self._waiting = []
        self._news = asyncio.Event()

    def __call__(self, handler):
        self._is_registered = False
        return self._register(handler)

    def __aiter__(self):
        if not self._is_registered:
            self._is_registered = True
            self._register(self._take)
        return self

    async def __anext__(self):
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        return self._waiting.pop(0)

    def _take(self, device, value, at):
        if len(self._waiting) >= _MOST:
            self._waiting.pop(0)
            device.client.report("messages come faster than `async for` takes them: one is lost")
        self._waiting.append((value, at))
        self._news.set()


class Device(devices.Device):
    """A Device whose messages can be iterated: `async for value, at in device.command.led`.

    That takes the place of a handler. Up to 16 messages wait, also from one loop to the next; older
    ones are lost and reported. Tasks that iterate over the same share them.
    """

    def __init__(self, **kwargs):
        self.messages_of = {}  # "command led" -> _Messages
        devices.Device.__init__(self, **kwargs)

    command = _Stream("command", None)
    feed = _Stream("feed", None)
    state = _Stream("state", None)
    event = _Stream("event", None)

    @staticmethod
    def __named__(asset, owner, member):
        from .declare import named

        named(devices.Device, _Stream, asset, member, owner)
