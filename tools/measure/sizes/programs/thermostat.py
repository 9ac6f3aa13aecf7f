"""The device that is measured: five assets, one of them commanded, as a maker would write it."""

import os
import time

from allthingstalk import BooleanAsset, Client, Device, IntegerAsset, NumberAsset, StringAsset


class Thermostat(Device):
    temperature = NumberAsset(unit="°C")
    humidity = NumberAsset(unit="%")
    people = IntegerAsset()
    message = StringAsset()
    heating = BooleanAsset(kind="actuator")


heard = [0]  # how many commands


@Thermostat.command.heating
def on_heating(device, value, at):
    heard[0] += 1


def connect(http, mqtt, device_id, qos=1):
    """Return the device on line and its client. RuntimeError if it is not.

    The token, and the root certificate's file if there is TLS, come in the environment: arguments
    are seen by everybody in the process list.
    """
    client = Client(
        os.getenv("ATT_TOKEN"), http=http, mqtt=mqtt, qos=qos, ca=os.getenv("ATT_CA") or None
    )
    device = Thermostat(client=client, id=device_id)
    if not client.connected:
        raise RuntimeError(client.last_error)
    return device, client


def publish(device, client, count):
    """Publish so many values, each when the one before is acknowledged.

    In step with the platform, because what waits in the outbox takes heap: how much would depend
    on how fast the other side is today.
    """
    for value in range(count):
        device.people = value
        settle(client)


def settle(client):
    """Wait until everything is acknowledged. RuntimeError after 5 seconds."""
    for _ in range(5000):
        if not client.pending:
            return
        time.sleep_ms(1)
        client.poll()
    raise RuntimeError("not acknowledged: %s" % client.last_error)


def obey(client, count):
    """Ask for so many commands and wait until they have come. RuntimeError after 10 seconds."""
    wanted = heard[0] + count
    print("ready", count)
    for _ in range(10000):
        client.poll()
        if heard[0] >= wanted:
            return
        time.sleep_ms(1)
    raise RuntimeError("commands are missing: %s" % client.last_error)


def finish(client):
    """Take leave. RuntimeError if anything went wrong on the way."""
    if client.errors or client.dropped:
        raise RuntimeError("%s; dropped: %d" % (client.last_error, client.dropped))
    client.close()
