# A board that nobody looks at: it reports how it is doing, and keeps a log on its flash.
import pins
from allthingstalk import Device, NumberAsset, health
from allthingstalk.board import run
from allthingstalk.flash_log import keep


class Meter(Device):
    temperature = NumberAsset(unit="°C")


def program(client, settings):
    keep(client)
    meter = Meter(client=client, id=settings.device)
    health.watch(meter, every=300, what="signal memory uptime reset link errors")
    while True:
        meter.temperature = 21.5  # ask your sensor here
        client.wait(10)


run(program, pins)
