"""The bench's program for umqtt.simple2: a publish does not wait, its acknowledgement is polled."""

import json

from umqtt.simple2 import MQTTClient

WINDOW = 32  # the library sets no limit; acknowledgements that nobody reads would stop the broker


class Peer:
    def __init__(self, told, heard):
        self.state_topic = b"device/%s/asset/count/state" % told["device"].encode()
        self.done_topic = b"device/%s/asset/done/state" % told["device"].encode()
        self.command_topic = b"device/%s/asset/led/command" % told["device"].encode()
        self.client = MQTTClient(b"bench-simple2", told["host"], told["port"], told["token"], "-")
        self.client.set_callback(lambda topic, body, *_: heard(json.loads(body)["value"]))
        self.client.set_callback_status(self._settled)
        self.qos = told["qos"]
        self.poll = self.client.check_msg
        self.ends = self.client.disconnect
        self.open = 0  # packets that the broker has not acknowledged
        self.connected = False

    def _settled(self, packet_id, status):
        if status != 1:
            raise OSError("packet %d was not acknowledged: %d" % (packet_id, status))
        self.open -= 1

    def connect(self):
        if self.connected:
            self.client.disconnect()
        self.client.connect()
        self.open = 1
        self.client.subscribe(self.command_topic, 1)
        self._until(0)
        self.connected = True

    def publish(self, count):
        for number in range(count):
            self.open += self.qos
            self.client.publish(self.state_topic, b'{"value":%d}' % number, False, self.qos)
            self._until(WINDOW - 1)
        self._until(0)

    def mark(self):
        """Publish the value that a listener waits for."""
        self.client.publish(self.done_topic, b'{"value":1}', False, 0)

    def _until(self, most):
        while self.open > most:
            self.client.wait_msg()
