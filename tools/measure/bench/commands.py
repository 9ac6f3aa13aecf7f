"""Sends commands to clients: through mosquitto as a client of it, or as the local platform does."""

import contextlib
import json

import paho.mqtt.client as paho

from tools.measure.bench_faults.brokers import wait_for
from tools.measure.bench_faults.errors import Trouble
from tools.simulate.local_platform import LocalPlatform

LAST_S = 10


@contextlib.contextmanager
def commander(platform: LocalPlatform, port: int):
    """Yield a function of device id and value that commands the asset `led`.

    When it ends, everything has been sent.

    Args:
        platform: the local platform; its own broker lets nobody but it send commands.
        port: of the broker that the clients use.

    Raises:
        Trouble: the broker does not let the commander in.
    """
    if port == platform.mqtt_port:
        yield lambda device_id, value: platform.send_command(device_id, "led", value)
        return
    sender = paho.Client(paho.CallbackAPIVersion.VERSION2, "bench-commander")
    sender.max_inflight_messages_set(0)
    sender.connect("127.0.0.1", port)
    sender.loop_start()
    sent = []

    def send(device_id, value):
        topic = f"device/{device_id}/asset/led/command"
        sent[:] = [sender.publish(topic, json.dumps({"value": value}), 1)]

    try:
        if not wait_for(sender.is_connected):
            raise Trouble("the broker did not let the sender of commands in")
        yield send
        for last in sent:
            last.wait_for_publish(LAST_S)
    finally:
        sender.disconnect()
        sender.loop_stop()
