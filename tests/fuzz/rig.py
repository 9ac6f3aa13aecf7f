"""A device in virtual time whose network can say anything, and what must hold all the while."""

from allthingstalk import (
    ArrayAsset,
    BooleanAsset,
    Client,
    Device,
    GeoAsset,
    IntegerAsset,
    NumberAsset,
    ObjectAsset,
    StringAsset,
)
from contract import Rest
from fake_net import FakeNet, FakeSocket, message

from tests.fuzz.cases import Hang

TOKEN = "maker:4f0cToKeNtHaTmAyNeVeRbEsHoWn"
DEVICE_ID = "D"
MAX_MESSAGE_BYTES = 4096  # the client's default
HEADS_BYTES = 1024  # a topic and what stands before it in a packet
INBOX_BYTES = 8192  # the reader's bound; it looks at it before it reads the next piece
OUT_BYTES = 4096  # of answers that the network does not take; a batch of values is 1,024
READS = 20000  # of one case; the longest honest one takes a tenth


class CountedSocket(FakeSocket):
    """A socket on which nobody reads for ever."""

    endless = b""  # what the other side says over and over, as fast as it is read

    def readinto(self, buf):
        self._net.count_read()
        if self.endless and not self.inbound:
            self.inbound.extend(self.endless)
        return super().readinto(buf)


class CountedNet(FakeNet):
    """A network that knows all its sockets, so that one left open is noticed."""

    socket_class = CountedSocket  # of MQTT

    def __init__(self):
        super().__init__()
        self.rest = Rest()
        self.sockets = []  # of REST
        self.sessions = []  # of MQTT
        self.reads = 0
        self.on_read = None  # called before each read

    def count_read(self):
        self.reads += 1
        if self.on_read:
            self.on_read()
        if self.reads > READS:
            raise Hang("more than %d reads" % READS)

    def dial(self, endpoint, timeout_s, ca=None):
        rest = endpoint[:4] == "http"
        if not rest:
            self.dials.append(self.now_ms)
        failure = self.rest_fails if rest else self.fails
        if failure:
            raise failure
        sock = CountedSocket(self, self.rest) if rest else self.socket_class(self, self.broker)
        (self.sockets if rest else self.sessions).append(sock)
        if not rest:
            self.socket = sock
        return sock


class FuzzedClient(Client):
    """A Client on a network of its own; `before_exit`: 100,000 of them want no word at exit."""

    before_exit = False

    def __init__(self, net, **options):
        self.net = net
        super().__init__(TOKEN, api="http://h", client_id="fuzzed", **options)


class Small(Device):
    """What a stream of packets needs; each connection reads the list of assets."""

    led = BooleanAsset(kind="actuator")
    text = StringAsset(kind="actuator")


# One asset of each kind, with and without limits.
KINDS = {
    "count": (IntegerAsset, {"minimum": -5, "maximum": 100}),
    "temp": (NumberAsset, {"maximum": 85}),
    "free": (NumberAsset, {}),
    "led": (BooleanAsset, {}),
    "text": (StringAsset, {}),
    "mode": (StringAsset, {"enum": ["auto", "off"]}),
    "place": (GeoAsset, {}),
    "data": (ObjectAsset, {"properties": {"n": {"type": "integer"}}}),
    "rows": (ArrayAsset, {"items": {"type": "number"}}),
    "loose": (ArrayAsset, {}),
}


def _board(member):
    asset_class, limits = KINDS[member]
    fields = {"text": StringAsset(kind="actuator"), member: asset_class(kind="actuator", **limits)}
    return type("Board", (Device,), fields)


# A board of its own for each kind, and an asset of text.
BOARDS = {member: _board(member) for member in KINDS}


class Rig:
    """A client with a board; `heard` holds (stream, asset, value, at) of each handler's call."""

    streams = ("command", "feed")

    def __init__(self, device_class=Small, **options):
        self.net = CountedNet()
        self.reports = []
        self.heard = []
        self.client = FuzzedClient(self.net, log=self.reports.append, **options)
        self.board = device_class(client=self.client, id=DEVICE_ID, connect=False)
        for member in self.board.assets:
            asset = self.board.assets[member]
            self.net.rest.assets[asset.name] = {
                "id": "id-" + asset.name,
                "deviceId": DEVICE_ID,
                "name": asset.name,
                "is": asset.kind,
                "profile": asset.schema,
            }
            for stream in self.streams:
                getattr(getattr(self.board, stream), member)(self._hear(stream, member))

    def _hear(self, stream, member):
        return lambda device, value, at: self.heard.append((stream, member, value, at))

    def online(self):
        """Bring the board up, as on any good day."""
        assert self.board.connect()
        return self

    def feed(self, data):
        """Let the broker say some bytes, if there is a session."""
        if self.net.socket and not self.net.socket.closed:
            self.net.socket.inbound.extend(data)

    def poll(self, ms=0):
        """Poll once and check what has to hold at any moment; then let `ms` pass."""
        before_ms = self.net.now_ms
        self.client.poll()
        assert self.net.now_ms - before_ms <= 60000, "poll() took a minute"
        self.check()
        self.net.advance(ms)

    def check(self):
        """Nothing grows, and nobody hears the token."""
        client = self.client
        session, outbox = client.session, client.outbox  # come with the first value or session
        assert not outbox or len(outbox.buffer) <= outbox.size
        assert self.inbox_bytes() <= INBOX_BYTES + MAX_MESSAGE_BYTES + HEADS_BYTES
        if session:
            assert len(session.buffer) <= MAX_MESSAGE_BYTES + HEADS_BYTES
            assert len(session.asked) <= 4
            assert len(session.out) <= OUT_BYTES
        for sock in self.net.sessions:
            assert sock.closed or sock is self.net.socket, "a session was left open"
        assert not any(TOKEN in text for text in self.reports), "the token was reported"

    def inbox_bytes(self):
        """Return how many bytes of messages wait for their handlers."""
        session = self.client.session
        if not session:
            return 0
        return sum(len(topic) + len(payload) for _, topic, payload in session.inbox)

    def recovers(self):
        """With a sane broker the client comes back, delivers, and hears the next command."""
        for _ in range(15):  # a packet that stalled half-way is given up after 10 s
            self.poll(1000)
        for _ in range(1000):
            if self.client.connected and not self.client.pending:
                break
            self.poll(2000)
        assert self.client.connected, self.client.last_error
        assert not self.client.pending
        topic = "device/%s/asset/text/command" % DEVICE_ID
        self.feed(message(topic, b'{"value":"sane again"}'))
        self.poll()
        assert self.heard and self.heard[-1][:3] == ("command", "text", "sane again")
