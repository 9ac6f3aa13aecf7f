"""Prints, as JSON, the RAM held after connect and after some traffic, and what stays loaded.

Arguments: HTTP endpoint, MQTT endpoint, device id, number of publishes, number of commands; the
token is in the environment.
"""

import gc
import sys

import heap

bare_bytes = heap.held_bytes()

import thermostat  # noqa: E402

endpoints, counts = sys.argv[1:4], sys.argv[4:]
device, client = thermostat.connect(*endpoints)
connected_bytes = heap.held_bytes() - bare_bytes
modules = sorted(sys.modules)
list_bytes = heap.held_bytes() - bare_bytes - connected_bytes
thermostat.publish(device, client, int(counts[0]))
thermostat.obey(client, int(counts[1]))
steady_bytes = heap.held_bytes() - bare_bytes - list_bytes
free_bytes = gc.mem_free()
largest_bytes = len(heap.largest_free())

import json  # noqa: E402

print(
    json.dumps(
        {
            "connected_bytes": connected_bytes,
            "steady_bytes": steady_bytes,
            "largest_free_bytes": largest_bytes,
            "free_bytes": free_bytes,
            "modules": modules,
        }
    )
)
thermostat.finish(client)
