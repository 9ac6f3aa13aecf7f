"""The bench's program for mqtt_async, a descendant of mqtt_as: each publish is awaited."""

import asyncio
import json

from mqtt_async import MQTTClient, config


class Client(MQTTClient):
    address = None

    def _dns_lookup(self):
        # A board's getaddrinfo gives what the library expects; the unix port's gives packed bytes.
        self._addr = self.address


class Peer:
    def __init__(self, told, heard):
        self.state_topic = "device/%s/asset/count/state" % told["device"]
        self.done_topic = "device/%s/asset/done/state" % told["device"]
        self.command_topic = "device/%s/asset/led/command" % told["device"]
        config.client_id = "bench-async"
        config.server, config.port = told["host"], told["port"]
        config.user, config.password = told["token"], "-"
        config.ssid, config.wifi_pw = "loopback", "-"  # the shim of network is always in reach
        config.subs_cb = lambda topic, body, *_: heard(json.loads(body)["value"])
        config.connect_coro = self._subscribe
        self.client = None
        self.address = told["host"], told["port"]
        self.qos = told["qos"]
        self.loop = asyncio.get_event_loop()
        self.subscribed = asyncio.Event()

    async def _subscribe(self, client):
        await client.subscribe(self.command_topic, 1)
        self.subscribed.set()

    async def _connect(self):
        await self.client.connect()
        await self.subscribed.wait()

    async def _publish(self, count):
        for number in range(count):
            await self.client.publish(self.state_topic, '{"value":%d}' % number, qos=self.qos)

    def connect(self):
        if self.client:
            self.ends()
            self.subscribed.clear()
        self.client = Client(config)
        self.client.address = self.address
        self.loop.run_until_complete(self._connect())

    def publish(self, count):
        self.loop.run_until_complete(self._publish(count))

    def mark(self):
        """Publish the value that a listener waits for."""
        self.loop.run_until_complete(self.client.publish(self.done_topic, '{"value":1}', qos=0))

    def poll(self):
        """Nothing is to be done: it listens while the program sleeps."""

    def pause_ms(self, milliseconds):
        self.loop.run_until_complete(self._sleep(milliseconds))

    async def _sleep(self, milliseconds):
        await asyncio.sleep_ms(milliseconds)

    def ends(self):
        self.loop.run_until_complete(self.client.disconnect())
