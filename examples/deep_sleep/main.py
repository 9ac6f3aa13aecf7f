# A sensor on a battery: it wakes, measures, delivers what waits, and sleeps deeply.
# What cannot be delivered stays in a file with the time at which it was measured.
import machine
from allthingstalk import Device, NumberAsset
from allthingstalk.board.clock import set_clock
from allthingstalk.board.settings import load

SLEEP_S = 300


class Sensor(Device):
    temperature = NumberAsset(unit="°C")


def measure():
    return 21.5  # ask your sensor here


settings = load()
client = settings.client(outbox="/outbox", digest="/digest")
wifi = settings.wifi()
if wifi:
    wifi.keep(client)
    if wifi.connect(timeout_s=20):
        set_clock()
sensor = Sensor(client=client, id=settings.device)
sensor.temperature = measure()
if not client.flush(20):
    print("not delivered yet:", client.pending)
client.close()
machine.deepsleep(SLEEP_S * 1000)
