# A display of what another device measures. The token has to be one for both: a ground's.
import pins
from allthingstalk import Device, NumberAsset
from allthingstalk.board import run

OTHER = "the other device's id"


class Thermometer(Device):
    temperature = NumberAsset(unit="°C")


def show(text):
    print(text)  # write it to your display here


@Thermometer.feed.temperature
def changed(device, value, at):
    show("%.1f °C, %s" % (value, at or "now"))


def program(client, settings):
    thermometer = Thermometer(client=client, id=OTHER)
    last = thermometer.temperature if client.connected else None
    show("%.1f °C, %s" % (last.value, last.at) if last else "nothing yet")
    while True:
        client.wait(60)


run(program, pins)
