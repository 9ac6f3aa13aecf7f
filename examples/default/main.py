# What the board does. Change it: this is yours. Settings, Wi-Fi, clock, status LED and crashes are
# looked after by run(), and that a board without settings can be set up from a phone.
import pins
from allthingstalk import BooleanAsset, Device, IntegerAsset
from allthingstalk.board import run


class Board(Device):
    count = IntegerAsset()
    led = BooleanAsset(kind="actuator")


@Board.command.led
def switch(device, on, at):
    print("led", on)
    device.led = on


def program(client, settings):
    board = Board(client=client, id=settings.device)
    for board.count in range(1000000):
        client.wait(2)


run(program, pins, setup_portal=True)
