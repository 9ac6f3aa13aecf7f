"""Prints, as JSON, the RAM held after connect and the modules that are still loaded.

Arguments: HTTP endpoint, MQTT endpoint, device id; the token is in the environment.
"""

import gc
import sys

gc.collect()
bare_bytes = gc.mem_alloc()

import thermostat  # noqa: E402

device, client = thermostat.connect(*sys.argv[1:])
gc.collect()
held_bytes = gc.mem_alloc() - bare_bytes

import json  # noqa: E402

print(json.dumps({"held_bytes": held_bytes, "modules": sorted(sys.modules)}))
client.close()
