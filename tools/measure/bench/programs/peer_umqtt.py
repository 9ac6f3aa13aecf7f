"""The bench's program for umqtt.simple and umqtt.robust, which have the same calls."""

import json


class Peer:
    def __init__(self, told, heard):
        module = __import__(told["module"], None, None, ["MQTTClient"])
        self.state_topic = b"device/%s/asset/count/state" % told["device"].encode()
        self.done_topic = b"device/%s/asset/done/state" % told["device"].encode()
        self.command_topic = b"device/%s/asset/led/command" % told["device"].encode()
        # The engine hands its TLS parameters on; shims/ussl.py takes the root there.
        options = {"ssl": True, "ssl_params": {"ca": told["ca"]}} if told["ca"] else {}
        self.client = module.MQTTClient(
            b"bench-" + told["name"].encode(),
            told["host"],
            told["port"],
            told["token"],
            "-",
            **options,
        )
        self.client.set_callback(lambda topic, body: heard(json.loads(body)["value"]))
        self.qos = told["qos"]
        self.poll = self.client.check_msg
        self.ends = self.client.disconnect
        self.connected = False

    def connect(self):
        if self.connected:
            self.client.disconnect()
        self.client.connect()
        self.client.subscribe(self.command_topic, 1)
        self.connected = True

    def publish(self, count):
        for number in range(count):
            self.client.publish(self.state_topic, b'{"value":%d}' % number, False, self.qos)

    def mark(self):
        """Publish the value that a listener waits for."""
        self.client.publish(self.done_topic, b'{"value":1}', False, self.qos)
