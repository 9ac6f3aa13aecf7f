"""The whole job: assets over REST, 100 publishes at QoS 1, one command. Prints `done`.

Arguments: HTTP endpoint, MQTT endpoint, device id; the token is in the environment.
"""

import sys

import thermostat

device, client = thermostat.connect(*sys.argv[1:])
thermostat.publish(device, client, 100)
thermostat.obey(client, 1)
thermostat.finish(client)
print("done")
