"""BaseClient and Client: one face over REST and MQTT for any number of devices."""

from . import transport
from .loading import REST, calling, function

_PASSING = " .client_setup .connecting .failures .leaving .names .recovery "
_NO_MEMORY_MS = 5000  # until the next try


class BaseClient:
    """What a Device needs of a client. Any object with these four calls will do.

    A client of your own hands what it receives to `device.on_message(stream, asset_name,
    payload)`; `_attach_device(device)` is called when a device connects, if it is there.
    """

    def _attach_device(self, device):
        pass

    def get_assets(self, *_, **__):
        raise NotImplementedError("a client has its own of these calls, see BaseClient")

    create_asset = get_asset_state = publish_asset_state = get_assets


class _Later:
    """Stands for the module `loop` until one of its functions is needed.

    What goes before a first connect, REST above all, has the memory for itself.
    """

    _loading = False

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        from . import loop

        # Without a jump, at which an interrupt may come: what it assigns from here on waits.
        client = self._client
        busy, client._in_io = client._in_io, True
        first, self._loading = not self._loading, True
        if first:
            try:
                calling(_PASSING, "client_setup.begin", client)
                client._loop = loop
            finally:
                self._loading = False
                client._in_io = busy
        return getattr(loop, name)


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
    link_up = None  # a function that says whether there is a network to try; see board/wifi.py
    watchdog = None  # fed with each poll; see board/watchdog.py
    _net = transport  # where time, connections and randomness come from
    _session = None
    _failures = None  # what went wrong since the last good session
    _set_aside = ()  # numbers of topics after whose publish the link drops
    _keep = ()  # numbers of topics of which only the newest value waits
    _overflowing = False
    _timer = None
    _in_io = _in_handler = False
    _registered = 0  # how many handlers there were when streams were last subscribed
    _hooked = False  # the interpreter's exit hook is ours
    _before_exit = None  # who had it before
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
            _PASSING,
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
        self._late = []  # values assigned by an interrupt in the middle of our own I/O
        self._events = []  # what on_connect or on_disconnect is still to be told
        self._ticked = self._retry_at = self._net.ticks_ms()
        self._loop = _Later(self)
        if self._outbox and self._outbox.path:
            self._loop.tick(self)

    @property
    def connected(self):
        """Whether the session with the platform is up."""
        return self.status == "online"

    @property
    def pending(self):
        """How many values the platform has not acknowledged yet. 0: it is safe to sleep."""
        outbox = self._outbox
        if not outbox:
            return 0
        session = self._session  # once: a timer's poll may lose it
        link = session and session.link
        unsent = 1 if link and link._to and not self._qos else 0  # at QoS 0 the outbox is done
        return outbox.pending + len(self._late) + unsent

    # -- for board/ and doctor/ --------------------------------------------------------------------

    @property
    def net(self):
        """Source of time and randomness: ticks_ms, ticks_diff, ticks_add, sleep_ms, getrandbits."""
        return self._net

    @property
    def timeout(self):
        """Seconds that each step on the network may take."""
        return self._timeout_s

    @timeout.setter
    def timeout(self, seconds):
        self._timeout_s = seconds

    @property
    def client_id(self):
        """MQTT client id, None for the default."""
        return self._client_id

    @client_id.setter
    def client_id(self, client_id):
        self._client_id = client_id

    @property
    def ca(self):
        """Root certificates as given, None for the default ones."""
        return self._ca

    @property
    def outbox(self):
        """The Outbox, None before it is needed."""
        return self._outbox

    @property
    def working(self):
        """Whether the client is in the middle of its own work or of a handler."""
        return self._in_io or self._in_handler

    def seconds(self):
        """Return whole seconds since the client was made; they never wrap around."""
        return self._second

    def report(self, text, e=None):
        """Count and log an error, with the traceback of `e` if given; never the token."""
        self._report(text, e)

    def forget_devices(self):
        """Drop the devices: the program creates them again."""
        self._devices = []

    # -- the loop -------------------------------------------------------------------------------

    def poll(self):
        """Do what is due, without waiting: take what arrived, call handlers, send, ping.

        A reconnect that is due is made here and may take `timeout` for each of its steps.
        Returns whether the session is up. Never raises for the network.
        """
        try:
            return self._loop.poll(self)
        except MemoryError:  # the loop does not fit
            self._short_of_memory()
            return False

    def wait(self, seconds):
        """Poll for so many seconds; return whether the session is up then."""
        return self._loop.until(self, seconds)

    def flush(self, timeout=10):
        """Poll until everything is acknowledged; return whether it is. `timeout` in seconds."""
        return calling(_PASSING, "leaving.flush", self, timeout)

    def start(self, period_ms=100, watchdog=None):
        """Poll from a machine.Timer from now on, so that a program which sleeps hears commands.

        Handlers then run between two statements of the program. `watchdog`: seconds, or True for
        8, without progress after which the board is reset; see board/watchdog.py. Raises
        NotImplementedError where there is no machine.Timer (call wait() there instead of
        sleeping) or machine.WDT, ValueError for a time that the board's watchdog cannot do.
        """
        function("background.start")(self, period_ms, watchdog)

    def run(self):
        """Return a coroutine that polls until close(): `await client.run()`."""
        return function("aio.run")(self)

    def close(self):
        """Flush for a second at most, say DISCONNECT, and stay off line until a connect()."""
        calling(_PASSING, "leaving.close", self)

    def _at_exit(self):
        try:
            calling(_PASSING, "leaving.end", self)
        except Exception as e:  # files or memory are gone; the unix port would crash
            self._report("at exit", e)
        finally:
            if self._before_exit:
                self._before_exit()

    def _short_of_memory(self):
        """Where not even what handles a failure fits: try again in a while."""
        session = self._session
        if session:
            session.shut()
        self.status = "offline"
        self._retry_at = self._net.ticks_add(self._net.ticks_ms(), _NO_MEMORY_MS)
        self._report("too little memory: use the library's .mpy files, or free some")

    def _connect_device(self, device):
        """Bring a device up; return whether it is on line. Raises what is refused."""
        return self._passing("connecting.connect_device", device)

    def _passing(self, call, *args):
        """Call a function of what is seldom needed, which is loaded for that long only."""
        return calling(_PASSING, call, self, *args)

    # -- states ---------------------------------------------------------------------------------

    def publish_asset_state(self, device_id, asset_name, state):
        """Deliver a value or an AssetState; it waits in the outbox until it is acknowledged.

        Not checked against a profile. ValueError or TypeError for what JSON cannot carry.
        """
        self._loop.publish(self, device_id, asset_name, state)

    # -- low-level calls: they do not retry, and raise what goes wrong -----------------------------

    def _rest(self, call, *args):
        """Make a REST call; what it needs is in memory for that long only."""
        try:
            return calling(REST, call, self, *args)
        except MemoryError:
            if not self._session or self._in_io:
                raise
        self._passing("recovery.shut")
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
        self.errors += 1
        try:
            calling(" .reports ", "reports.report", self, text, e)
        except MemoryError:  # not even that fits
            self.last_error = text = text.replace(self.token, "***")
            try:
                self._log and self._log("allthingstalk: " + text)
            except Exception:  # as in reports
                pass
