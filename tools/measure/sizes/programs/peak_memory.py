"""Prints, as JSON, the heap needed up to the end of connect, and up to the end of the whole job.

Arguments: the module that does the job, HTTP endpoint, MQTT endpoint, device id; the token is in
the environment.
"""

import gc
import sys

import heap

peak = heap.Peak()

maker = __import__(sys.argv[1])
device, client = maker.connect(*sys.argv[2:])
connect_bytes = peak.bytes()
maker.publish(device, client, 100)
maker.obey(client, 1)
job_bytes = peak.bytes()
maker.finish(client)

gc.threshold(-1)
import json  # noqa: E402

print(json.dumps({"connect_bytes": connect_bytes, "job_bytes": job_bytes}))
