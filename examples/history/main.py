# What a device measured before: the mean of its last day, however many values that are.
import time

import pins
from allthingstalk import Device, NumberAsset
from allthingstalk.board import run


class Meter(Device):
    temperature = NumberAsset(unit="°C")


def mean_of_last_day(meter):
    count = total = 0
    for state in meter.history("temperature", since=time.time() - 86400):
        count += 1
        total += state.value
    return count, total / count if count else None


def program(client, settings):
    meter = Meter(client=client, id=settings.device)
    while True:
        meter.temperature = 21.5  # ask your sensor here
        client.flush()
        print("values %d, mean %s" % mean_of_last_day(meter))
        client.wait(60)


run(program, pins)
