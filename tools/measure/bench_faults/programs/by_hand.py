"""The bench's program for umqtt.simple, with the usual reconnecting by hand around it.

The library leaves reconnecting to its users. What is lost with the link is lost here, as in most
such programs; the link is tried again with the next value, so that the loop is never held up.
"""

import time

import reporting
from umqtt.simple import MQTTClient

told = reporting.settings()
state_topic = ("device/%s/asset/counter/state" % told["device"]).encode()
command_topic = ("device/%s/asset/led/command" % told["device"]).encode()
client = MQTTClient(b"bench", told["host"], told["port"], told["token"], "-")
client.set_callback(reporting.heard)
online = False


def attempt(do, *arguments):
    """Call something that needs the link, brought up first if it is down; return if it worked."""
    global online
    try:
        if not online:
            client.connect()
            client.subscribe(command_topic, 1)
            online = True
        do(*arguments)
        return True
    except Exception:  # not only OSError: an answer cut short raises IndexError or TypeError
        online = False
        if client.sock:
            client.sock.close()
        return False


attempt(client.check_msg)
reporting.ready()
for number in range(told["count"]):
    reporting.calls(number)
    accepted = attempt(client.publish, state_topic, b'{"value":%d}' % number, False, 1)
    reporting.returned(number, accepted)
    attempt(client.check_msg)
    time.sleep_ms(told["pause_ms"])
reporting.done()
while True:
    attempt(client.check_msg)
    time.sleep_ms(20)
