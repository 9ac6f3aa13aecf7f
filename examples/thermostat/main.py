# A thermostat: it measures, switches the heating, and keeps to the temperature that it is told.
import pins
from allthingstalk import BooleanAsset, Device, NumberAsset
from allthingstalk.board import run
from machine import Pin

heater = Pin(pins.LED, Pin.OUT, value=0)  # the LED stands for your relay


class Thermostat(Device):
    temperature = NumberAsset(unit="°C")
    heating = BooleanAsset()
    target = NumberAsset(kind="actuator", unit="°C", minimum=5, maximum=30)


@Thermostat.command.target
def obey(thermostat, value, at):
    print("target", value)
    thermostat.target = value  # the platform shows what is, not what was asked for
    room.target = value


class Room:
    """A room and its sensor, made up: it warms while the heating is on, else it cools."""

    target = 20
    degrees = 18.0

    def measure(self):
        self.degrees += 0.5 if heater.value() else -0.2  # ask your sensor here
        return round(self.degrees, 1)


room = Room()


def program(client, settings):
    thermostat = Thermostat(client=client, id=settings.device)
    last = thermostat.target if client.connected else None
    if last:  # as it was told before it was reset
        room.target = last.value
    while True:
        degrees = room.measure()
        heater.value(degrees < room.target)
        thermostat.update(temperature=degrees, heating=bool(heater.value()))
        client.wait(2)


run(program)
