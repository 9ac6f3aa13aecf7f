"""A client beside a model of it: whatever happens in whatever order, they agree on every value."""

import json

from allthingstalk import Device, IntegerAsset, Outbox
from fake_net import FakeBroker
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.fuzz import cases
from tests.fuzz.rig import CountedSocket, Rig

RUNS = 1500
STEPS = 40
FIRST = 100000  # values are numbers of six digits, so that all take the same room
RECORD_BYTES = 13 + 6
OUTBOX_BYTES = 512
CAPACITY = OUTBOX_BYTES // RECORD_BYTES
COME_BACK_S = 2400  # refused for 15 min at most, and the try that follows
# What no session goes on after.
DEADLY = (
    b"\xf0\x00",
    b"\x00\x00",
    b"\x50\x02\x00\x01",
    b"\x20\x02\x00\x00",
    b"\x30\xff\xff\xff\xff",
)


class Board(Device):
    a = IntegerAsset()
    b = IntegerAsset()


class Model:
    """What is due to each value; it sees what is assigned, written, and read."""

    def __init__(self):
        self.assigned = 0
        self.acknowledged = set()  # values whose PUBACK the client has read
        self.written = set()  # that were on the wire
        self.settled = set()  # those of them at the last comparison
        self.doubtful = set()  # on the wire when a value was dropped, perhaps that one
        self.newest = {}  # topic -> the newest value of it that was on the wire
        self.wrong = []  # not raised at once: the client takes that for a failure of the network

    def assign(self):
        self.assigned += 1
        return FIRST + self.assigned - 1

    def sent(self, topic, value, dup):
        if not FIRST <= value < FIRST + self.assigned:
            self.wrong.append("%d was never assigned" % value)
        if value in self.acknowledged:
            self.wrong.append("%d was acknowledged and sent again" % value)
        if value not in self.written:
            if value < self.newest.get(topic, 0):
                self.wrong.append("%d came after %d" % (value, self.newest[topic]))
            self.newest[topic] = value
        elif not dup:
            self.wrong.append("%d was sent again without DUP" % value)
        self.written.add(value)

    def check(self, client, pending_before, dropped_before, assigned_before):
        """Compare after a call, before which so many values were pending, dropped and assigned."""
        assert not self.wrong, self.wrong
        left = self.assigned - len(self.acknowledged) - client.dropped
        if client.dropped > dropped_before:
            self.doubtful |= self.written - self.settled
        self.settled = set(self.acknowledged)
        # One that was dropped in flight, and acknowledged after that, is not missing twice.
        most = left + min(client.dropped, len(self.doubtful & self.acknowledged))
        words = "%d are pending, not %d to %d"
        assert left <= client.pending <= most, words % (client.pending, left, most)
        held = pending_before + self.assigned - assigned_before
        if held <= CAPACITY:
            assert client.dropped == dropped_before, "dropped though there was room"
        assert client.pending - len(client.late) <= CAPACITY


class Broker(FakeBroker):
    """Tells the model what it is sent, and the socket which bytes acknowledge which value."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.waiting = []  # (socket, packet id, value) of what it has not acknowledged

    def _packet(self, sock, packet, body):
        if packet[0] & 0xF0 == 0x30:
            n = body[0] << 8 | body[1]
            value = json.loads(body[4 + n :])["value"]
            self.model.sent(body[2 : 2 + n], value, bool(packet[0] & 8))
            if not sock.ended and not sock.closed:
                self.waiting.append((sock, body[2 + n : 4 + n], value))
                if self.acknowledges:
                    self.acknowledge(-1)
        else:
            super()._packet(sock, packet, body)

    def acknowledge(self, which):
        sock, packet_id, value = self.waiting.pop(which)
        if not sock.closed:
            sock.inbound.extend(b"\x40\x02" + packet_id)
            if not sock.poisoned:
                sock.acknowledgements.append((sock.read + len(sock.inbound), value))


class Socket(CountedSocket):
    """Knows which PUBACKs were read, and interrupts a write where it is told to."""

    def __init__(self, net, server):
        super().__init__(net, server)
        self.read = 0
        self.acknowledgements = []  # (bytes to be read, value)
        self.poisoned = False  # no PUBACK that follows will be read

    def readinto(self, buf):
        n = super().readinto(buf)
        self.read += n or 0
        while self.acknowledgements and self.acknowledgements[0][0] <= self.read:
            self._server.model.acknowledged.add(self.acknowledgements.pop(0)[1])
        return n

    def write(self, buf, offset, n):
        before, after = self._net.interrupt()
        before()
        n = super().write(buf, offset, n)
        after()
        return n


def nothing():
    pass


def stop():
    raise KeyboardInterrupt


class ClientBesideModel(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        cases.ran += 1
        self.rig = Rig(Board, outbox=Outbox(size=OUTBOX_BYTES))
        self.net, self.client, self.board = self.rig.net, self.rig.client, self.rig.board
        self.model = Model()
        self.broker = self.net.broker = Broker(self.model)
        self.net.socket_class = Socket
        self.net.interrupt = self.interrupt
        self.left = self.then = None
        self.board.connect()

    def interrupt(self):
        """Return what happens before and after the write at hand."""
        if self.then:
            self.left -= 1
            if self.left < 0:
                then, self.then = self.then, None
                return then
        return nothing, nothing

    def call(self, function, *args):
        """Call the client, and compare."""
        before = self.client.pending, self.client.dropped, self.model.assigned
        self.net.reads = 0
        try:
            function(*args)
        except KeyboardInterrupt:
            pass
        self.model.check(self.client, *before)

    def assigns(self, asset):
        setattr(self.board, asset, self.model.assign())

    # -- what the program does -------------------------------------------------------------------

    @rule(assets=st.text("ab", min_size=1, max_size=12))
    def assign(self, assets):
        for asset in assets:
            self.call(self.assigns, asset)

    @rule(times=st.integers(1, 4))
    def poll(self, times):
        for _ in range(times):
            self.call(self.client.poll)

    @rule(seconds=st.integers(1, 100))
    def live(self, seconds):
        for _ in range(seconds):
            self.call(self.client.poll)
            self.net.advance(500)

    @rule(ms=st.integers(1, 40000))
    def sleep(self, ms):
        self.net.advance(ms)

    # -- what falls into it ----------------------------------------------------------------------

    @rule(left=st.integers(0, 6), asset=st.sampled_from("ab"), after=st.booleans())
    def a_timer_assigns_at_a_write(self, left, asset, after):
        def act():
            self.assigns(asset)

        self.left, self.then = left, (nothing, act) if after else (act, nothing)

    @rule(left=st.integers(0, 6), after=st.booleans())
    def ctrl_c_at_a_write(self, left, after):
        self.left, self.then = left, (nothing, stop) if after else (stop, nothing)

    # -- what the network does -------------------------------------------------------------------

    @rule()
    def pubacks_stay_away(self):
        self.broker.acknowledges = False

    @rule()
    def pubacks_come(self):
        self.broker.acknowledges = True

    @rule(which=st.integers(0, 80))
    def one_puback_comes(self, which):
        if self.broker.waiting:
            self.broker.acknowledge(which % len(self.broker.waiting))

    @rule(packet_id=st.integers(60000, 65535))
    def a_puback_for_nothing_comes(self, packet_id):
        self.rig.feed(b"\x40\x02" + packet_id.to_bytes(2, "big"))

    @rule(garbage=st.sampled_from(DEADLY))
    def garbage_comes(self, garbage):
        sock = self.net.socket
        if sock and not sock.closed:
            sock.inbound.extend(garbage)
            sock.poisoned = True

    @rule()
    def the_link_is_lost(self):
        if self.net.socket:
            self.net.socket.ended = True

    @rule(takes=st.integers(0, 300))
    def the_network_is_slow(self, takes):
        if self.net.socket:
            self.net.socket.takes = takes

    @rule()
    def the_network_is_away(self):
        self.the_link_is_lost()
        self.net.fails = OSError(113)

    @rule()
    def the_network_is_back(self):
        self.net.fails = None
        if self.net.socket:
            self.net.socket.takes = None

    # -- what always holds -----------------------------------------------------------------------

    @invariant()
    def nothing_grows(self):
        self.rig.check()

    def teardown(self):
        self.then = None
        self.broker.acknowledges = True
        self.the_network_is_back()
        end_ms = self.net.now_ms + COME_BACK_S * 1000
        while self.client.pending and self.net.now_ms < end_ms:
            self.call(self.client.poll)
            self.net.advance(1000)
        assert not self.client.pending, self.client.last_error
        never = self.model.assigned - len(self.model.written)
        assert never <= self.client.dropped, "%d values were lost" % never


limits = settings(
    max_examples=max(1, int(RUNS * cases.SCALE)),
    stateful_step_count=STEPS,
    derandomize=cases.SEED is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestClientBesideModel = ClientBesideModel.TestCase
TestClientBesideModel.settings = limits
if cases.SEED is not None:
    seed(int(cases.SEED))(ClientBesideModel)
