"""Days of faults in any order: what was assigned arrives in order, or is counted as dropped."""

import json

from allthingstalk.outbox import Outbox
from fake_net import FakeBroker, message
from hypothesis import strategies as st

from tests.fuzz.cases import fuzz
from tests.fuzz.rig import DEVICE_ID, Rig

ASSETS = ("led", "text")
COME_BACK_S = 2400  # refused for 15 min at the most, and the try that follows


class Broker(FakeBroker):
    """Takes what arrives while its link holds; frozen, it takes it later, if the link holds."""

    def __init__(self):
        super().__init__()
        self.taken = []  # (asset, value) of each PUBLISH taken, in order
        self.frozen = False
        self._waiting = []

    def received(self, sock, data):
        if self.frozen:
            self._waiting.append((sock, data))
        else:
            super().received(sock, data)

    def thaw(self):
        self.frozen = False
        waiting, self._waiting = self._waiting, []
        for sock, data in waiting:
            super().received(sock, data)

    def _packet(self, sock, packet, body):
        if not sock.ended and not sock.closed:
            before = len(self.log)
            super()._packet(sock, packet, body)
            self.taken += [
                (str(topic, "utf-8").split("/")[3], json.loads(payload)["value"])
                for topic, payload, _ in _publishes(self.log[before:])
            ]


def _publishes(packets):
    reader = FakeBroker()
    reader.log = packets
    return reader.publishes()


class Life:
    """A device and its operations; `assigned` holds what it assigned, asset by asset."""

    def __init__(self, **options):
        self.rig = Rig(**options)
        self.net = self.rig.net
        self.broker = self.net.broker = Broker()
        self.assigned = {name: [] for name in ASSETS}
        self.commands = 0

    def assign(self, n):  # past the profiles: both assets carry numbered texts
        for k in range(n % 7 + 1):
            name = ASSETS[(n + k) % 3 % 2]
            value = "%s %d" % ("v" * (n % 40), len(self.assigned[name]))
            self.assigned[name].append(value)
            self.rig.client.publish_asset_state(DEVICE_ID, name, value)

    def poll(self, n):
        for _ in range(n % 5 + 1):
            self.rig.poll(n)

    def wait(self, n):
        for _ in range(n % 40):
            self.rig.poll(500)

    def sleep(self, n):
        self.net.advance(n * n)  # to a minute

    def command(self, n):
        self.commands += 1
        topic = "device/%s/asset/text/command" % DEVICE_ID
        payload = b'{"value":"%d"}' % self.commands
        self.rig.feed(message(topic, payload, qos=n & 1, packet_id=self.commands))

    def drop(self, n):
        if self.net.socket:
            self.net.socket.ended = True

    def freeze(self, n):
        self.broker.frozen = True

    def thaw(self, n):
        self.broker.thaw()

    def lose_pubacks(self, n):
        self.broker.acknowledges = False

    def acknowledge(self, n):
        self.broker.acknowledges = True

    def away(self, n):
        self.drop(n)
        self.net.fails = OSError((101, 104, 110, 111, 113, -2)[n % 6])

    def rest_away(self, n):
        self.net.rest_fails = OSError(113)

    def rest_busy(self, n):
        self.net.rest.status = (429, 500, 503)[n % 3]

    def back(self, n):
        self.net.fails = self.net.rest_fails = self.net.rest.status = None
        self.broker.connack = b"\x20\x02\x00\x00"

    def refuse(self, n):
        self.drop(n)
        self.broker.connack = b"\x20\x02\x00" + bytes([n % 5 + 1])

    def choke(self, n):
        if self.net.socket:
            self.net.socket.takes = n

    def breathe(self, n):
        if self.net.socket:
            self.net.socket.takes = None

    def drop_on_publish(self, n):
        left = [n % 4]

        def at(packet):
            left[0] -= packet[0] & 0xF0 == 0x30
            if left[0] < 0:
                self.broker.drop_at = None
            return left[0] < 0

        self.broker.drop_at = at

    def poison(self, n):
        """From now on the platform drops the link at each value of one asset."""
        topic = b"/asset/%s/" % ASSETS[n % 2].encode()
        self.broker.drop_at = lambda packet: packet[0] & 0xF0 == 0x30 and topic in packet

    def ends_well(self):
        """Give the client a sane broker and time; check what has arrived."""
        client, rig = self.rig.client, self.rig
        self.broker.drop_at = None
        for repair in (self.acknowledge, self.thaw, self.back, self.breathe):
            repair(0)
        until_ms = self.net.now_ms + COME_BACK_S * 1000
        while self.net.now_ms < until_ms and (client.pending or not client.connected):
            rig.poll(1000)
        assert client.connected, client.last_error
        assert client.pending == 0
        missing = 0
        for name in ASSETS:
            firsts = list(dict.fromkeys(v for n, v in self.broker.taken if n == name))
            assigned = self.assigned[name]
            assert set(firsts) <= set(assigned)
            places = [assigned.index(value) for value in firsts]
            assert places == sorted(places), "%s arrived out of order: %s" % (name, places)
            missing += len(assigned) - len(firsts)
        assert missing <= client.dropped, "%d lost, %d counted" % (missing, client.dropped)
        heard = [int(value) for stream, member, value, _ in rig.heard]
        assert heard == sorted(set(heard)), "commands in order, each once"
        self.command(0)
        rig.poll()
        assert rig.heard[-1][2] == str(self.commands)


OPERATIONS = (
    "assign assign assign poll poll wait sleep command drop freeze thaw lose_pubacks acknowledge "
    "poison away rest_away rest_busy back refuse choke breathe drop_on_publish"
).split()
operations = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 255)), min_size=1, max_size=30
)


def lives(steps, **options):
    life = Life(**options)
    life.rig.board.connect()
    for what, n in steps:
        getattr(life, what)(n)
        life.rig.check()
    life.ends_well()
    return life


@fuzz(3500, steps=operations)
def test_all_arrives_in_order_or_is_counted(steps):
    lives(steps)


@fuzz(1500, steps=operations)
def test_the_same_with_an_outbox_that_overflows(steps):
    lives(steps, outbox=Outbox(size=256))


@fuzz(1500, steps=operations)
def test_the_same_with_a_short_keepalive_and_timeout(steps):
    lives(steps, keepalive=4, timeout=1)


@fuzz(500, asset=st.integers(0, 1), numbers=st.lists(st.integers(1, 255), max_size=4))
def test_the_values_of_an_asset_that_costs_the_link_are_counted(asset, numbers):
    steps = [("poison", asset)]
    for n in [6, 6, 6, 6, 6, *numbers]:  # values of both, for the other one to get through
        steps += [("assign", n), ("wait", 39)]
    assert lives(steps).rig.client.dropped
