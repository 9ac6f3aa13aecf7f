"""The bench's program for the official Python SDK, on CPython.

It publishes by REST, a request for each value on a connection of its own; commands come by MQTT in
a thread, so there is nothing to poll.
"""

import time

from allthingstalk import Asset, Client, Device, IntegerAsset, NumberAsset, StringAsset


class Board(Device):
    count = IntegerAsset()
    led = IntegerAsset(kind=Asset.ACTUATOR)
    temperature = NumberAsset(unit="°C")
    humidity = NumberAsset(unit="%")
    message = StringAsset()


class Peer:
    def __init__(self, told, heard):
        self.told = told
        self.heard = heard
        self.board = None
        self.unanswered = 0  # subscriptions

    def connect(self):
        told = self.told
        if self.board:
            self.ends()
        client = Client(told["token"], http=told["http"], mqtt=f"{told['host']}:{told['port']}")
        if client.mqtt is None:
            raise OSError("the SDK got no MQTT connection")
        self.unanswered = 2  # of feeds and of commands
        client.mqtt.on_subscribe = self._on_subscribe
        self.board = Board(client=client, id=told["device"])
        self.board.command.led(lambda device, value, at: self.heard(value))
        while self.unanswered:
            time.sleep(0.0005)

    def _on_subscribe(self, *_):
        self.unanswered -= 1

    def publish(self, count):
        for number in range(count):
            self.board.count = number

    def mark(self):
        """Nothing is to be done: what it has published is acknowledged."""

    def poll(self):
        """Nothing is to be done."""

    def ends(self):
        self.board.client.mqtt.loop_stop()
        self.board.client.mqtt.disconnect()
