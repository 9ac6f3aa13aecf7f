"""Connects, and does nothing else: at what heap does that still work? Prints `done`.

Arguments: HTTP endpoint, MQTT endpoint, device id; the token is in the environment.
"""

import sys

import thermostat

device, client = thermostat.connect(*sys.argv[1:])
client.close()
print("done")
