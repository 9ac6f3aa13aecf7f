# A sensor on a battery: it wakes, measures, delivers what waits, and sleeps deeply.
# What cannot be delivered stays in a file with the time at which it was measured.
import time

import machine
import pins
from allthingstalk import Device, NumberAsset
from allthingstalk.board import safe_mode
from allthingstalk.board.clock import set_clock
from allthingstalk.board.settings import load

SLEEP_S = 300
DELIVER_S = 20  # at most, until what waits is delivered
REACHABLE_S = 10


class Sensor(Device):
    temperature = NumberAsset(unit="°C")


def measure():
    return 21.5  # ask your sensor here


# Nobody reaches a board that sleeps, so it waits: after power-on, a reset or make deploy, and with
# the button held, but not after each sleep. (A Pico calls its end of a sleep a watchdog's reset.)
woken = machine.reset_cause() == getattr(machine, "DEEPSLEEP_RESET", machine.WDT_RESET)
if not woken or safe_mode.held(pins.BUTTON, pins.BUTTON_PRESSED):
    print("reachable for %d s, by make deploy or make repl" % REACHABLE_S)
    time.sleep(REACHABLE_S)

settings = load()
client = settings.client(outbox="/outbox", digest="/digest")
wifi = settings.wifi()
if wifi:
    wifi.keep(client)
    if wifi.connect(timeout_s=20):
        # At each wake: the clock of a chip asleep may run off by minutes a day, and the question
        # is two packets. Where nobody answers it is a second for each server.
        set_clock(settings.time_servers, timeout_s=1)
sensor = Sensor(client=client, id=settings.device)
sensor.temperature = measure()
if not client.flush(DELIVER_S):
    print("not delivered yet:", client.pending)
client.close()
machine.deepsleep(SLEEP_S * 1000)
