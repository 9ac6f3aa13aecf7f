"""The whole platform in a thread of this process: for tests, for ``make run`` and for ``serve``."""

import asyncio
import contextlib
import dataclasses
import os
import pathlib
import tempfile
import threading
import time
from collections.abc import Callable

from . import abcl_states, listening, tls
from .assets import asset_object, read_asset
from .broker import LocalBroker
from .core import Core, state_object
from .faults import Faults
from .manners import Manners
from .rest_api import RestApi
from .store import Store

START_TIMEOUT_S = 30
CALL_TIMEOUT_S = 10
POLL_S = 0.01


@dataclasses.dataclass(frozen=True)
class CreatedDevice:
    """A new device: its id, and the token that may use it."""

    id: str
    token: str = dataclasses.field(repr=False)


class LocalPlatform:
    """A local AllThingsTalk platform; a context manager that starts and stops it.

    Args:
        db: the SQLite file; None keeps everything in a temporary one that goes at the end.
        host: the address to listen on.
        http_port: for REST; 0 takes any free one.
        mqtt_port: for MQTT; 0 takes any free one.
        log: called, in the platform's thread, with one line for everything that happens.
        manners: how it says things, see manners.py; None for the plainest.

    What goes wrong on purpose is switched with ``faults``, for example
    ``platform.faults.set("drop_pubacks", count=3)``; see ``Faults`` and ``KINDS`` in faults.py.
    """

    def __init__(
        self,
        db: str | os.PathLike | None = None,
        http_port: int = 0,
        mqtt_port: int = 0,
        log: Callable[[str], None] | None = None,
        host: str = "127.0.0.1",
        manners: Manners | None = None,
    ):
        self.host = host
        self.http_port = http_port
        self.mqtt_port = mqtt_port
        self.faults = Faults()
        self.manners = manners or Manners()
        self._tls = tls.Fronts(self.manners.roots, host)
        self._retained: dict[str, bytes] = {}
        self._log = log
        self._folder = None if db else tempfile.TemporaryDirectory(prefix="local_platform_")
        self._db = pathlib.Path(db or pathlib.Path(self._folder.name, "platform.db"))
        self._store: Store | None = None
        self._core: Core | None = None
        self._broker: LocalBroker | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    # Start and stop

    def start(self) -> None:
        """Start, or start again on the same ports with what the database holds.

        Raises:
            OSError: a port or the database cannot be had, or another platform has it; the text
                says which.
            sqlite3.Error: the database cannot be used.
        """
        if self._thread:
            return
        self._db.parent.mkdir(parents=True, exist_ok=True)
        if self._store:
            self._store.close()
        claimed = listening.claim(self._db)
        try:
            self._start()
            self._listening().write(claimed)
        except BaseException:
            listening.remove(self._db)
            os.close(claimed)
            raise
        self._claimed = claimed

    def _start(self):
        self._store = Store(str(self._db))
        self._core = Core(self._store, self._log, self.faults, self.manners)
        started = threading.Event()
        failures: list[BaseException] = []
        self._thread = threading.Thread(
            target=self._run, args=(started, failures), name="local platform", daemon=True
        )
        self._thread.start()
        if not started.wait(START_TIMEOUT_S):
            failures.append(TimeoutError(f"the platform did not start in {START_TIMEOUT_S} s"))
        if failures:
            self._thread.join(CALL_TIMEOUT_S)
            self._thread = None
            raise failures[0]

    def stop(self) -> None:
        """Drop every client and stop listening; states can still be read."""
        if not self._thread:
            return
        listening.remove(self._db)
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(CALL_TIMEOUT_S)
        self._thread = None
        os.close(self._claimed)

    def close(self) -> None:
        """Stop, and let go of the database."""
        self.stop()
        if self._store:
            self._store.close()
            self._store = None
        if self._folder:
            self._folder.cleanup()

    def _run(self, started, failures):
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:
            failures.append(error)
        finally:
            started.set()

    async def _serve(self, started):
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._broker = LocalBroker(self._core, self._retained)
        rest = RestApi(self._core, self._listening)
        async with contextlib.AsyncExitStack() as stack:
            self.mqtt_port = await self._broker.start(self.host, self.mqtt_port, self._tls.mqtt)
            stack.push_async_callback(self._broker.stop)
            self.http_port = await rest.start(self.host, self.http_port, self._tls.rest)
            stack.push_async_callback(rest.stop)
            started.set()
            await self._stopping.wait()

    def _listening(self):
        token = self._store.ground_token()
        return listening.Listening(
            self.host,
            self.http_port,
            self.mqtt_port,
            token.ground_id,
            token.text,
            self._tls.roots_pem,
        )

    # What a test or a program asks

    @property
    def http(self) -> str:
        """The REST endpoint, for example ``http://127.0.0.1:8080``."""
        return self._listening().http

    @property
    def mqtt(self) -> str:
        """The MQTT endpoint, for example ``127.0.0.1:1883``, or ``mqtts://localhost:8883``."""
        return self._listening().mqtt

    @property
    def page(self) -> str:
        """The address of the page that shows the devices."""
        return f"{self.http}/"

    @property
    def roots_pem(self) -> str:
        """The roots that clients have to trust, as PEM; empty for plain text."""
        return self._tls.roots_pem

    @property
    def ground(self) -> str:
        """The id of the ground that every device belongs to."""
        return self._store.ground_token().ground_id

    @property
    def ground_token(self) -> str:
        """A token for all devices of the ground."""
        return self._store.ground_token().text

    def create_device(self, title: str | None = None) -> CreatedDevice:
        """Add a device with a token of its own."""
        title = title or "Device"
        device, token = self._store.create_device(self.ground, title, title)
        return CreatedDevice(device.id, token.text)

    def create_asset(
        self,
        device_id: str,
        name: str,
        kind: str = "sensor",
        profile_type: str = "number",
        **fields: object,
    ) -> None:
        """Add an asset to a device, as a POST does; `fields`: title, description, profile.

        Raises:
            ValueError: the platform does not take such an asset.
        """
        fields = {"name": name, "is": kind, "profile": {"type": profile_type}, **fields}
        self._store.put_asset(read_asset(device_id, fields, None))

    def set_abcl(self, device_id: str, definition: dict | None) -> None:
        """Say in which layout a device sends bytes; None: it sends JSON and CBOR only.

        Raises:
            ValueError: states cannot be read by this definition.
        """
        if definition is not None:
            abcl_states.check(definition)
        self._store.set_abcl(device_id, definition)

    def revoke(self, token: str) -> None:
        """Make a token unknown, and drop the MQTT clients that use it.

        Raises:
            KeyError: the token is not known.
        """
        if not self._store.revoke(token):
            raise KeyError("this token is not known")
        if self._thread:
            self._call(self._close_token(token))

    def send_command(self, device_id: str, asset: str, value: object) -> dict:
        """Send a command to the devices that listen now; return the message.

        Raises:
            Refused: no such device or asset, or the value does not fit the profile.
        """
        return self._call(self._core.send(device_id, asset, "command", value))

    def forget_command(self, device_id: str, asset: str) -> None:
        """Remove the retained command of an asset, by an empty message that is retained."""
        self._call(self._core.forget_command(device_id, asset))

    def send_event(self, device_id: str, asset: str, value: object) -> dict:
        """Send an event to the devices that listen now; as ``send_command``."""
        return self._call(self._core.send(device_id, asset, "event", value))

    def is_listening(self, device_id: str, asset: str, stream: str = "command") -> bool:
        """Return whether a client is subscribed to a stream of an asset."""
        return self._call(self._count_listeners(f"device/{device_id}/asset/{asset}/{stream}")) > 0

    def assets(self, device_id: str) -> list[dict]:
        """Return the asset objects of a device, as the platform writes them."""
        assets = self._store.assets(device_id)
        return [asset_object(asset, self._store.last_state(asset)) for asset in assets]

    def state(self, device_id: str, asset: str) -> dict | None:
        """Return ``{"at", "value"}`` of the state that came last, None if there is none."""
        found = self._store.asset(device_id, asset)
        return state_object(self._store.last_state(found)) if found else None

    def states(self, device_id: str, asset: str) -> list[dict]:
        """Return ``{"at", "value"}`` of every state, in the order in which they came."""
        found = self._store.asset(device_id, asset)
        return [state_object(state) for state in self._store.states(found)] if found else []

    def wait_for(self, predicate: Callable[[], object], timeout_s: float = 5) -> object:
        """Call predicate until it returns something true, or the time is up; return its result."""
        end = time.monotonic() + timeout_s
        while not (result := predicate()) and time.monotonic() < end:
            time.sleep(POLL_S)
        return result

    def _call(self, coroutine):
        """Run a coroutine in the platform's loop and return its result."""
        if not self._thread:
            coroutine.close()
            raise RuntimeError("The local platform is stopped; call start() first.")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(CALL_TIMEOUT_S)

    async def _close_token(self, token):
        self._broker.close_token(token)

    async def _count_listeners(self, topic):
        return self._core.count_listeners(topic)
