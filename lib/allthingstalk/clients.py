"""BaseClient and Client: one face over REST and MQTT for any number of devices."""

import gc
import json
import sys

from . import transport
from .asset_state import AssetState

_STREAMS = ("command", "feed", "state", "event")
_IDLE_MS = 10  # pause between two polls of a wait
_SERVE_MS = 5000  # a program that has not polled for so long is served by its assignments


def let_go(*modules):
    """Forget modules of this package that are needed once, and collect their memory."""
    package = sys.modules.get("allthingstalk")
    for name in modules:
        if sys.modules.pop("allthingstalk." + name, None) and hasattr(package, name):
            delattr(package, name)
    gc.collect()


class BaseClient:
    """What a Device needs of a client. Any object with these four calls will do.

    A client of your own hands what it receives to `device.on_message(stream, asset_name,
    payload)`; `_attach_device(device)` is called when a device connects, if it is there.
    """

    def _attach_device(self, device):
        pass

    def get_assets(self, device_id):
        raise NotImplementedError("get_assets not implemented")

    def create_asset(self, device_id, asset):
        raise NotImplementedError("create_asset not implemented")

    def get_asset_state(self, device_id, asset_name):
        raise NotImplementedError("get_asset_state not implemented")

    def publish_asset_state(self, device_id, asset_name, state):
        raise NotImplementedError("publish_asset_state not implemented")


class Client(BaseClient):
    """The platform's client: states and commands over MQTT, everything else over REST.

    The constructor touches no network. Times are in seconds.

    - `token`: a device token or a ground token, sent as it is and shown nowhere.
    - `api`: endpoint of both; a host means HTTPS and MQTT over TLS, 'http://host' plain text.
      `http`, `mqtt`: endpoints of their own; `mqtt=False` sends states over REST, no commands.
    - `ca`: root certificate, DER or PEM bytes or a file name; default: what the board holds.
    - `ground`: id of the ground in which `Device(id=None)` and `create_device` create devices.
    - `client_id`: MQTT client id, unique and stable; default: made of the chip's id.
    - `keepalive`, `timeout`: of the MQTT session; of each step on the network.
    - `qos`: 1, delivered at least once; or 0, sent once and forgotten.
    - `outbox`: an Outbox, if 8,192 bytes of waiting values are not the right bound.
    - `digest`: file for a digest of the device definition; later boots then skip REST.
    - `log(text)` gets one line for each report, None for silence.
    - `on_connect(client)`, `on_disconnect(client, reason)`: called when the session comes, goes.
    - `max_message`: bytes of the largest command taken; a larger one is skipped and reported.

    Raises ValueError for a token or an endpoint that cannot be right.
    """

    _net = transport  # where time, connections and randomness come from

    def __init__(
        self,
        token,
        *,
        api="api.allthingstalk.io",
        http=None,
        mqtt=None,
        ca=None,
        ground=None,
        client_id=None,
        keepalive=60,
        qos=1,
        timeout=10,
        outbox=None,
        digest=None,
        log=print,
        on_connect=None,
        on_disconnect=None,
        max_message=4096,
    ):
        if not isinstance(token, str) or not token or min(token) <= " " or max(token) > "~":
            raise ValueError(
                "the token is empty or has blanks or control characters: copy it from the "
                "device's settings on the platform"
            )
        if qos not in (0, 1) or timeout <= 0 or not 0 <= keepalive < 65536:
            raise ValueError("qos is 0 or 1, timeout > 0, keepalive 0 to 65535 seconds")
        from .endpoints import resolve
        from .outbox import Outbox

        self.http, self.mqtt = resolve(api, http, mqtt)
        let_go("endpoints")
        if outbox is not None and not isinstance(outbox, Outbox):
            raise TypeError("outbox is an allthingstalk.Outbox")
        self.token = token
        self.errors = self.dropped = 0
        self.last_error = None
        self.status = "offline"
        self.on_connect = on_connect
        self.on_disconnect = on_disconnect
        self._log = log
        self._ca = ca
        self._ground = ground
        self._client_id = client_id
        self._keepalive = keepalive
        self._qos = qos
        self._timeout_s = timeout
        self._digest = digest
        self._max_message = max_message
        self._outbox = Outbox() if outbox is None else outbox
        self._devices = []
        self._topics = []  # topic number -> topic of the asset's state
        self._numbers = {}  # device id -> asset name -> topic number
        self._overflowing = False
        self._set_aside = ()  # numbers of topics after whose publish the link drops
        self._session = None
        self._failures = None
        self._subscribed = []
        self._timer = None
        self._in_io = self._in_handler = False
        self._event = None  # what on_connect or on_disconnect is still to be told
        self._registered = 0
        self._second = self._ms = 0  # since power-on; ticks alone wrap
        self._ticked = self._polled_at = self._retry_at = self._net.ticks_ms()

    @property
    def connected(self):
        """Whether the session with the platform is up."""
        return self.status == "online"

    @property
    def pending(self):
        """How many values the platform has not acknowledged yet. 0: it is safe to sleep."""
        return self._outbox.pending

    # -- the loop -------------------------------------------------------------------------------

    def poll(self):
        """Do what is due, without waiting: take what arrived, call handlers, send, ping.

        A reconnect that is due is made here and may take `timeout` for each of its steps.
        Returns whether the session is up. Never raises for the network.
        """
        self._polled_at = self._net.ticks_ms()
        self._serve(True)
        return self.connected

    def wait(self, seconds):
        """Poll for so many seconds; return whether the session is up then."""
        self._until(seconds, None)
        return self.connected

    def flush(self, timeout=10):
        """Poll until everything is acknowledged; return whether it is. `timeout` in seconds."""
        self._until(timeout, lambda: not self.pending or self.status == "closed")
        return not self.pending

    def _until(self, seconds, done):
        """Poll until `done()` or the time is over; return whether it is done."""
        left_ms = int(seconds * 1000)
        last = self._net.ticks_ms()
        while True:
            self.poll()
            if done and done():
                return True
            now = self._net.ticks_ms()
            left_ms -= self._net.ticks_diff(now, last)
            last = now
            if left_ms <= 0:
                return False
            self._net.sleep_ms(min(_IDLE_MS, left_ms))

    def start(self, period_ms=100):
        """Poll from a machine.Timer from now on, so that a program which sleeps hears commands.

        Handlers then run between two statements of the program. Raises NotImplementedError
        where there is no machine.Timer: call wait() there instead of sleeping.
        """
        from .background import start

        self._timer = start(self, period_ms)

    def run(self):
        """Return a coroutine that polls until close(): `await client.run()`."""
        from .aio import run

        return run(self)

    def close(self):
        """Flush for a second at most, say DISCONNECT, and stay off line until a connect()."""
        if self._timer:
            self._timer.deinit()
            self._timer = None
        if self.connected:
            self.flush(1)
        self._in_io = True
        if self._session:
            self._session.shut(politely=True)
        self._in_io = False
        self.status = "closed"

    def _tick(self):
        now = self._net.ticks_ms()
        self._ms += self._net.ticks_diff(now, self._ticked)
        self._ticked = now
        if self._ms >= 1000:
            self._second += self._ms // 1000
            self._ms %= 1000

    def _serve(self, may_connect):
        """One step of the loop. Inside a handler it moves packets, but calls no handler."""
        if self._in_io:  # a timer's poll in the middle of our own
            return
        for _ in range(16):
            self._in_io = True
            try:
                self._step(may_connect)
            finally:
                self._in_io = False
            if self._in_handler or not (self._event or (self._session and self._session.inbox)):
                return
            self._in_handler = True
            try:
                self._dispatch()
            finally:
                self._in_handler = False

    def _step(self, may_connect):
        self._tick()
        try:
            if self.status == "online":
                self._move()
            elif self.status != "closed" and may_connect and (self._devices or self.pending):
                if self._net.ticks_diff(self._net.ticks_ms(), self._retry_at) >= 0:
                    self._open()
        except Exception as e:
            from .recovery import failed

            failed(self, e)

    def _move(self):
        session = self._session
        if not session:
            from .rest_states import send

            return send(self)
        session.receive()
        from .devices import registrations

        if self._registered != registrations():
            self._subscribe()
        apart = self._failures.suspect if self._failures else -1
        session.send(self._topics, self._payload, self._qos, apart)
        session.check()

    def _dispatch(self):
        event, self._event = self._event, None
        if event is not None:
            try:
                if event == "online":
                    if self.on_connect:
                        self.on_connect(self)
                elif self.on_disconnect:
                    self.on_disconnect(self, event)
            except Exception as e:
                self._report("on_connect or on_disconnect raised", e)
        session = self._session
        message = session.take_message() if session else None
        while message:
            redelivered, topic, payload = message
            parts = topic.split("/")
            for device in self._devices:
                if len(parts) == 5 and parts[1] == device.id:
                    device._redelivered = redelivered
                    device.on_message(parts[4], parts[3], payload)
            message = session.take_message()

    # -- coming up ------------------------------------------------------------------------------

    def _open(self):
        """Bring up REST where a device needs it, then MQTT. Raises whatever stops it."""
        self.status = "connecting"
        for device in self._devices:
            if device._unsettled:
                self._settle(device)
        if self.mqtt:
            self._open_session()
        self.status = "online"
        self._event = "online"

    def _settle(self, device):
        from .definition import settle

        try:
            settle(self, device)
        finally:
            let_go("definition", "rest", "asset_list", "exchange")

    def _open_session(self):
        session = self._session
        if not session:
            from .session import Session

            session = self._session = Session(
                self._client_id or _chip_id(),
                self.token,
                self._keepalive,
                self._net,
                self._outbox,
                self._max_message,
                self._report,
            )
        gc.collect()
        link = self._net.dial(self.mqtt, self._timeout_s, self._ca)
        try:
            session.open(link, self._timeout_s)
        except BaseException:
            session.shut()
            raise
        self._subscribed = []
        self._subscribe()

    def _subscribe(self):
        """Subscribe to the streams that have handlers, as far as this session has not yet."""
        from .devices import registrations

        self._registered = registrations()
        for device in self._devices:
            for stream in _STREAMS:
                topic = "device/%s/asset/+/%s" % (device.id, stream)
                if topic not in self._subscribed and device._listens(stream):
                    self._session.subscribe_later(topic)
                    self._subscribed.append(topic)

    def _connect_device(self, device):
        """Bring a device up; return whether it is on line. Raises what is refused."""
        from .connecting import connect_device

        return connect_device(self, device)

    # -- states ---------------------------------------------------------------------------------

    def publish_asset_state(self, device_id, asset_name, state):
        """Deliver a value or an AssetState; it waits in the outbox until it is acknowledged.

        Not checked against a profile. ValueError for a number that JSON cannot carry.
        """
        self._tick()
        flags = 0
        value = state.value if isinstance(state, AssetState) else state
        if isinstance(value, float) and value - value != 0:
            raise ValueError("%s: %s is no finite number" % (asset_name, value))
        text = json.dumps(value)
        if value is not state and state.at is not None:
            text += ',"at":"%s"' % state.at
            flags = 8  # outbox.OWN_TIME
        busy, self._in_io = self._in_io, True  # no timer's poll while the outbox is written
        try:
            self._put(device_id, asset_name, text.encode(), flags)
        finally:
            self._in_io = busy
        if not self._in_handler:
            idle_ms = self._net.ticks_diff(self._net.ticks_ms(), self._polled_at)
            self._serve(idle_ms >= _SERVE_MS)

    def _put(self, device_id, asset_name, text, flags):
        number = self._number(device_id, asset_name)
        if number in self._set_aside:
            self.dropped += 1
            return
        gone = self._outbox.put(number, text, self._second, self._ms, flags)
        if not gone:
            self._overflowing = self._overflowing and self.pending > 1
            return
        self.dropped += 1 if gone < 0 else gone
        if gone < 0:
            self._report("a value of '%s' is larger than the outbox" % asset_name)
        elif not self._overflowing:
            self._report("the outbox is full, the oldest values go; see client.dropped")
        self._overflowing = True

    def _deliver_asset(self, device_id, asset_name):
        """Wait until what was assigned to an asset is on the platform, `timeout` at most."""
        number = self._number(device_id, asset_name)
        if self._outbox.holds(number):
            self._until(self._timeout_s, lambda: not self._outbox.holds(number))

    def _device_created(self, device_id):
        """Values assigned while a device had no id yet are addressed now."""
        numbers = self._numbers.pop(None, {})
        self._numbers[device_id] = numbers
        for asset_name in numbers:
            topic = "device/%s/asset/%s/state" % (device_id, asset_name)
            self._topics[numbers[asset_name]] = topic.encode()

    def _number(self, device_id, asset_name):
        """Return the number under which the outbox knows an asset."""
        numbers = self._numbers.get(device_id)
        if numbers is None:
            numbers = self._numbers[device_id] = {}
        number = numbers.get(asset_name)
        if number is None:
            from .assets import checked_name

            topic = "device/%s/asset/%s/state" % (device_id, checked_name(asset_name))
            number = numbers[asset_name] = len(self._topics)
            self._topics.append(topic.encode())
        return number

    def _payload(self, i):
        """Return the message for the outbox's record at offset `i`.

        A value that goes out as it is assigned carries no time: the platform stamps it. One
        that had to wait carries the time of its assignment, if the clock is set by now.
        """
        outbox = self._outbox
        text = outbox.text(i)
        age_ms = (self._second - outbox.second(i)) * 1000 + self._ms - outbox.ms(i)
        if age_ms >= 1000 and not outbox.flags(i) & 8:
            from .timestamps import iso, now_ms

            now = now_ms()
            if now:
                text += (',"at":"%s"' % iso(now - age_ms)).encode()
        return b'{"value":' + text + b"}"

    # -- low-level calls: they do not retry, and raise what goes wrong -----------------------------

    def _rest(self, call, *args):
        from . import rest

        try:
            try:
                return getattr(rest, call)(self, *args)
            except MemoryError:
                if not self._session:
                    raise
            # Two TLS sessions do not fit on every board: MQTT comes back with the next poll.
            self._session.shut(politely=True)
            self.status = "offline"
            gc.collect()
            return getattr(rest, call)(self, *args)
        finally:
            del rest
            let_go("rest", "asset_list", "exchange")

    def get_assets(self, device_id):
        """Return the assets that a device has on the platform, as a list of Asset."""
        return self._rest("get_assets", device_id)

    def create_asset(self, device_id, asset):
        """Create an asset and return it as the platform keeps it."""
        return self._rest("create_asset", device_id, asset)

    def update_asset(self, device_id, asset):
        """Overwrite title, description, kind and profile of an asset; return it."""
        return self._rest("update_asset", device_id, asset)

    def delete_asset(self, device_id, asset_name):
        """Delete an asset and its history."""
        self._rest("delete_asset", device_id, asset_name)

    def get_asset_state(self, device_id, asset_name):
        """Return the platform's AssetState of an asset, None if it was never set."""
        return self._rest("get_asset_state", device_id, asset_name)

    def create_device(self, title=None, *, ground=None):
        """Create a device in a ground and return its id. A ground token is needed.

        Raises NotImplementedError without a ground: a device token can create no device.
        """
        ground = ground or self._ground
        if not ground:
            raise NotImplementedError(
                "a device is created in a ground: pass Client(..., ground='id') with that ground's "
                "token, or create the device on the platform and pass its id"
            )
        return self._rest("create_device", ground, title or "MicroPython device")

    # -- reports --------------------------------------------------------------------------------

    def _report(self, text, e=None):
        """Count and log an error, with the traceback of `e` if there is one; never the token."""
        if e is not None:
            from .recovery import traceback_lines

            lines = traceback_lines(e)
            text = "%s: %s: %s" % (text, e.__class__.__name__, e)
        else:
            lines = ()
        self.errors += 1
        self.last_error = text = text.replace(self.token, "***")
        if self._log:
            self._log("allthingstalk: " + text)
            for line in lines:
                self._log(line.replace(self.token, "***"))


def _chip_id():
    """Return an MQTT client id: stable on a board, where two with one id throw each other off."""
    try:
        from machine import unique_id

        return "att" + "".join("%02x" % b for b in unique_id()[-8:])
    except ImportError:
        return "att%08x" % (transport.getrandbits(16) << 16 | transport.getrandbits(16))
