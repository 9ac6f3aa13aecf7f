"""The device that is measured: five assets, one of them commanded, as a maker would write it."""

import os

from allthingstalk import BooleanAsset, Client, Device, IntegerAsset, NumberAsset, StringAsset


class Thermostat(Device):
    temperature = NumberAsset(unit="°C")
    humidity = NumberAsset(unit="%")
    people = IntegerAsset()
    message = StringAsset()
    heating = BooleanAsset(kind="actuator")


heard = []


@Thermostat.command.heating
def on_heating(device, value, at):
    heard.append(value)


def connect(http, mqtt, device_id):
    """Return the device on line and its client. RuntimeError if it is not.

    The token comes in the environment: arguments are seen by everybody in the process list.
    """
    client = Client(os.getenv("ATT_TOKEN"), http=http, mqtt=mqtt)
    device = Thermostat(client=client, id=device_id)
    if not client.connected:
        raise RuntimeError(client.last_error)
    return device, client
