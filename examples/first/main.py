import pins
from allthingstalk import BooleanAsset, Device, IntegerAsset
from allthingstalk.board import run
from machine import Pin


def switch(device, on, at):
    Pin(pins.LED, Pin.OUT).value(on)
    device.led = on


class Board(Device):
    count = IntegerAsset()
    led = BooleanAsset(kind="actuator", handler=switch)


def program(client, settings):
    board = Board(client=client, id=settings.device)
    for board.count in range(1000000):
        client.wait(2)


run(program)
