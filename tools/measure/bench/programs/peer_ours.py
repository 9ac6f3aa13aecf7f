"""The bench's program for allthingstalk, on MicroPython or CPython."""

from allthingstalk import Asset, Client, Device, IntegerAsset, NumberAsset, StringAsset

BACKLOG = 100  # values that may wait before the program polls instead of assigning


class Board(Device):
    count = IntegerAsset()
    led = IntegerAsset(kind=Asset.ACTUATOR)
    temperature = NumberAsset(unit="°C")
    humidity = NumberAsset(unit="%")
    message = StringAsset()
    done = IntegerAsset()


class Peer:
    def __init__(self, told, heard):
        self.client = Client(
            told["token"],
            http=told["http"],
            mqtt=told["mqtt"],
            ca=told["ca"],
            qos=told["qos"],
            digest=told["digest"],
            keepalive=3600,
            payload=told.get("payload", "json"),
        )
        self.board = Board(client=self.client, id=told["device"], connect=False)
        self.board.command.led(lambda device, value, at: heard(value))
        self.poll = self.client.poll
        self.ends = self.client.close

    def connect(self):
        if self.client.connected:
            self.client.close()
        if not self.board.connect():
            raise OSError(self.client.last_error)

    def publish(self, count):
        client, board = self.client, self.board
        for number in range(count):
            board.count = number
            while client.pending > BACKLOG:
                client.poll()
        if not client.flush(60) or client.dropped:
            raise OSError("not all was delivered: %s" % client.last_error)

    def mark(self):
        """Publish the value that a listener waits for."""
        self.board.done = 1
        self.client.wait(0.05)
