"""The job with three lost links in it: values go on being assigned, none is lost.

Prints `cut` when the link is to be cut, and `done COUNT` at the end. Arguments: HTTP endpoint,
MQTT endpoint, device id; the token is in the environment.
"""

import sys
import time

import thermostat

VALUES = 15  # on either side of a cut

device, client = thermostat.connect(*sys.argv[1:])
value = 0


def assign(pause_ms):
    global value
    for _ in range(VALUES):
        device.people = value
        value += 1
        time.sleep_ms(pause_ms)
        client.poll()


for _ in range(3):
    assign(2)
    thermostat.settle(client)
    device.people = value  # a drop that follows a publish: the assets are looked at again
    value += 1
    print("cut")
    assign(40)
    for _ in range(60):
        if client.wait(0.1) and not client.pending:
            break
    else:
        raise RuntimeError("not back: %s" % client.last_error)
thermostat.obey(client, 1)
if client.dropped:
    raise RuntimeError("dropped: %d" % client.dropped)
client.close()
print("done", value)
