"""The whole job: assets over REST, 100 publishes at QoS 1, one command. Prints `done`.

Arguments: the module that does it, HTTP endpoint, MQTT endpoint, device id; the token is in the
environment.
"""

import sys

maker = __import__(sys.argv[1])
device, client = maker.connect(*sys.argv[2:])
maker.publish(device, client, 100)
maker.obey(client, 1)
maker.finish(client)
print("done")
