"""The whole job: assets over REST, 100 publishes at QoS 1, one command. Prints `done`.

Arguments: HTTP endpoint, MQTT endpoint, device id; the token is in the environment.
"""

import sys

import thermostat

device, client = thermostat.connect(*sys.argv[1:])
for value in range(100):
    device.people = value
delivered = client.flush(10)
for _ in range(500):
    if thermostat.heard:
        break
    client.wait(0.01)
if not (delivered and thermostat.heard) or client.errors or client.dropped:
    raise RuntimeError("%s %s" % (client.last_error, client.dropped))
client.close()
print("done")
