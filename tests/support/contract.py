"""What the tests of the API share: a client in virtual time, and a REST side that keeps states."""

import json
import unittest

from allthingstalk import BooleanAsset, Client, Device, NumberAsset, StringAsset
from fake_net import FakeNet, FakeRest, message


class Board(Device):
    temp = NumberAsset()
    led = BooleanAsset(kind="actuator")
    text = StringAsset()


class Rest(FakeRest):
    """Takes and gives states as well; `statuses` refuses requests by a part of their line."""

    def __init__(self):
        super().__init__()
        self.states = []  # (device id, asset name, value) of each state taken
        self.bodies = []  # the text of each
        self.statuses = {}
        self.heads = []
        self.answers = {}  # part of a line -> the body of a 200
        self.on_request = None  # called with the line of each request

    def received(self, sock, data):
        head, _, body = data.partition(b"\r\n\r\n")
        line = str(head.split(b"\r\n")[0], "utf-8")
        self.heads.append(head)
        if self.on_request:
            self.on_request(line)
        for part in self.statuses:
            if part in line:
                own, self.status = self.status, self.statuses[part]
                super().received(sock, data)
                self.status = own
                return
        for part in self.answers:
            if part in line:
                self.log.append(line)
                return self.say(sock, 200, self.answers[part])
        if (
            self.status
            or not line.startswith("PUT")
            or "/asset/" not in line
            or "/state " not in line
        ):
            return super().received(sock, data)
        self.log.append(line)
        parts = line.split(" ")[1].split("/")
        if parts[4] not in self.assets:
            return self.say(sock, 404, b"{}")
        self.states.append((parts[2], parts[4], json.loads(body)["value"]))
        self.bodies.append(body)
        self.say(sock, 200, b"{}")

    def say(self, sock, status, text):
        sock.inbound.extend(b"HTTP/1.1 %d X\r\n%s" % (status, self.extra))
        sock.inbound.extend(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        sock.ended = True


class ContractTest(unittest.TestCase):
    options = {}

    def setUp(self):
        self.reports = []
        self.net = FakeNet()
        self.net.rest = self.rest = Rest()
        self.client = self.make(**self.options)

    def make(self, token="maker:secret", **kwargs):
        cls = type("VirtualClient", (Client,), {"net": self.net})
        return cls(token, api="http://h", log=self.reports.append, **kwargs)

    def board(self, id="D", **kwargs):
        return Board(client=self.client, id=id, **kwargs)

    def run_for(self, seconds, step_ms=50):
        """Poll for so many seconds of virtual time."""
        end = self.net.now_ms + int(seconds * 1000)
        while self.net.now_ms < end:
            self.client.poll()
            self.net.advance(step_ms)

    def arrive(self, asset, payload, stream="command", device="D", **kwargs):
        topic = "device/%s/asset/%s/%s" % (device, asset, stream)
        self.net.socket.inbound.extend(message(topic, payload, **kwargs))

    def values(self, asset=None):
        """Return the values published over MQTT, of one asset or of all."""
        return [
            json.loads(p[1])["value"]
            for p in self.net.broker.publishes()
            if asset is None or b"/asset/%s/" % asset.encode() in p[0]
        ]

    def drop(self):
        self.net.socket.ended = True

    def away(self, gone=True):
        """Take REST and MQTT away, or bring them back."""
        self.net.fails = self.net.rest_fails = OSError(113) if gone else None
