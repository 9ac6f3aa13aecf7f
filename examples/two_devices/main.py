# One board that is two devices on the platform: the room it is in, and the garden outside.
# The token has to be one for both: a ground's.
import pins
from allthingstalk import Device, NumberAsset
from allthingstalk.board import run

GARDEN = "the second device's id"


class Climate(Device):
    temperature = NumberAsset(unit="°C")


def measure(place):
    return {"room": 21.5, "garden": 9.5}[place]  # ask your sensors here


def program(client, settings):
    room = Climate(client=client, id=settings.device)
    garden = Climate(client=client, id=GARDEN)
    while True:
        room.temperature = measure("room")
        garden.temperature = measure("garden")
        client.wait(10)


run(program, pins)
