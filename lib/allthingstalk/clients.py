"""BaseClient and Client: one face over REST and MQTT for any number of devices."""

import sys

from . import net
from .assets import LEAST, MOST
from .overlay import Overlay

# Methods that are seldom called: functions of a folder, which is in memory for one call.
_SELDOM = {
    "connect": "move",
    "calls": "get_states send_command",
    "history": "get_asset_states",
    "connect.calls": "lost down mend send_states",
    "topics": "head number_assets subscribe",
}


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


class Client(BaseClient):
    """The platform's client: states and commands over MQTT, everything else over REST.

    The constructor touches no network. Times are in seconds.

    - `token`: a device token or a ground token, sent as it is and shown nowhere.
    - `api`: endpoint of both; a host means HTTPS and MQTT over TLS, 'http://host' plain text.
      `http`, `mqtt`: endpoints of their own; `mqtt=False` sends states over REST, no commands.
    - `ca`: root certificates, DER or PEM bytes or a file name, of which all count; default: what
      the board holds.
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
    - `payload`: format of states over MQTT, 'json' or 'cbor', which takes fewer bytes; or the
      abcl.Format of what `device.send()` sends.

    Raises ValueError for a token or an endpoint that cannot be right.

    `status` is 'offline', 'connecting', 'online', 'refused' or 'closed'; `errors` counts what was
    reported, `last_error` is the last of it; `dropped` counts values that were given up.
    """

    errors = dropped = 0
    last_error = None
    status = state = "offline"  # see connect.TABLE
    busy = in_handler = False  # see core.assignments
    thread = None
    cut = False  # our work was cut off, and what it left half done is still to be mended
    link_up = None  # a function that says whether there is a network to try; see board.wifi
    watchdog = None  # fed with each poll; see board.watchdog
    handlers = -1  # how many there were when streams were last subscribed
    set_aside = ()  # numbers of assets after whose publish the link drops, see connect.recover
    latest = ()  # numbers of assets of which only the newest value waits
    net = net  # where time, sockets and randomness come from
    timer = None  # of start()
    losses = None  # what went wrong since the last good session, see connect.recover
    before_exit = None  # who had the interpreter's exit hook before it was ours; False: nobody
    overlay = None  # of the connection attempt, while one is under way
    unseen = False  # times of commands are still to be written to flash, see core.seen

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
        payload="json",
    ):
        # Here, and not in the class, is what each client has of its own in the end.
        self.outbox = self.session = None  # made by load()
        self.link = None  # the connection, while there is a session over it
        self.attempt = None  # the connection attempt under way: a generator
        self.retry_at = self.net.ticks_ms()
        self.devices = {}  # device -> why its assets are to be looked at: "first", "again", None
        self.events = []  # "online", or the reason of a loss: on_connect, on_disconnect
        self.after = []  # what interrupts called in the middle of our own work
        self.heads = []  # number of an asset -> what its PUBLISH begins with, see topics.head
        self.numbers = {}  # device id -> asset name -> number
        with Overlay("connect"):
            from .connect.options import checked

            self.http, self.mqtt, self.outbox_given, self.last_will = checked(
                token, api, http, mqtt, qos, timeout, keepalive, outbox, last_will, payload
            )
        self.token = token
        self.on_connect = on_connect
        self.on_disconnect = on_disconnect
        self.log = log
        self.ca = ca
        self.ground = ground
        self.client_id = client_id
        self.keepalive = int(keepalive)
        self.timeout = timeout
        self.digest = digest
        # A file beside which another one may be kept, see core.seen.
        self.beside = self.outbox_given and self.outbox_given.path or digest
        self.qos = qos
        self.max_message = max_message
        self.payload = payload
        if self.outbox_given and self.outbox_given.path:
            self.load()

    def __getattr__(self, name):
        for folder in _SELDOM:
            if name in _SELDOM[folder].split():
                return lambda *args, **kwargs: self._call(folder, name, *args, **kwargs)
        if not self.session:  # a method of `core` is asked for
            self.load()
            if name in self.__dict__ or hasattr(Client, name):
                return getattr(self, name)
        raise AttributeError(name)

    @property
    def connected(self):
        """Whether the session with the platform is up."""
        return self.state == "online"

    @property
    def pending(self):
        """How many values the platform has not acknowledged yet. 0: it is safe to sleep."""
        session = self.session
        if not session:
            return 0
        # At QoS 0 the outbox is done with what waits for the network.
        return self.outbox.pending + len(self.late) + (not self.qos and session.stop > 0)

    def publish_asset_state(self, device_id, asset_name, state):
        """Deliver a value or an AssetState; it waits in the outbox until it is acknowledged.

        - `device_id`, `asset_name`: whose; not checked against what the platform has.
        - `state`: the value or AssetState; not checked against a profile.

        Returns nothing. Raises ValueError or TypeError for what JSON cannot carry, and nothing for
        the network.
        """
        cls = type(state)
        if not self.session:
            self.load()
        at = None
        if not (cls is int or cls is bool or cls is str):
            if not (cls is float and LEAST < state < MOST):
                from .core.values import value_and_time

                state, at = value_and_time(self.format, state, asset_name)
        self.publish(self.number(device_id, asset_name), state, at, 0)

    def poll(self):
        """Do what is due, without waiting: take what arrived, call handlers, send, ping.

        Off line it takes the next step of the connection attempt. Only a name look-up and REST
        wait for the network. Returns whether the session is up. Never raises for the network;
        RuntimeError in a thread that may only assign.
        """
        if not self.session:
            try:
                self.load()
            except MemoryError as e:
                self.failed(e)
                return False
        self.check_thread(False)
        if not (self.busy or self.entered()):  # else an interrupt in the middle of our own work
            self.step(True)
            self.polled_s = self.second
        if self.watchdog:
            self.watchdog.poll()
        return self.state == "online"

    def at_exit(self):
        """Give what waits a second; called where the interpreter has an exit hook."""
        try:
            self._call("calls", "end")
        except Exception as e:  # files or memory are gone; the unix port would crash
            self.report("at exit", e)
        finally:
            if self.before_exit:
                self.before_exit()

    def wait(self, seconds):
        """Poll for so many `seconds`; return whether the session is up then. Raises as poll()."""
        self.until(seconds)
        return self.state == "online"

    def flush(self, timeout=10):
        """Poll until everything is acknowledged; return whether it is. Raises as poll().

        `timeout`: seconds to wait at most; what is left then still waits in the outbox.
        """
        self.until(timeout, lambda: not self.pending or self.status == "closed")
        if self.unseen or self.outbox and self.outbox.store:
            self._call("calls", "save")
        return not self.pending

    def close(self):
        """Flush for a second at most, say DISCONNECT, and stay off line until a connect().

        Called by an interrupt in the middle of the client's work it is done right after that.
        """
        # One after the other: less is in memory at a time.
        if self._call("calls", "ready_to_close"):
            self._call("connect.calls", "close")
            self._call("calls", "save")
            self.thread = None

    def start(self, period_ms=100, watchdog=None):
        """Poll from a machine.Timer from now on, so that a program which sleeps hears commands.

        Handlers then run between two statements of the program. `period_ms`: milliseconds from
        one poll to the next. `watchdog`: seconds without progress after which the board is reset,
        True for 8 on a Pico W and 30 elsewhere, None for no watchdog; see board.watchdog.

        Raises NotImplementedError where there is no machine.Timer (call wait() there instead of
        sleeping) or machine.WDT, ValueError for a time that the board's watchdog cannot do.
        """
        self._call("fronts", "start", period_ms, watchdog)

    def run(self):
        """Return a coroutine that polls until close(): `await client.run()`."""
        return self._call("fronts", "run")

    # -- low-level calls: they do not retry, and raise what goes wrong -----------------------------
    #
    # Each raises AccessForbiddenException for a token that may not, NotFoundException for what the
    # platform does not have, PlatformException for what it refuses, CertificateException, and
    # PlatformUnavailableException for what passes.

    def get_assets(self, device_id):
        """Return the assets that a device has on the platform, as a list of Asset.

        `device_id`: the device's. Raises as all low-level calls do.
        """
        return self._call("calls", "rest", "get_assets", device_id)

    def create_asset(self, device_id, asset):
        """Create an asset and return it as the platform keeps it, an Asset with its `id`.

        `device_id`: the device's; `asset`: an Asset with a name. Raises as all low-level calls do,
        PlatformException where one of that name exists.
        """
        return self._call("calls", "rest", "create_asset", device_id, asset)

    def update_asset(self, device_id, asset):
        """Overwrite title, description, kind and profile of an asset; return it as it is then.

        `device_id`: the device's; `asset`: an Asset, found by its name. Raises as all low-level
        calls do.
        """
        return self._call("calls", "rest", "update_asset", device_id, asset)

    def delete_asset(self, device_id, asset_name):
        """Delete an asset and its history. Returns nothing.

        `device_id`, `asset_name`: whose. Raises as all low-level calls do.
        """
        self._call("calls", "rest", "delete_asset", device_id, asset_name)

    def get_asset_state(self, device_id, asset_name):
        """Return the platform's AssetState of an asset, None if it was never set.

        `device_id`, `asset_name`: whose. Raises AssetStateRetrievalException, with the `status` of
        the platform's answer, and PlatformUnavailableException for what passes.
        """
        return self._call("calls", "rest", "get_asset_state", device_id, asset_name)

    def create_device(self, title=None, *, ground=None):
        """Create a device in a ground and return its id. A ground token is needed.

        - `title`: what people see, None for the platform's.
        - `ground`: id of the ground, None for the client's own.

        Raises NotImplementedError without a ground: a device token can create no device; else as
        all low-level calls do.
        """
        return self._call("calls", "rest", "create_device", ground or self.ground, title)

    # -- up and down: what Device and Heart call -------------------------------------------------

    def connect_device(self, device):
        """Bring a device up, and wait for it; return whether it is on line.

        Raises what is refused, and then the device is not started. With the network away it counts
        as started, its values wait, and the client goes on trying. Called by an interrupt in the
        middle of the client's work it is done right after that.
        """
        if self.session and self.status != "closed":
            self.check_thread(True)
        online = self.state == "online"
        if self.busy or self.session and self.entered():
            self.after.append(device.connect)
            return online
        try:
            try:
                self.busy = True
                self.abandon()  # it begins anew
                link = self._call("connect.bring_up", "connect", device)
                if not online:
                    self.go_online(link)
                else:
                    self.handlers = -1  # those of this device are to be subscribed
                    if not self.link:
                        self.load()
            except Exception as e:
                try:
                    self._call("connect.recover", "refused", device, e, online)
                except MemoryError:
                    pass
                self.failed(e)
            try:
                if not self.session:
                    self.load()
                self.own()
                self.number_assets(device)
            except MemoryError as e:
                self.failed(e)
            device.__started__ = True
            self.busy = False
        except Exception:
            self.busy = False
            raise
        except BaseException:
            self.cut_off()
            raise
        if self.state == "online":
            # A command that is sent right after connect() has to be heard.
            self.until(self.timeout, lambda: not (self.link and self.session.asked))
        else:
            self.poll()
        return self.state == "online"

    def advance(self):
        """Take a step of the connection attempt."""
        if not self.attempt:
            self.overlay = Overlay("connect")
            from .connect.bring_up import attempt

            self.attempt = attempt(self)
        try:
            next(self.attempt)
            # A name look-up or REST may have taken long: an assignment right after it does not.
            self.enter()
            self.tick()
            self.leave()
        except StopIteration as e:
            self.attempt = None
            self.abandon()
            self.go_online(e.value)

    def abandon(self):
        """Abandon the connection attempt if there is one, and unload its folder."""
        steps, self.attempt = self.attempt, None
        if steps:
            steps.close()  # and with it the connection that it has begun
            self.move("lost")
        overlay = self.overlay
        if overlay:
            self.overlay = None
            overlay.__exit__(None, None, None)

    def go_online(self, link):
        """Go on line over a link on which CONNACK has come; None: over REST alone."""
        try:
            if not self.session:
                self.load()
            self.session.restart(self.net.ticks_ms())
        except BaseException:
            if link:
                link.close()
            raise
        self.link = link
        self.handlers = -1  # subscriptions are due
        self.move("accepted")

    def load(self):
        """Load `core`, with the first value or at the end of the first connect.

        Not before it is needed: REST at the first connect has the memory to itself till then.
        """
        self._call("calls", "load", Client)

    def failed(self, e):
        """Take down the session after an error, report it, and plan the next try."""
        try:
            self._call("connect.recover", "recover", e)
        except MemoryError:  # not even that fits
            link, self.link = self.link, None
            text = "too little memory: use the library's .mpy files, or free some"
            if self.state == "online":
                self.events.append(text)
            if link:
                link.close()
                self.enter()
                self.outbox.rewind()
                self.leave()
            self.state = self.status = "offline"
            self.retry_at = self.net.ticks_add(self.net.ticks_ms(), 5000)
            self.report(text)
        self.abandon()

    def report(self, text, e=None):
        """Count and log an error, with the traceback of `e` if there is one; never the token."""
        self.errors += 1
        lines = ()
        if e is not None:
            try:
                text, lines = self._call("connect.error_texts", "told", text, e)
            except (MemoryError, ImportError):  # not even that fits, or the files are gone
                text = "%s: %s" % (text, e)
        self.last_error = text = text.replace(self.token, "***").replace("\n", " ")
        if self.log:
            try:
                self.log("allthingstalk: " + text)
                for line in lines:
                    self.log(line.replace(self.token, "***"))
            except Exception:  # a log on a full flash: the client goes on
                pass

    def _call(self, module, name, *args, **kwargs):
        """Call a function of a module that is in memory for this long only."""
        with Overlay(module.split(".")[0]):
            path = "allthingstalk." + module
            found = __import__(path, None, None, (name,))
            if not hasattr(found, name):  # we interrupt its import: take a copy of our own
                del sys.modules[path]
                try:
                    own = __import__(path, None, None, (name,))
                finally:
                    sys.modules[path], found = found, own
            return getattr(found, name)(self, *args, **kwargs)
