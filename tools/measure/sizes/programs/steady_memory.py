"""Prints, as JSON, the RAM held after connect and after some traffic, and what stays loaded.

Arguments: the module that does the job, HTTP endpoint, MQTT endpoint, device id, number of
publishes, number of commands; the token is in the environment.
"""

import gc
import sys

import heap

bare_bytes = heap.held_bytes()

endpoints, counts = sys.argv[2:5], sys.argv[5:]
maker = __import__(sys.argv[1])
device, client = maker.connect(*endpoints)
connected_bytes = heap.held_bytes() - bare_bytes
modules = sorted(sys.modules)
list_bytes = heap.held_bytes() - bare_bytes - connected_bytes
maker.publish(device, client, int(counts[0]))
maker.obey(client, int(counts[1]))
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
maker.finish(client)
