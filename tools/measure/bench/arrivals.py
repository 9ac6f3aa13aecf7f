"""When marks arrive: a listener at the broker, for what QoS 0 does not acknowledge."""

import threading
import time

import paho.mqtt.client as paho

from tools.measure.bench_faults.brokers import wait_for
from tools.measure.bench_faults.errors import NotRun, Trouble

ARRIVAL_S = 20


class Arrivals:
    """Listens for the marks that clients publish behind their values.

    Args:
        port: the broker's.
        token: the login that may hear every device.
    """

    def __init__(self, port: int, token: str):
        self._arrived_us: dict[str, int] = {}
        self._changed = threading.Condition()
        self._subscribed = False
        self._paho = paho.Client(paho.CallbackAPIVersion.VERSION2, "bench-arrivals")
        self._paho.username_pw_set(token, "-")
        self._paho.on_subscribe = self._on_subscribe
        self._paho.on_message = self._on_message
        self._paho.connect("127.0.0.1", port)
        self._paho.loop_start()
        if not wait_for(self._paho.is_connected):
            self.close()
            raise Trouble("the listener could not connect to the broker")

    def listen(self, device_id: str) -> None:
        """Listen for a device's marks from now on. Raises NotRun."""
        self._subscribed = False
        self._paho.subscribe(f"device/{device_id}/asset/done/state")
        if not wait_for(lambda: self._subscribed):
            raise NotRun("the broker let nobody listen for its values")

    def _on_subscribe(self, _client, _data, _number, codes, _properties):
        self._subscribed = not any(code.is_failure for code in codes)

    def _on_message(self, _client, _data, message):
        with self._changed:
            self._arrived_us[message.topic.split("/")[1]] = time.time_ns() // 1000
            self._changed.notify_all()

    def take(self, device_id: str) -> int:
        """Wait for a device's mark; return when it came, on the wall clock, in microseconds.

        Raises:
            NotRun: it did not come.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: device_id in self._arrived_us, ARRIVAL_S):
                raise NotRun(f"what it published did not arrive within {ARRIVAL_S} s")
            return self._arrived_us.pop(device_id)

    def close(self) -> None:
        """Leave."""
        self._paho.disconnect()
        self._paho.loop_stop()
