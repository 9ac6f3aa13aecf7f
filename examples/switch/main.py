# A lamp that obeys the platform, and a button beside it: both ends always agree.
import pins
from allthingstalk import BooleanAsset, Device
from allthingstalk.board import run
from machine import Pin

LAMP = 15  # number of the pin
BUTTON = 14  # it connects the pin to ground

lamp = Pin(LAMP, Pin.OUT, value=0)
button = Pin(BUTTON, Pin.IN, Pin.PULL_UP)


class Switch(Device):
    lamp = BooleanAsset(kind="actuator")


@Switch.command.lamp
def obey(device, on, at):
    lamp.value(on)
    device.lamp = on  # the platform shows what is, not what was asked for


def program(client, settings):
    switch = Switch(client=client, id=settings.device)
    switch.lamp = bool(lamp.value())
    held = False
    while True:
        client.wait(0.05)
        if held and button.value():
            obey(switch, not lamp.value(), None)
        held = not button.value()


run(program, pins)
