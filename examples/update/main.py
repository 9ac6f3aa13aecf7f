# A board that is updated over the air: put in the key that `make release-key` prints.
from allthingstalk import Device, NumberAsset, update
from allthingstalk.board import run

KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


class Meter(Device):
    temperature = NumberAsset(unit="°C")


def program(client, settings):
    meter = Meter(client=client, id=settings.device, connect=False)
    update.offer(meter, KEY)
    meter.connect()
    while True:
        meter.temperature = 21.5  # ask your sensor here
        client.wait(10)


run(program)
