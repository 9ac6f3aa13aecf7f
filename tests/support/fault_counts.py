"""What scenarios of faults count, and the device program whose values are counted.

Each row says of one scenario on one interpreter what was published, delivered, delivered twice and
lost; all rows of a run stand in build/faults_counted.txt.
"""

import json
from pathlib import Path

import paho.mqtt.client as paho

from tests import run
from tests.device.test_mosquitto import wait_for

VALUES = 200
TABLE = run.ROOT / "build" / "faults_counted.txt"
_HEAD = ("scenario", "interpreter", "published", "delivered", "twice", "waiting", "lost")

# Counts up, five values at a time so that several are on their way, tells how far it is, and then
# waits until everything is acknowledged.
DEVICE = """
from allthingstalk import BooleanAsset, Client, Device, IntegerAsset

class Window(Device):
    counter = IntegerAsset()
    other = IntegerAsset()
    led = BooleanAsset(kind="actuator")

@Window.command.led
def on_led(device, value, at):
    print("heard", value)

def came(client):
    print("came")

def went(client, reason):
    print("went", reason)

client = Client(
    TOKEN, http=HTTP, mqtt=MQTT, timeout=TIMEOUT_S, on_connect=came, on_disconnect=went)
window = Window(client=client, id=DEVICE_ID, connect=False)
print("connect", window.connect())

def count():
    for n in range(VALUES):
        window.counter = n
        if n % 20 == 0:
            print("at", n)
        if n % 5 == 4:
            client.wait(5 * PACE_S)
    print("counted")

def deliver():
    while not client.flush(1):
        pass
    print("delivered", client.pending, client.dropped)
"""
COUNT_AND_DELIVER = DEVICE + "count()\ndeliver()\nwhile True:\n    client.wait(0.02)\n"


class Counts:
    """The rows of one run.

    Args:
        path: where the table is written, anew with each row.
    """

    def __init__(self, path: Path = TABLE):
        self._path = path
        self._rows = [_HEAD]

    def add(self, scenario, interpreter, delivered, published=VALUES, waiting=0):
        """Add a row, print it, and assert that nothing was lost.

        Args:
            scenario: its name.
            interpreter: an Interpreter.
            delivered: every value that arrived, in the order of arrival; they count from 0.
            published: how many were assigned.
            waiting: how many the client still holds, to be delivered later.

        Returns:
            How many came more than once.
        """
        distinct = list(dict.fromkeys(delivered))
        twice = len(delivered) - len(distinct)
        # What waits may have arrived as well, its acknowledgement being lost.
        lost = max(0, published - len(distinct) - waiting)
        row = (scenario, interpreter.name, published, len(distinct), twice, waiting, lost)
        self._rows.append(row)
        print(
            f"{scenario}, {interpreter.name}: {published} published, {len(distinct)} delivered, "
            f"{twice} delivered twice, {lost} lost" + f" ({waiting} waiting)" * bool(waiting)
        )
        self._write()
        assert distinct == list(range(len(distinct))), "not in the order of assignment, or a gap"
        assert lost == 0
        return twice

    def _write(self):
        rows = [[str(cell) for cell in row] for row in self._rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
        lines = [
            "  ".join(
                cell.ljust(width) if i < 2 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths))
            )
            for row in rows
        ]
        self._path.parent.mkdir(exist_ok=True)
        self._path.write_text("\n".join(lines) + "\n", encoding="utf-8")


class LiveListener:
    """A paho client that hears each value as the broker takes it, before its acknowledgement.

    At QoS 0, because then it has nothing to say: a client that acknowledges to a broker that was
    just killed gets an error, and throws away what it has not read yet. `values` is what it heard.

    Args:
        port: the broker's, on this machine.
    """

    def __init__(self, port):
        self.values = []
        self._came = 0
        self._paho = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._paho.on_connect = lambda *_: self._paho.subscribe("device/+/asset/counter/state", 0)
        self._paho.on_subscribe = self._on_subscribe
        self._paho.on_message = self._on_message
        self._paho.reconnect_delay_set(0.1, 0.1)
        self._paho.connect("127.0.0.1", port)
        self._paho.loop_start()

    def _on_subscribe(self, *_):
        self._came += 1

    def _on_message(self, _client, _data, message):
        self.values.append(json.loads(message.payload)["value"])

    def wait_for_subscription(self, number):
        """Wait until the broker has granted so many subscriptions, one after each connect."""
        assert wait_for(lambda: self._came >= number)

    def command(self, device_id):
        """Tell the device to switch its led on."""
        self._paho.publish(f"device/{device_id}/asset/led/command", '{"value":true}', 1)

    def close(self):
        self._paho.disconnect()
        self._paho.loop_stop()
