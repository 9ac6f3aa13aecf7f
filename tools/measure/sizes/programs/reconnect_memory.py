"""Prints, as JSON, the heap needed while a lost link is made anew.

Arguments: HTTP endpoint, MQTT endpoint, device id, number of values published just before the link
is cut: with one the assets are looked at again, without it MQTT alone is connected. Prints `cut`
when the link is to be cut. The token is in the environment.
"""

import gc
import sys
import time

import heap

heap.Peak()  # what connect leaves behind lies as low as in a small heap

import thermostat  # noqa: E402

device, client = thermostat.connect(*sys.argv[1:4])
count = int(sys.argv[4])
peak = heap.Peak()
errors = client.errors
for value in range(count):
    device.people = value
print("cut")
for _ in range(1000):
    client.poll()
    if client.errors > errors and client.connected and not client.pending:
        break
    time.sleep_ms(10)
else:
    raise RuntimeError("not back: %s" % client.last_error)
reconnect_bytes = peak.bytes()
thermostat.publish(device, client, 3)
if client.dropped:
    raise RuntimeError("dropped: %d" % client.dropped)
client.close()

gc.threshold(-1)
import json  # noqa: E402

print(json.dumps({"reconnect_bytes": reconnect_bytes}))
