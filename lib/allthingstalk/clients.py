"""BaseClient and Client: one face over REST and MQTT for any number of devices."""

from .assets import Asset
from .core.connection import Connection
from .core.reentry import Reentry
from .net import port
from .overlay import Overlay

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


class Attached:
    """A device as its client knows it.

    `listens(stream)` says whether it has handlers for a stream. `look` says why its assets on the
    platform have to be looked at: "first", "again" (after a drop that an asset may have caused;
    no reason to stay off line where memory is short), or None.
    """

    look = "first"
    again = False  # the message at hand was sent before

    def __init__(self, device, listens):
        self.device = device
        self.listens = listens

    def looked(self, look=None):
        """Note that the assets are as declared; or why they have to be looked at."""
        self.look = look

    def deliver(self, again, stream, asset_name, message):
        """Hand a message to the device's on_message, which may be the program's own."""
        self.again = again
        self.device.on_message(stream, asset_name, message)


class Client(BaseClient):
    """The platform's client: states and commands over MQTT, everything else over REST.

    The constructor touches no network. Times are in seconds.

    - `token`: a device token or a ground token, sent as it is and shown nowhere.
    - `api`: endpoint of both; a host means HTTPS and MQTT over TLS, 'http://host' plain text.
      `http`, `mqtt`: endpoints of their own; `mqtt=False` sends states over REST, no commands.
    - `ca`: root certificates, DER or PEM bytes or a file name; default: what the board holds.
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

    errors = 0
    last_error = None
    link_up = None  # a function that says whether there is a network to try; see board.wifi
    watchdog = None  # fed with each poll; see board.watchdog
    net = port  # where time, sockets and randomness come from
    loop = None  # the heart, once it is needed: see load()
    timer = None  # of start()
    _overlay = None  # of the way up, while that is under way
    _hooked = False  # the interpreter's exit hook is ours
    _before_exit = None  # who had it before

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
        max_message=4096
    ):
        with Overlay("connect"):
            from .connect.options import checked

            self.http, self.mqtt, self._outbox, self.last_will = checked(
                token, api, http, mqtt, qos, timeout, keepalive, outbox, last_will
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
        self._qos = qos
        self._max_message = max_message
        self.attached = []  # devices
        self.guard = Reentry()
        self.connection = Connection(self.net.ticks_ms())
        if self._outbox and self._outbox.path:
            self.load()

    def load(self):
        """Return the heart of the client; the first call loads it.

        Not before it is needed: REST at the first connect has the memory to itself till then.
        """
        if not self.loop:
            from .core.poll import Loop
            from .core.publisher import Publisher
            from .core.session import Session
            from .outbox import Outbox

            outbox = self._outbox or Outbox()
            publisher = Publisher(self.net, outbox, self.report)
            session = Session(
                *(outbox, publisher.topics, publisher.ending, self._qos),
                *(self._max_message, self.report, self.net.ticks_diff)
            )
            loop = Loop(self, publisher, session)
            if outbox.path:
                from .outbox_file import Store

                Store(publisher, self.net, self.report)
            if not self.loop:  # an interrupt may have come to it as well
                self.loop = loop
        return self.loop

    @property
    def status(self):
        """'offline', 'connecting', 'online', 'refused' or 'closed'."""
        return self.connection.status

    @property
    def connected(self):
        """Whether the session with the platform is up."""
        return self.connection.state == "online"

    @property
    def pending(self):
        """How many values the platform has not acknowledged yet. 0: it is safe to sleep."""
        return self.loop.pending(self._qos) if self.loop else 0

    @property
    def dropped(self):
        """How many values were given up, for want of room or because they were refused."""
        return self.loop.publisher.dropped if self.loop else 0

    # -- the loop -------------------------------------------------------------------------------

    def poll(self):
        """Do what is due, without waiting: take what arrived, call handlers, send, ping.

        Off line it goes the next step of the way up. Only a name look-up and REST wait for the
        network. Returns whether the session is up. Never raises for the network; RuntimeError in
        a thread that may only assign.
        """
        self.guard.check_thread(False)
        try:
            (self.loop or self.load()).poll()
        except MemoryError:  # the heart does not fit
            self._short_of_memory()
        if self.watchdog:
            self.watchdog.poll()
        return self.connection.state == "online"

    def wait(self, seconds):
        """Poll for so many seconds; return whether the session is up then."""
        self.guard.check_thread()
        self.load().until(seconds)
        return self.connected

    def flush(self, timeout=10):
        """Poll until everything is acknowledged; return whether it is. `timeout` in seconds."""
        self.guard.check_thread()
        loop = self.load()
        loop.until(timeout, lambda: not self.pending or self.status == "closed")
        loop.save()
        return not self.pending

    def start(self, period_ms=100, watchdog=None):
        """Poll from a machine.Timer from now on, so that a program which sleeps hears commands.

        Handlers then run between two statements of the program. `watchdog`: seconds, or True for
        8, without progress after which the board is reset; see board.watchdog. Raises
        NotImplementedError where there is no machine.Timer (call wait() there instead of
        sleeping) or machine.WDT, ValueError for a time that the board's watchdog cannot do.
        """
        from .fronts import start

        self.timer = start(self, period_ms, watchdog)

    def run(self):
        """Return a coroutine that polls until close(): `await client.run()`."""
        from .fronts import run

        return run(self)

    def close(self):
        """Flush for a second at most, say DISCONNECT, and stay off line until a connect().

        Called by an interrupt in the middle of the client's work it is done right after that.
        """
        self.guard.check_thread()
        if self.guard.busy or self.guard.entered():
            self.guard.after(self.close)
            return
        with Overlay("connect"):
            from .connect.close import close

            close(self)

    def at_exit(self):
        """Give what waits a second; called where the interpreter has an exit hook."""
        try:
            with Overlay("connect"):
                from .connect.close import end

                end(self)
        except Exception as e:  # files or memory are gone; the unix port would crash
            self.report("at exit", e)
        finally:
            if self._before_exit:
                self._before_exit()

    # -- up and down: what Device and the loop call ----------------------------------------------

    def attach(self, device, listens):
        """Bring a device up, and wait for it; return how the client knows it from then on.

        Raises what is refused. With the network away the client goes on trying.
        """
        guard = self.guard
        if self.connection.status != "closed":
            guard.check_thread()
        if guard.busy or guard.entered():  # an interrupt in the middle of our own work
            guard.after(device.connect)
        for attached in self.attached:
            if attached.device is device:
                break
        else:
            attached = Attached(device, listens)
        if guard.busy or guard.entered():
            return attached
        guard.own()
        try:
            guard.work(True)
            self._bring_up(attached)
            guard.work(False)
        except Exception:
            guard.work(False)
            raise
        except BaseException:
            self.load().cut_off()
            raise
        return attached

    def _bring_up(self, attached):
        online = self.connected
        attached.looked("first")
        if attached not in self.attached:
            self.attached.append(attached)
        try:
            try:
                with Overlay("connect"):
                    from .connect.bring_up import connect
                    from .connect.close import hook_exit

                    if not self._hooked:
                        self._hooked = True
                        self._before_exit = hook_exit(self.at_exit)
                    link = connect(self, attached)
                if not online:
                    self.arrived(link)
            except Exception as e:
                with Overlay("connect"):
                    from .connect.recover import refusal

                    refused = refusal(self, e)
                    if refused:
                        self.attached.remove(attached)
                        if not online:
                            self.connection.move("refused")
                        raise refused
                self.failed(e)
            self.load().number(attached.device)
        except MemoryError:
            self._short_of_memory()

    def settle(self):
        """Wait until the broker has answered the subscriptions; return whether it is on line.

        A command that is sent right after connect() has to be heard.
        """
        if self.connected:
            loop = self.load()
            loop.until(self.timeout, lambda: not self.connected or loop.session.settled())
        else:
            self.poll()
        return self.connected

    def way_up(self):
        """Return a generator that leads on line, a step at a time, and returns the link."""
        self._overlay = Overlay("connect")
        from .connect.bring_up import way_up

        return way_up(self)

    def arrived(self, link):
        """Go on line over a link on which CONNACK has come; None: over REST alone."""
        try:
            self._way_ended()
            self.load().up(link, self.timeout, self.keepalive)
        except BaseException:
            if link:
                link.close()
            raise

    def failed(self, e):
        """Take down the session after an error, report it, and plan the next try."""
        try:
            with Overlay("connect"):
                from .connect.recover import recover

                recover(self, e)
        except MemoryError:  # not even that fits
            self._short_of_memory()
        self._way_ended()

    def _way_ended(self):
        overlay, self._overlay = self._overlay, None
        if overlay:
            overlay.unload()

    def _short_of_memory(self):
        """Where not even what handles a failure fits: try again in a while."""
        if self.loop:
            self.loop.down()
        self.connection.move("lost", "too little memory")
        self.connection.put_off(self.net.ticks_add(self.net.ticks_ms(), _NO_MEMORY_MS))
        self.report("too little memory: use the library's .mpy files, or free some")

    def handlers(self):
        """Return how many handlers there are: streams are subscribed when the number grows."""
        return self.attached[0].device.__registered__[0] if self.attached else 0

    def take_client_id(self, client_id):
        """Use an MQTT client id from now on."""
        self.client_id = client_id

    def hurry(self, timeout_s):
        """Bound each step on the network by less time from now on."""
        self.timeout = min(self.timeout, timeout_s)

    def progress(self):
        """Note that a step which may take long has ended, for the watchdog."""
        if self.watchdog:
            self.watchdog.progress()

    def tell(self, event):
        """Call on_connect for "online", on_disconnect for the reason of a loss."""
        try:
            if event == "online":
                if self.on_connect:
                    self.on_connect(self)
            elif self.on_disconnect:
                self.on_disconnect(self, event)
        except Exception as e:
            self.report("on_connect or on_disconnect raised", e)

    # -- for board and programs like it ----------------------------------------------------------

    @property
    def working(self):
        """Whether the client is in the middle of its own work, or of a handler."""
        return self.guard.busy or self.guard.in_handler

    def seconds(self):
        """Return whole seconds since the client was made; it never wraps around."""
        publisher = self.load().publisher
        publisher.tick()
        return publisher.second

    def forget_devices(self):
        """Have the program make its devices anew."""
        self.attached = []

    # -- states ---------------------------------------------------------------------------------

    def publish_asset_state(self, device_id, asset_name, state):
        """Deliver a value or an AssetState; it waits in the outbox until it is acknowledged.

        Not checked against a profile. ValueError or TypeError for what JSON cannot carry.
        """
        loop, at, cls = self.loop or self.load(), None, type(state)
        plain = cls is int or cls is bool or cls is str
        if not (plain or cls is float and Asset.LEAST < state < Asset.MOST):
            from .core.payload import value_and_time

            state, at = value_and_time(state, asset_name)
        loop.publish(loop.publisher.topics.number(device_id, asset_name), state, at)

    def publish_pairs(self, device_id, text):
        """Deliver values of several assets in one message; see core.combined."""
        from .outbox import SEVERAL

        loop = self.load()
        loop.publish(loop.publisher.topics.number(device_id, ()), text, None, SEVERAL)

    def delivered(self, device, asset_name):
        """Poll until what was assigned to an asset is delivered, for `timeout` at most."""
        self.guard.check_thread()
        loop, device_id = self.load(), device.id or id(device)
        loop.until_delivered(device_id, asset_name, self.timeout)

    def send_states(self):
        """Send what the outbox holds over REST, where MQTT is off."""
        with Overlay("rest"):
            from .rest.send_states import send

            send(self)

    # -- low-level calls: they do not retry, and raise what goes wrong -----------------------------

    def _rest(self, call):
        """Return call(module rest.calls), which is in memory for that long only."""
        try:
            return _with_calls(call)
        except MemoryError:
            if not self.loop or not self.loop.link or self.guard.busy:
                raise
        # REST and MQTT do not fit both, two TLS sessions least of all: MQTT makes room.
        self.loop.make_room()
        return _with_calls(call)

    def get_assets(self, device_id):
        """Return the assets that a device has on the platform, as a list of Asset."""
        return self._rest(lambda calls: list(calls.each_asset(self, device_id)))

    def create_asset(self, device_id, asset):
        """Create an asset and return it as the platform keeps it."""
        return self._rest(lambda calls: calls.create_asset(self, device_id, asset))

    def update_asset(self, device_id, asset):
        """Overwrite title, description, kind and profile of an asset; return it."""
        return self._rest(lambda calls: calls.update_asset(self, device_id, asset))

    def delete_asset(self, device_id, asset_name):
        """Delete an asset and its history."""
        self._rest(lambda calls: calls.delete_asset(self, device_id, asset_name))

    def get_asset_state(self, device_id, asset_name):
        """Return the platform's AssetState of an asset, None if it was never set."""
        return self._rest(lambda calls: calls.get_asset_state(self, device_id, asset_name))

    def create_device(self, title=None, *, ground=None):
        """Create a device in a ground and return its id. A ground token is needed.

        Raises NotImplementedError without a ground: a device token can create no device.
        """
        return self._rest(lambda calls: calls.create_device(self, ground or self.ground, title))

    # -- reports --------------------------------------------------------------------------------

    def report(self, text, e=None):
        """Count and log an error, with the traceback of `e` if there is one; never the token."""
        self.errors += 1
        lines = ()
        if e is not None:
            try:
                with Overlay("connect"):
                    from .connect.error_texts import traceback_lines

                    text, lines = traceback_lines(text, e)
            except MemoryError:  # not even that fits
                text = "%s: %s" % (text, e)
        self.last_error = text = text.replace(self.token, "***").replace("\n", " ")
        if self.log:
            try:
                self.log("allthingstalk: " + text)
                for line in lines:
                    self.log(line.replace(self.token, "***"))
            except Exception:  # a log on a full flash: the client goes on
                pass


def _with_calls(call):
    with Overlay("rest"):
        from .rest import calls

        return call(calls)
