# Values and commands beside other asyncio tasks.
import asyncio

import pins
from allthingstalk import Device, IntegerAsset, NumberAsset
from allthingstalk.board import run


class Pump(Device):
    speed = IntegerAsset(kind="actuator", minimum=0, maximum=100)
    pressure = NumberAsset(unit="bar")


@Pump.command.speed
async def set_speed(device, value, at):
    print("speed", value)
    await asyncio.sleep(0.2)  # until your pump turns as told
    device.speed = value


async def measure(pump):
    while True:
        pump.pressure = 1.2  # ask your sensor here
        await asyncio.sleep(5)


async def main(client, settings):
    pump = Pump(client=client, id=settings.device)
    await asyncio.gather(client.run(), measure(pump))


run(main, pins)
