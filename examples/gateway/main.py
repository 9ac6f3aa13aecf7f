# A gateway: five sensors without a network of their own, each a device of the platform.
# One token for all, a ground's; settings.json names the gateway itself.
import pins
from allthingstalk import Device, IntegerAsset, NumberAsset
from allthingstalk.board import run

# Address of a sensor, and its device's id on the platform.
SENSORS = {"a1": "id 1", "a2": "id 2", "a3": "id 3", "a4": "id 4", "a5": "id 5"}


class Sensor(Device):
    temperature = NumberAsset(unit="°C")
    battery = IntegerAsset(unit="%", minimum=0, maximum=100)


class Gateway(Device):
    heard = IntegerAsset(keep="latest")


def received():
    """Return (address, temperature, battery) of what came by radio."""
    return [(address, 21.5, 90) for address in SENSORS]  # ask your radio here


def program(client, settings):
    gateway = Gateway(client=client, id=settings.device)
    sensors = {address: Sensor(client=client, id=SENSORS[address]) for address in SENSORS}
    heard = 0
    while True:
        for address, temperature, battery in received():
            sensors[address].update(temperature=temperature, battery=battery)
            heard += 1
        gateway.heard = heard
        client.wait(5)


run(program, pins)
