# Values and commands beside other asyncio tasks.
import asyncio

import pins
from allthingstalk import IntegerAsset, NumberAsset
from allthingstalk.aio import Client, Device
from allthingstalk.board import run


class Pump(Device):
    speed = IntegerAsset(kind="actuator", minimum=0, maximum=100)
    pressure = NumberAsset(unit="bar")


async def obey(pump):
    async for value, _ in pump.command.speed:
        print("speed", value)
        await asyncio.sleep(0.2)  # until your pump turns as told
        pump.speed = value


async def measure(pump):
    while True:
        pump.pressure = 1.2  # ask your sensor here
        await asyncio.sleep(5)


async def program(client, settings):
    async with client:
        pump = Pump(client=client, id=settings.device)
        await client.online()
        await asyncio.gather(obey(pump), measure(pump))


run(program, pins, cls=Client)
