"""BaseClient and Client: one face over REST and MQTT for any number of devices."""

from io import BytesIO

try:
    from ujson import dump
except ImportError:
    from json import dump

from . import transport
from .loading import REST, calling

_CONNECTING = " .connecting .opening .dialing .secure "
_IDLE_MS = 10  # pause between two polls of a wait
_LATE_MAX = 64  # values that wait for the end of our own I/O
_SHORT = 64  # bytes of a value for which nothing is allocated
_LEAST = float("-inf")
_MOST = float("inf")
_SERVE_S = 5  # a program that has not polled for so long is served by its assignments


class BaseClient:
    """What a Device needs of a client. Any object with these four calls will do.

    A client of your own hands what it receives to `device.on_message(stream, asset_name,
    payload)`; `_attach_device(device)` is called when a device connects, if it is there.
    """

    def _attach_device(self, device):
        pass

    def get_assets(self, device_id):
        raise NotImplementedError("get_assets")

    def create_asset(self, device_id, asset):
        raise NotImplementedError("create_asset")

    def get_asset_state(self, device_id, asset_name):
        raise NotImplementedError("get_asset_state")

    def publish_asset_state(self, device_id, asset_name, state):
        raise NotImplementedError("publish_asset_state")


def _stream(text):
    """Return a stream that has the room it needs, so that the heap is what it was afterwards."""
    stream = BytesIO()
    stream.write(text)
    return stream


def _write(stream, state, at):
    dump(state, stream)
    if at is not None:
        stream.write(b',"at":"%s"' % at.encode())


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
    - `outbox`: a file in which waiting values survive a reset, or an Outbox, for other bounds
      than 8,192 bytes of RAM.
    - `digest`: file for a digest of the device definition; later boots then skip REST.
    - `log(text)` gets one line for each report, None for silence.
    - `on_connect(client)`, `on_disconnect(client, reason)`: called when the session comes, goes.
    - `last_will`: (device id, asset name, value) that the platform publishes if the board vanishes.
    - `max_message`: bytes of the largest command taken; a larger one is skipped and reported.

    Raises ValueError for a token or an endpoint that cannot be right.
    """

    status = "offline"
    errors = dropped = 0
    last_error = None
    link_up = None  # a function that says whether there is a network to try; see wifi.py
    _net = transport  # where time, connections and randomness come from
    _session = None
    _failures = None  # what went wrong since the last good session
    _set_aside = ()  # numbers of topics after whose publish the link drops
    _keep = ()  # numbers of topics of which only the newest value waits
    _overflowing = False
    _timer = None
    watchdog = None  # fed with each poll; see watchdog.py
    _in_io = _in_handler = False
    _registered = 0  # how many handlers there were when streams were last subscribed
    _hooked = False  # the interpreter's exit hook is ours
    _second = _ms = _polled_at = 0  # since power-on; ticks alone wrap

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
        last_will=None,
        max_message=4096,
    ):
        self.http, self.mqtt, self._outbox, self.last_will = calling(
            " .client_setup .endpoints ",
            "client_setup.checked",
            *(token, api, http, mqtt, qos, timeout, keepalive, outbox, last_will),
        )
        self.token = token
        self.on_connect = on_connect
        self.on_disconnect = on_disconnect
        self._log = log
        self._ca = ca
        self._ground = ground
        self._client_id = client_id
        self._keepalive = int(keepalive)
        self._qos = qos
        self._timeout_s = timeout
        self._digest = digest
        self._max_message = max_message
        self._devices = []
        self._topics = []  # topic number -> topic of the asset's state
        self._numbers = {}  # device id -> asset name -> topic number
        self._events = []  # what on_connect or on_disconnect is still to be told
        self._late = []  # values assigned by an interrupt in the middle of our own I/O
        self._ticked = self._retry_at = self._net.ticks_ms()
        self._ends = self._ending  # bound once: each time it would be allocated
        self._text = bytearray(_SHORT)
        self._stream = _stream(self._text)  # in which a value becomes JSON
        if self._outbox.path:
            from .outbox_file import start

            start(self)

    @property
    def connected(self):
        """Whether the session with the platform is up."""
        return self.status == "online"

    @property
    def pending(self):
        """How many values the platform has not acknowledged yet. 0: it is safe to sleep."""
        link = self._session and self._session.link
        unsent = 1 if link and link._to and not self._qos else 0  # at QoS 0 the outbox is done
        return self._outbox.pending + len(self._late) + unsent

    # -- the loop -------------------------------------------------------------------------------

    def poll(self):
        """Do what is due, without waiting: take what arrived, call handlers, send, ping.

        A reconnect that is due is made here and may take `timeout` for each of its steps.
        Returns whether the session is up. Never raises for the network.
        """
        self._serve(True)
        self._tick()  # a connect may have taken its time
        self._polled_at = self._second
        if self.watchdog:
            self.watchdog.poll()
        return self.connected

    def wait(self, seconds):
        """Poll for so many seconds; return whether the session is up then."""
        self._until(seconds, None)
        return self.connected

    def flush(self, timeout=10):
        """Poll until everything is acknowledged; return whether it is. `timeout` in seconds."""
        self._until(timeout, lambda: not self.pending or self.status == "closed")
        self._save()
        return not self.pending

    def _save(self):
        """Bring the outbox's file up to date, where it has one."""
        if self._outbox.store and not self._in_io:
            self._in_io = True
            try:
                self._outbox.store.push()
            finally:
                self._in_io = False

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

    def start(self, period_ms=100, watchdog=None):
        """Poll from a machine.Timer from now on, so that a program which sleeps hears commands.

        Handlers then run between two statements of the program. `watchdog`: seconds, or True for
        8, without progress after which the board is reset; see watchdog.py. Raises
        NotImplementedError where there is no machine.Timer (call wait() there instead of
        sleeping) or machine.WDT, ValueError for a time that the board's watchdog cannot do.
        """
        from .background import start

        start(self, period_ms, watchdog)

    def run(self):
        """Return a coroutine that polls until close(): `await client.run()`."""
        from .aio import run

        return run(self)

    def close(self):
        """Flush for a second at most, say DISCONNECT, and stay off line until a connect()."""
        calling(" .leaving ", "leaving.close", self)

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
            if self._in_handler or not (self._events or (self._session and self._session.inbox)):
                return
            self._in_handler = True
            try:
                self._dispatch()
            finally:
                self._in_handler = False

    def _step(self, may_connect):
        self._tick()
        diff = self._net.ticks_diff
        try:
            self._put_late()
            if self._outbox.store:
                self._outbox.store.check()
            if self.link_up and not self.link_up():
                if self.status == "online":
                    raise OSError("the network is down")
                if diff(self._ticked, self._retry_at) > 0:
                    self._retry_at = self._ticked  # due when it is back, and ticks wrap
            elif self.status == "online":
                self._move()
            elif self.status == "closed" or not (self._devices or self.pending):
                self._retry_at = self._ticked  # nothing is due, and ticks wrap
            elif may_connect and diff(self._ticked, self._retry_at) >= 0:
                self._connecting("connecting.bring_up")
        except Exception as e:
            self._failed(e)

    def _failed(self, e):
        """Take down the session after an error and plan the next try."""
        try:
            from .recovery import failed

            failed(self, e)
        except MemoryError:  # not even that fits
            if self._session:
                self._session.shut()
            self.status = "offline"
            self._retry_at = self._net.ticks_add(self._net.ticks_ms(), _SERVE_S * 1000)
            self._report("too little memory: use the library's .mpy files, or free some")

    def _move(self):
        session = self._session
        if not session:
            if self.pending:
                self._rest("rest_states.send")
            return
        session.receive()
        if self._devices and self._registered != self._devices[0]._registered:
            self._connecting("opening.subscribe")
        apart = self._failures.suspect if self._failures else -1
        session.send(self._topics, self._ends, self._qos, apart)
        session.check()

    def _dispatch(self):
        while self._events:
            event = self._events.pop(0)
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
            again, topic, payload = message
            parts = topic.split("/")
            for device in self._devices:
                if len(parts) == 5 and parts[1] == device.id:
                    device._redelivered = again
                    try:
                        device.on_message(parts[4], parts[3], payload)
                    except Exception as e:  # on_message of the program's own
                        self._report("on_message raised", e)
            message = session.take_message()

    def _connect_device(self, device):
        """Bring a device up; return whether it is on line. Raises what is refused."""
        return self._connecting("connecting.connect_device", device)

    def _connecting(self, call, *args):
        """Call a function of what takes a client on line, which is loaded for that long only."""
        return calling(_CONNECTING, call, self, *args)

    # -- states ---------------------------------------------------------------------------------

    def publish_asset_state(self, device_id, asset_name, state):
        """Deliver a value or an AssetState; it waits in the outbox until it is acknowledged.

        Not checked against a profile. ValueError or TypeError for what JSON cannot carry.
        """
        # A number, a bool or a short text gets through here without an allocation.
        at = None
        if hasattr(state, "at"):  # an AssetState; its class is not loaded for those who use none
            state, at = state.value, state.at
        cls = type(state)
        if not (cls is int or cls is bool or cls is str or cls is float and _LEAST < state < _MOST):
            from .values import check_json

            check_json(state, asset_name)
        number = self._number(device_id, asset_name)
        flags = 8 if at is not None else 0  # outbox.OWN_TIME
        if self._in_io:  # an interrupt's handler: the outbox is in use
            stream = BytesIO()
            _write(stream, state, at)
            self._put_later(number, stream.getvalue(), flags)
            return
        self._in_io = True  # no timer's poll while the outbox is written
        try:
            stream, text = self._stream, self._text
            stream.seek(0)
            _write(stream, state, at)
            n = stream.tell()
            if n > _SHORT:
                text = bytearray(n)
                self._stream = _stream(self._text)  # the old one has grown
            stream.seek(0)
            stream.readinto(text)
            self._tick()
            self._put_late()
            self._put(number, text, flags, self._second, self._ms, n)
        finally:
            self._in_io = False
        if not self._in_handler:
            self._serve(self._second - self._polled_at > _SERVE_S)

    def _put_later(self, number, text, flags):
        """Keep a value until the outbox is free."""
        if len(self._late) >= _LATE_MAX:
            self._late.pop(0)
            self.dropped += 1
        self._late.append((number, text, flags, self._net.ticks_ms()))

    def _put_late(self):
        """Put what interrupts assigned in the middle of our own I/O."""
        while self._late:
            number, text, flags, ticks = self._late.pop(0)
            ms = self._ms - self._net.ticks_diff(self._ticked, ticks)
            try:
                self._put(number, text, flags, self._second + ms // 1000, ms % 1000)
            except MemoryError:
                self.dropped += 1
                raise

    def _put(self, number, text, flags, second, ms, n=None):
        if number in self._set_aside:
            self.dropped += 1
            return
        if number in self._keep:
            while (i := self._outbox.waiting(number, True)) >= 0:
                self._outbox.remove(i)
        dropped = self._outbox.put(number, text, second, ms, flags, n)
        if self._outbox.store:
            self._outbox.store.put()
        if not dropped:
            self._overflowing = self._overflowing and self.pending > 1
            return
        self.dropped += 1 if dropped < 0 else dropped
        if dropped < 0:
            topic = str(self._topics[number], "utf-8")
            self._report("a value is larger than the outbox: " + topic)
        elif not self._overflowing:
            self._report("the outbox is full, the oldest values go; see client.dropped")
        self._overflowing = True

    def _number(self, device_id, asset_name):
        """Return the number under which the outbox knows an asset."""
        numbers = self._numbers.get(device_id)
        if numbers is None:
            numbers = self._numbers[device_id] = {}
        number = numbers.get(asset_name)
        if number is None:
            from .assets import state_topic

            topic = state_topic(device_id, asset_name)
            self._topics.append(topic)  # first: an interrupt may add one as well
            number = numbers[asset_name] = self._topics.index(topic)
        return number

    def _ending(self, flags, second, ms):
        """Return what ends the message of a value assigned at `second` and `ms`.

        A value that goes out as it is assigned carries no time: the platform stamps it. One
        that had to wait carries the time of its assignment, if the clock is set by now.
        """
        age_ms = (self._second - second) * 1000 + self._ms - ms
        if flags & 0x20 or age_ms >= 1000 and not flags & 0x48:  # outbox's ABSOLUTE; other times
            from .timestamps import iso, now_ms

            at = now_ms()
            if flags & 0x20:
                at = second * 1000 + ms
            elif at:
                at -= age_ms
            if at:
                return (',"at":"%s"}' % iso(at)).encode()
        return b"}"

    # -- low-level calls: they do not retry, and raise what goes wrong -----------------------------

    def _rest(self, call, *args):
        """Make a REST call; what it needs is in memory for that long only."""
        try:
            return calling(REST, call, self, *args)
        except MemoryError:
            if not self._session or self._in_io:
                raise
        from .recovery import shut

        shut(self)
        return calling(REST, call, self, *args)

    def get_assets(self, device_id):
        """Return the assets that a device has on the platform, as a list of Asset."""
        return self._rest("rest_assets.get_assets", device_id)

    def create_asset(self, device_id, asset):
        """Create an asset and return it as the platform keeps it."""
        return self._rest("rest_assets.create_asset", device_id, asset)

    def update_asset(self, device_id, asset):
        """Overwrite title, description, kind and profile of an asset; return it."""
        return self._rest("rest_assets.update_asset", device_id, asset)

    def delete_asset(self, device_id, asset_name):
        """Delete an asset and its history."""
        self._rest("rest_assets.delete_asset", device_id, asset_name)

    def get_asset_state(self, device_id, asset_name):
        """Return the platform's AssetState of an asset, None if it was never set."""
        return self._rest("rest_states.get_asset_state", device_id, asset_name)

    def create_device(self, title=None, *, ground=None):
        """Create a device in a ground and return its id. A ground token is needed.

        Raises NotImplementedError without a ground: a device token can create no device.
        """
        return self._rest("rest_assets.create_device", ground or self._ground, title)

    # -- reports --------------------------------------------------------------------------------

    def _report(self, text, e=None):
        """Count and log an error, with the traceback of `e` if there is one; never the token."""
        lines = ()
        if e is not None:
            try:
                from .recovery import traceback_lines

                text, lines = traceback_lines(text, e)
            except MemoryError:  # not even that fits
                text = "%s: %s" % (text, e)
        self.errors += 1
        self.last_error = text = text.replace(self.token, "***").replace("\n", " ")
        if self._log:
            try:
                self._log("allthingstalk: " + text)
                for line in lines:
                    self._log(line.replace(self.token, "***"))
            except Exception:  # a log on a full flash: the client goes on
                pass
