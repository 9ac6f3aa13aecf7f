"""The bench's program for allthingstalk: values are assigned, `wait` stands for sleeping."""

import reporting
from allthingstalk import Asset, BooleanAsset, Client, Device, IntegerAsset

told = reporting.settings()


class Board(Device):
    counter = IntegerAsset()
    led = BooleanAsset(kind=Asset.ACTUATOR)


@Board.command.led
def on_led(device, value, at):
    reporting.heard()


options = {"keepalive": told["keepalive_s"]} if told["keepalive_s"] else {}
client = Client(
    told["token"], api=told["http"], mqtt="%s:%d" % (told["host"], told["port"]), **options
)
board = Board(client=client, id=told["device"])
reporting.ready()
for number in range(told["count"]):
    reporting.calls(number)
    board.counter = number
    reporting.returned(number)
    client.wait(told["pause_ms"] / 1000)
while client.pending:
    client.wait(0.02)
reporting.done()
while True:
    client.wait(0.02)
