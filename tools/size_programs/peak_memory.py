"""Prints, as JSON, the heap needed up to the end of connect, and up to the end of the whole job.

Arguments: HTTP endpoint, MQTT endpoint, device id; the token is in the environment.
"""

import gc
import sys

import heap

peak = heap.Peak()

import thermostat  # noqa: E402

device, client = thermostat.connect(*sys.argv[1:])
connect_bytes = peak.bytes()
thermostat.publish(device, client, 100)
thermostat.obey(client, 1)
job_bytes = peak.bytes()
thermostat.finish(client)

gc.threshold(-1)
import json  # noqa: E402

print(json.dumps({"connect_bytes": connect_bytes, "job_bytes": job_bytes}))
