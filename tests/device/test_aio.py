"""The asyncio front over real sockets: tasks that assign, hear and measure, through outages."""

import time

import pytest

from tools.simulate.fault_proxy import FaultProxy
from tools.simulate.local_platform import LocalPlatform

PAUSE_MS = 50  # that a second task is kept waiting
LOADED_MS = 100  # what a machine that runs other tests as well may add

PROGRAM = """
import asyncio, time
from allthingstalk import BooleanAsset, IntegerAsset
from allthingstalk.aio import Client, Device

class Lamp(Device):
    led = BooleanAsset(kind="actuator")
    first = IntegerAsset()
    second = IntegerAsset()

most = 0

async def blink():
    global most
    last = time.time_ns()
    while True:
        await asyncio.sleep(0.01)
        now = time.time_ns()
        most = max(most, (now - last) // 1000000 - 10)
        last = now

async def obey(lamp):
    async for value, at in lamp.command.led:
        print("heard", value, at is not None)
        lamp.led = value

async def count(lamp, name, times):
    for n in range(times):
        setattr(lamp, name, n)
        await asyncio.sleep(0.02)

async def main():
    global most
    async with Client(TOKEN, http=HTTP, mqtt=MQTT, timeout=2) as client:
        lamp = Lamp(client=client, id=DEVICE_ID)
        tasks = [asyncio.create_task(obey(lamp)), asyncio.create_task(blink())]
        await client.online()
        await asyncio.sleep(0.3)
        print("on line", client.connected)
        most = 0
        await asyncio.gather(count(lamp, "first", 200), count(lamp, "second", 200))
        while not await client.flush():
            pass
        print("pause", most)
        print("flushed", client.pending, client.dropped, client.connected)
        await asyncio.sleep(WAIT_S)
        for task in tasks:
            task.cancel()
    print("closed", client.status)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def values(platform):
    device = platform.create_device("Lamp")
    return {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": platform.http,
        "MQTT": "mqtt://" + platform.mqtt,
        "WAIT_S": 0,
    }


def test_tasks_go_on_through_outages_and_lose_nothing(interpreter, platform, values):
    with FaultProxy(platform.mqtt_port) as link:
        values["MQTT"] = f"mqtt://{link.address}"
        program = interpreter.start(PROGRAM, values)
        assert program.wait_for("on line") == "True"
        for _ in range(3):
            time.sleep(1)
            link.cut()
        program.finish(60)
    assert program.all("flushed") == ["0 0 True"] and program.all("closed") == ["closed"]
    for asset in ("first", "second"):
        found = [state["value"] for state in platform.states(values["DEVICE_ID"], asset)]
        assert list(dict.fromkeys(found)) == list(range(200))
    assert int(program.all("pause")[0]) <= PAUSE_MS + LOADED_MS, program.output


def test_commands_reach_async_for(interpreter, platform, values):
    program = interpreter.start(PROGRAM, {**values, "WAIT_S": 8})
    assert program.wait_for("on line") == "True"
    for value in (True, False):
        platform.send_command(values["DEVICE_ID"], "led", value)
        assert program.wait_for("heard", 1 if value else 2) == f"{value} True"
    assert platform.wait_for(lambda: len(platform.states(values["DEVICE_ID"], "led")) == 2)
