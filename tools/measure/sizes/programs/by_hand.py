"""The same device by hand, over umqtt.simple and urequests: what a maker writes without a library.

It has the calls of thermostat.py, and is measured by the same programs. It creates assets and asks
nothing about those that are there, keeps no value while the link is down, and does not reconnect.
"""

import json
import os
import time

import urequests
from umqtt.simple import MQTTClient

ASSETS = (
    ("temperature", "sensor", {"type": "number", "unit": "°C"}),
    ("humidity", "sensor", {"type": "number", "unit": "%"}),
    ("people", "sensor", {"type": "integer"}),
    ("message", "sensor", {"type": "string"}),
    ("heating", "actuator", {"type": "boolean"}),
)

heard = 0


def on_message(topic, message):
    global heard
    if topic.endswith(b"/heating/command") and json.loads(message)["value"] in (True, False):
        heard += 1


def create(http, device_id, name, kind, profile):
    answer = urequests.post(
        "%s/device/%s/assets" % (http, device_id),
        data=json.dumps({"name": name, "title": name, "is": kind, "profile": profile}).encode(),
        headers={
            "Authorization": "Bearer " + os.getenv("ATT_TOKEN"),
            "Content-Type": "application/json",
        },
    )
    answer.close()
    if answer.status_code not in (200, 201):
        raise RuntimeError("%s was answered with %d" % (name, answer.status_code))


def connect(http, mqtt, device_id):
    """Return what publishes for the device, and the engine."""
    for asset in ASSETS:
        create(http, device_id, *asset)
    host, port = mqtt.split(":")
    client = MQTTClient(device_id, host, int(port), os.getenv("ATT_TOKEN"), "-")
    client.set_callback(on_message)
    client.connect()
    client.subscribe("device/%s/asset/heating/command" % device_id, 1)
    return device_id, client


def publish(device_id, client, count):
    topic = "device/%s/asset/people/state" % device_id
    for value in range(count):
        client.publish(topic, b'{"value": %d}' % value, False, 1)  # waits for PUBACK


def obey(client, count):
    """Ask for so many commands and wait until they have come. RuntimeError after 10 seconds."""
    wanted = heard + count
    print("ready", count)
    for _ in range(10000):
        client.check_msg()
        if heard >= wanted:
            return
        time.sleep_ms(1)
    raise RuntimeError("commands are missing")


def finish(client):
    client.disconnect()
