"""What the tests of the MQTT session share: a session in virtual time, its bytes on the wire."""

import unittest

from allthingstalk.connect import calls
from allthingstalk.connect.error_texts import in_words
from allthingstalk.core import payload
from allthingstalk.core.session import Session
from allthingstalk.net import Link
from allthingstalk.outbox import Outbox
from fake_net import FakeNet


class Owner:
    """What a session asks of its client."""

    qos = 1
    timeout = 10
    second = 0
    attempt = None
    heads = (b"\0\x08/asset/a", b"\0\x08/asset/b")

    def __init__(self, net, max_message=256, keepalive=60):
        self.net = net
        self.max_message = max_message
        self.keepalive = keepalive
        self.outbox = Outbox()
        self.reports = []
        self.report = self.reports.append
        self.devices = {}
        self.format = payload
        self.session = Session(self)
        self.link = None

    def ending(self):
        return b"}"

    def enter(self):
        pass

    leave = enter


class SessionTest(unittest.TestCase):
    """Does with a session what `core.poll` does, step by step."""

    def setUp(self):
        self.net = FakeNet()
        self.make()

    def make(self, **options):
        self.owner = Owner(self.net, **options)
        self.outbox, self.reports = self.owner.outbox, self.owner.reports
        self.session = self.owner.session
        self.open()

    def open(self):
        sock = self.net.dial("mqtt://h:1883", 10)
        self.owner.link = Link(sock, sock)
        self.session.restart(self.net.ticks_ms())
        self.net.broker.log.clear()
        self.net.writes = 0

    def put(self, value, topic=0):
        self.outbox.put(topic, value, len(value), 0, 0)

    def push(self):
        session = self.session
        if session.stop:
            start = self.owner.link.send(session.out, session.start, session.stop)
            session.sent(start, self.net.ticks_ms())

    def send(self, qos=1, apart=-1):
        session = self.session
        self.owner.qos, session.suspect = qos, apart
        self.owner.heads = [
            head[:10] + (b"\0\0" if qos else b"") + payload.BEGINNING for head in Owner.heads
        ]
        self.push()
        while not session.stop:
            more = session.send(self.net.ticks_ms())
            self.push()
            if not more:
                break

    def receive(self):
        """Take what has arrived, and say what it leads to."""
        session = self.session
        while True:
            n = self.owner.link.readinto(memoryview(session.buffer)[session.have :])
            if not n:
                break
            session.receive(n, self.net.ticks_ms())
        self.push()

    def check(self):
        self.session.check(self.net.ticks_ms())
        self.push()

    def shut(self, politely=False):
        calls.down(self.owner, politely)

    def values(self):
        """Return (value, was marked as a duplicate) of each PUBLISH on the wire."""
        return [(p[1][9:-1], p[2]) for p in self.net.broker.publishes()]

    def arrive(self, data):
        self.net.socket.inbound.extend(data)
        self.receive()

    def taken(self):
        """Return (was sent before, topic, payload) of the messages that wait for their handlers."""
        found = [(bool(again), topic, data) for again, topic, data in self.session.inbox]
        self.session.inbox.clear()
        self.session.inbox_bytes = 0
        return found

    def raises(self, call, *args):
        try:
            call(*args)
        except OSError as e:
            return in_words(e)
        self.fail("no OSError")
