# Values as the fewest bytes, in a layout that the platform is told of: `make abcl` prints it.
import pins
from allthingstalk import BooleanAsset, Device, IntegerAsset, NumberAsset, abcl
from allthingstalk.board import run

LAYOUT = abcl.Format(("temperature", "int16", 0.1), ("count", "uint32"), ("door", "bit", 0))


class Meter(Device):
    temperature = NumberAsset(unit="°C")
    count = IntegerAsset()
    door = BooleanAsset()


def program(client, settings):
    meter = Meter(client=client, id=settings.device)
    for count in range(1 << 32):
        meter.send({"temperature": 21.5, "count": count, "door": count % 2 == 1})
        client.wait(10)


run(program, pins, payload=LAYOUT)
