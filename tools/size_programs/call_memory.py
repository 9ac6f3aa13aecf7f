"""Prints, as JSON, the heap that one publish and one idle poll allocate.

Arguments: HTTP endpoint, MQTT endpoint, device id; the token is in the environment.
"""

import gc
import sys
import time

import thermostat

COUNT = 100

device, client = thermostat.connect(*sys.argv[1:])


def publish_all():
    for value in range(COUNT):
        device.people = value
        time.sleep_ms(3)  # on loopback PUBACK is there by now
        client.poll()


def poll_idle():
    for _ in range(COUNT):
        client.poll()


def bytes_per_call(call):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    call()
    taken = gc.mem_alloc() - before
    gc.enable()
    return taken / COUNT


publish_all()  # what grows once, grows now
client.flush(5)
publish_bytes = bytes_per_call(publish_all)
client.flush(5)
poll_bytes = bytes_per_call(poll_idle)
if client.pending or client.errors:
    raise RuntimeError(client.last_error)

import json  # noqa: E402

print(json.dumps({"publish_bytes": publish_bytes, "poll_bytes": poll_bytes}))
client.close()
