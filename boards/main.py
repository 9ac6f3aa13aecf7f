from allthingstalk import BooleanAsset, Client, Device, IntegerAsset
from machine import Pin

from settings import CLIENT, DEVICE


def switch(device, on, at):
    Pin("LED", Pin.OUT).value(on)
    device.led = on


class Board(Device):
    count = IntegerAsset()
    led = BooleanAsset(kind="actuator", handler=switch)


board = Board(client=Client(**CLIENT), id=DEVICE)
for board.count in range(1000000):
    board.client.wait(2)
