# Values and commands beside other asyncio tasks.
import asyncio

import pins
from allthingstalk import Device, IntegerAsset, NumberAsset
from allthingstalk.board import run


class Pump(Device):
    speed = IntegerAsset(kind="actuator", minimum=0, maximum=100)
    pressure = NumberAsset(unit="bar")


@Pump.command.speed
def set_speed(device, value, at):
    print("speed", value)
    device.speed = value


async def measure(pump):
    while True:
        pump.pressure = 1.2  # ask your sensor here
        await asyncio.sleep(5)


async def main(client, settings):
    pump = Pump(client=client, id=settings.device)
    await asyncio.gather(client.run(), measure(pump))


def program(client, settings):
    asyncio.run(main(client, settings))


run(program, pins)
