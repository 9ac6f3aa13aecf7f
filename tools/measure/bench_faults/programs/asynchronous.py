"""The bench's program for mqtt_async, a descendant of mqtt_as with the same calls.

After its pages: a config, a coroutine that subscribes whenever the session is new, and publishes
that are awaited until the broker has acknowledged them.
"""

import asyncio

import reporting
from mqtt_async import MQTTClient, config

told = reporting.settings()
state_topic = "device/%s/asset/counter/state" % told["device"]
command_topic = "device/%s/asset/led/command" % told["device"]


class Client(MQTTClient):
    def _dns_lookup(self):
        # A board's getaddrinfo gives what the library expects; the unix port's gives packed bytes.
        self._addr = told["host"], told["port"]


async def subscribe(client):
    await client.subscribe(command_topic, 1)


async def main():
    config.client_id = "bench"
    config.server, config.port = told["host"], told["port"]
    config.user, config.password = told["token"], "-"
    config.ssid, config.wifi_pw = "loopback", "-"  # the shim of network is a Wi-Fi always in reach
    config.subs_cb = reporting.heard
    config.connect_coro = subscribe
    if told["keepalive_s"]:
        # Its keepalive counts only with a last will; this is how soon a silent link is noticed.
        config.response_time = told["keepalive_s"] // 2
    client = Client(config)
    await client.connect()
    await asyncio.sleep_ms(200)  # the subscription is made by a task of its own
    reporting.ready()
    for number in range(told["count"]):
        reporting.calls(number)
        await client.publish(state_topic, '{"value":%d}' % number, qos=1)
        reporting.returned(number)
        await asyncio.sleep_ms(told["pause_ms"])
    reporting.done()
    while True:
        await asyncio.sleep_ms(20)


asyncio.run(main())
