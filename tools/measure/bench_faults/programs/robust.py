"""The bench's program for umqtt.robust, after its own example: the library reconnects by itself.

The session is kept by the broker, as that example wants it; it subscribes where there is none yet.
Where a link breaks while a call of the library waits for an answer, the library makes a new link
and waits on, for an answer that went with the old one.
"""

import time

import reporting
from umqtt.robust import MQTTClient

told = reporting.settings()
state_topic = ("device/%s/asset/counter/state" % told["device"]).encode()
command_topic = ("device/%s/asset/led/command" % told["device"]).encode()
client = MQTTClient(b"bench", told["host"], told["port"], told["token"], "-")
client.set_callback(reporting.heard)
if not client.connect(clean_session=False):
    client.subscribe(command_topic, 1)
reporting.ready()
for number in range(told["count"]):
    reporting.calls(number)
    client.publish(state_topic, b'{"value":%d}' % number, qos=1)
    reporting.returned(number)
    client.check_msg()
    time.sleep_ms(told["pause_ms"])
reporting.done()
while True:
    client.check_msg()
    time.sleep_ms(20)
