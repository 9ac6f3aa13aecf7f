"""Loop: one step of a client, in order, and what an assignment does of it.

A step takes what interrupts assigned, then what has arrived, sends, pings, and hands messages to
their handlers. Off line it goes one step of the way up instead, when that is due.
"""

from micropython import const

from .commands import STREAMS, dispatch
from .topics import incoming

_SERVE_S = const(5)  # a program that has not polled for so long is served by its assignments
_READS = const(256)  # of one poll: a broker that never stops does not keep the program
_IDLE_MS = const(10)  # pause between two polls of a wait


class Loop:
    """Owns the session and its link, and leads the client on line and off.

    `client` is asked for what differs (its options, its devices, the way up), and told of events.
    """

    link = None
    _way = None  # the way up while it is under way: a generator
    _polled_s = 0  # second of the last poll
    _handlers = -1  # how many there were when streams were last subscribed

    def __init__(self, client, publisher, session):
        self._client = client
        self._net = client.net
        self._guard = client.guard
        self._connection = client.connection
        self.publisher = publisher
        self.session = session

    # -- up and down ----------------------------------------------------------------------------

    def up(self, link, timeout_s, keepalive_s):
        """Go on line over a link on which CONNACK has come; without a link over REST alone."""
        self._way = None
        if link:
            self.session.open(self.publisher.tick(), timeout_s, keepalive_s)
            self.link = link
            self._handlers = -1
        self._connection.move("accepted")

    def down(self, politely=False):
        """Close the link, after DISCONNECT if `politely`; what was on its way waits again."""
        self._way = None
        link, self.link = self.link, None
        session, now = self.session, self._net.ticks_ms()
        session.close(now, politely and link)
        if link:
            try:
                link.send(session.out, 0, session.end)
            except OSError:  # gone already: that is what was wanted
                pass
            link.close()
        session.sent(session.end, now)

    def make_room(self):
        """Close the session for REST, which needs the memory; the next poll brings it back."""
        self._guard.work(True)
        self.down(politely=True)
        self._connection.move("lost", "MQTT made room for REST")
        self._connection.put_off(self._net.ticks_ms())
        self._guard.work(False)

    def cut_off(self):
        """Mend what an exception from outside, such as Ctrl-C, left half done."""
        guard, connection = self._guard, self._connection
        changing = guard.busy or guard.entered()
        guard.reset()
        if changing:
            self.down()
            connection.move("lost", "interrupted")
            connection.put_off(self._net.ticks_ms())
            if self.publisher.outbox.store:
                self.publisher.outbox.store.damaged()

    # -- an assignment --------------------------------------------------------------------------

    def pending(self, qos):
        """Return how many values are not delivered yet."""
        # At QoS 0 the outbox is done with what waits for the network.
        return self.publisher.pending() + (not qos and self.session.end > 0)

    def number(self, device):
        """Give the assets of a device their numbers, so that an interrupt finds them."""
        publisher = self.publisher
        for asset in device.assets.values():
            topic = publisher.topics.number(device.id or id(device), asset.name)
            if asset.keep == "latest":
                publisher.keep_latest(topic)
        self._polled_s = publisher.second

    def publish(self, topic, value, at, flags=0):
        """Put a value into the outbox and send what can be sent; see Publisher.put()."""
        guard, publisher = self._guard, self.publisher
        if guard.entered():
            publisher.later(topic, value, at, flags)
            return
        try:
            guard.enter()
            failure = None
            try:
                publisher.put(topic, value, at, flags)
                if self.link and not guard.busy and not guard.in_handler:
                    try:
                        self._exchange()
                    except Exception as e:
                        failure = e
            finally:
                guard.leave()
            if failure:
                guard.work(True)
                self._client.failed(failure)
                guard.work(False)
        except Exception:  # of what was assigned: nothing has changed
            raise
        except BaseException:
            self.cut_off()
            raise
        if guard.in_handler or guard.busy:
            return
        if publisher.second - self._polled_s > _SERVE_S:
            if guard.owns():
                self._serve()
        elif self.session.inbox or self._connection.events:
            self.poll()

    def _serve(self):
        """Poll for a program that does not, up to the end of a connect that is due."""
        self.poll()
        while self._way:
            self._net.sleep_ms(_IDLE_MS)
            self.poll()

    # -- a step ---------------------------------------------------------------------------------

    def poll(self):
        """Do what is due. Never waits, but for a name look-up and REST."""
        guard = self._guard
        if guard.busy or guard.entered():  # an interrupt in the middle of our own work
            return
        try:
            for _ in range(16):
                guard.work(True)
                try:
                    self._step()
                except Exception as e:
                    self._client.failed(e)
                guard.work(False)
                if guard.in_handler or not (self._connection.events or self.session.inbox):
                    break
                guard.handle(True)
                self._tell()
                guard.handle(False)
        except BaseException:
            self.cut_off()
            raise
        self._polled_s = self.publisher.second
        guard.done()

    def _step(self):
        client, connection, publisher = self._client, self._connection, self.publisher
        up = client.link_up is None or client.link_up()
        self._guard.enter()
        try:
            now = publisher.tick()
            publisher.put_late()
            if publisher.outbox.store:
                publisher.outbox.store.check()
            if self.link and up:
                if self._handlers != client.handlers():
                    self._subscribe(now)
                self._exchange()
                self.session.check(now)
                self._push(now)
        finally:
            self._guard.leave()
        if connection.state == "online":
            if not up:
                raise OSError("the network is down")
            if not self.link and publisher.outbox.pending:
                client.send_states()
        elif self._way and up:
            self._go_on()
        elif not up or connection.state == "closed" or not (client.attached or client.pending):
            self._way = None
            if self._net.ticks_diff(now, connection.retry_at) > 0:
                connection.put_off(now)  # due when it is back, and ticks wrap
        elif self._net.ticks_diff(now, connection.retry_at) >= 0:
            self._way = client.way_up()
            self._go_on()

    def _go_on(self):
        try:
            next(self._way)
        except StopIteration as e:
            self._client.arrived(e.value)

    def _exchange(self):
        """Take what has arrived, send what waits."""
        session, link, now = self.session, self.link, self._net.ticks_ms()
        reader = session.reader
        for _ in range(_READS):
            if session.full():
                break
            n = link.readinto(reader.space())
            if n is None:
                break
            if n == 0:
                raise OSError("the platform closed the connection")
            session.receive(n, now)
        self._push(now)
        while not session.end:
            more = session.send(now, self.publisher.second)
            self._push(now)
            if not more:
                break

    def _push(self, now):
        session = self.session
        if session.end:
            session.sent(self.link.send(session.out, session.start, session.end), now)

    def _subscribe(self, now):
        """Subscribe to the streams that have handlers, as far as this link has not yet."""
        self._handlers = self._client.handlers()
        for attached in self._client.attached:
            if attached.look == "first":  # left out: it might cost the others their session
                continue
            for stream in STREAMS:
                if attached.listens(stream):
                    self.session.subscribe(incoming(attached.device.id, stream), now)

    def _tell(self):
        """Tell the program's functions and the devices' handlers what came."""
        client, events = self._client, self._connection.events
        while events:
            client.tell(events.pop(0))
        while message := self.session.take_message():
            try:
                dispatch(client.attached, *message)
            except Exception as e:  # on_message of the program's own
                client.report("on_message raised", e)

    # -- waiting --------------------------------------------------------------------------------

    def until(self, seconds, done=None):
        """Poll until `done()` or the time is over."""
        net, left_ms = self._net, int(seconds * 1000)
        last = net.ticks_ms()
        while True:
            self._client.poll()
            now = net.ticks_ms()
            left_ms -= net.ticks_diff(now, last)
            last = now
            if left_ms <= 0 or done and done() or self._guard.busy:
                return
            net.sleep_ms(min(_IDLE_MS, left_ms))

    def until_delivered(self, device_id, asset_name, seconds):
        """Poll until nothing assigned to an asset waits any more, or the time is over."""
        outbox, topics = self.publisher.outbox, self.publisher.topics
        number, several = topics.number(device_id, asset_name), topics.number(device_id, ())

        def delivered():
            return not (outbox.find(number) or outbox.find(several))

        if not delivered():
            self.until(seconds, delivered)

    def save(self):
        """Bring the outbox's file up to date, where it has one."""
        store = self.publisher.outbox.store
        if store and not self._guard.entered():
            try:
                self._guard.enter()
                store.push()
                self._guard.leave()
            except BaseException:
                self.cut_off()
                raise
