"""The network of the soak: `fake_net` with links that die in all the ways links die.

It keeps no logs, so that a month fits a small heap. All it sees goes to a ledger, and each try to
connect into `tries`.
"""

import json

from fake_net import FakeBroker, FakeNet, FakeRest, FakeSocket

_ACCEPTED = b"\x20\x02\x00\x00"


class FaultySocket(FakeSocket):
    """A connection to the broker. It tells the ledger which PUBACKs the client has read."""

    def __init__(self, net, server):
        super().__init__(net, server)
        self.silent = False  # half-open: what is written vanishes, nothing comes
        self.stuck = False  # the network takes nothing
        self.error = None  # number of the OSError at the next read or write
        self.opened_ms = net.now_ms
        self.subscribed = False  # to anything: there is but one thing to subscribe to
        self._late = []  # (when it arrives, bytes, packet id of a PUBACK or 0)
        self._acks = []  # (how many bytes have to be read, packet id)
        self._said = self._read = 0  # bytes

    def sound(self):
        """Return whether nothing is wrong with the link, nor on its way to the client."""
        return not (self.silent or self.stuck or self.ended or self.error or self._late)

    def say(self, data, packet_id=0, delay_ms=0):
        """Send `data` to the client, after what is on its way; `packet_id` if it is a PUBACK."""
        due_ms = self._net.now_ms + max(delay_ms, self._server.delay_ms)
        if due_ms > self._net.now_ms or self._late:
            self._late.append((due_ms, data, packet_id))
        else:
            self._arrive(data, packet_id)

    def _arrive(self, data, packet_id):
        self.inbound.extend(data)
        self._said += len(data)
        if packet_id:
            self._acks.append((self._said, packet_id))

    def _look(self):
        """Let arrive what is due. Raises OSError for a link that was cut."""
        if self.error:
            raise OSError(self.error)
        while self._late and self._late[0][0] <= self._net.now_ms and not self._broken():
            self._arrive(*self._late.pop(0)[1:])

    def _broken(self):
        return self.silent or self.ended

    def _took(self, n):
        self._read += n
        while self._acks and self._acks[0][0] <= self._read:
            self._net.ledger.acknowledged(self._acks.pop(0)[1])

    def readinto(self, buf):
        self._look()
        if not self.inbound:
            return 0 if self.ended else None
        n = super().readinto(buf)
        self._took(n)
        return n

    def write(self, buf, offset, n):
        if self.error:
            raise OSError(self.error)
        if self.stuck:
            return None
        self._server.received(self, bytes(memoryview(buf)[offset : offset + n]))
        return n

    def close(self):
        if not self.closed:
            self._net.ledger.link_closed()
        self.closed = True


class FaultyBroker(FakeBroker):
    """Its switches are set by the faults."""

    def __init__(self, net):
        super().__init__()
        self._net = net
        self.log = None  # a month of packets is too much
        self.heal()
        self.session = None  # the socket of the session that was accepted last
        self.confirmed = 0  # PUBACKs for our messages
        self.sessions = 0

    def heal(self):
        self.connack = _ACCEPTED  # b"" if it never comes
        self.acknowledges = True
        self.cuts_publish = False  # the next PUBLISH is cut off half-way
        self.cuts_connack = False
        self.delay_ms = 0  # of each answer
        self.life_ms = 0  # after which it closes each session; 0: never

    def forget(self):
        """Drop what earlier sockets sent in part."""
        self._partial.clear()

    def _packet(self, sock, packet, body):
        kind = packet[0] & 0xF0
        if kind == 0x30:
            self._publish(sock, packet, body)
        elif sock.silent or sock.ended:
            return
        elif kind == 0x10:
            if self.cuts_connack:
                sock.say(self.connack[:2])
                sock.ended = True
            elif self.connack:
                sock.say(self.connack)
                if self.connack == _ACCEPTED:
                    self.session = sock
                    self.sessions += 1
        elif kind == 0x80:
            sock.subscribed = True
            sock.say(b"\x90\x03" + body[:2] + b"\x01")
        elif kind == 0xC0:
            sock.say(b"\xd0\x00")
        elif kind == 0x40:
            self.confirmed += 1

    def _publish(self, sock, packet, body):
        ledger = self._net.ledger
        n = body[0] << 8 | body[1]
        packet_id = body[2 + n] << 8 | body[3 + n]
        message = json.loads(body[4 + n :])
        number = ledger.sent(message, packet_id, bool(packet[0] & 8))
        if sock.silent or sock.ended:
            return
        if self.cuts_publish:
            self.cuts_publish = False
            sock.ended = True
            return
        ledger.arrived(number, body[2 : 2 + n], message)
        if self.acknowledges:
            sock.say(b"\x40\x02" + body[2 + n : 4 + n], packet_id)


class FaultyRest(FakeRest):
    def received(self, sock, data):
        super().received(sock, data)
        self.log.clear()


class FaultyNet(FakeNet):
    """Stands for the module `net`, as FakeNet does; `dice` makes the jitter."""

    def __init__(self, dice, tries):
        super().__init__()
        self._dice = dice
        self._tries = tries
        self.ledger = None
        self.broker = FaultyBroker(self)
        self.rest = FaultyRest()
        self.heal()

    def heal(self):
        """End all faults; links that are broken stay so."""
        self.broker.heal()
        self.rest.status, self.rest.extra = None, b""
        self.refuses = None  # number of the OSError that each dial raises
        self.opens = True  # else no connection is made, and none refused
        self.up = True  # what link_up() says

    def getrandbits(self, n):
        return self._dice.getrandbits(n)

    def advance(self, ms):
        super().advance(ms)
        life_ms, sock = self.broker.life_ms, self.broker.session
        if life_ms and sock and self.now_ms - sock.opened_ms >= life_ms:
            sock.ended = True

    def open_socket(self, address):
        self._tries.add(self.now_ms, address[-1][1] != 1883)
        return super().open_socket(address)

    def is_open(self, raw):
        return self.opens and super().is_open(raw)

    def dial(self, endpoint, timeout_s, ca=None):
        if self.refuses is not None:
            raise OSError(self.refuses)
        if endpoint[:4] == "http":
            return FakeSocket(self, self.rest)
        self.broker.forget()
        self.socket = FaultySocket(self, self.broker)
        return self.socket
