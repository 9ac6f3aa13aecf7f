"""The bench's program for umqtt.robust2 over umqtt.simple2, after its own example.

Each turn of the loop reconnects where the library reports trouble, takes what arrived and sends
what the library has queued. The settings of its queues are the library's own.
"""

import time

import reporting
from umqtt.robust2 import MQTTClient

told = reporting.settings()
state_topic = ("device/%s/asset/counter/state" % told["device"]).encode()
command_topic = ("device/%s/asset/led/command" % told["device"]).encode()
keepalive_s = told["keepalive_s"] or 0
client = MQTTClient(b"bench", told["host"], told["port"], told["token"], "-", keepalive_s)
client.set_callback(reporting.heard)
pinged = time.ticks_ms()


def serve():
    """What the example does in each turn of its loop, and a ping where a keepalive needs it."""
    global pinged
    if client.is_conn_issue():
        while client.is_conn_issue():
            client.reconnect()
        client.resubscribe()
    if keepalive_s and time.ticks_diff(time.ticks_ms(), pinged) > keepalive_s * 500:
        client.ping()
        pinged = time.ticks_ms()
    client.check_msg()
    client.send_queue()


if not client.connect(clean_session=False):
    client.subscribe(command_topic, 1)
reporting.ready()
for number in range(told["count"]):
    reporting.calls(number)
    client.publish(state_topic, b'{"value":%d}' % number, qos=1)
    reporting.returned(number)
    serve()
    time.sleep_ms(told["pause_ms"])
while client.things_to_do():
    serve()
    time.sleep_ms(20)
reporting.done()
while True:
    serve()
    time.sleep_ms(20)
