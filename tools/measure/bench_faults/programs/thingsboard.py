"""The bench's program for thingsboard-micropython, after its pages; it is built on umqtt.robust.

It speaks ThingsBoard's own topics. The client id is given, one of its documented options: with an
access token alone it has none, and brokers refuse that once it asks for its session back.
"""

import time

import reporting
from uthingsboard.client import TBDeviceMqttClient

told = reporting.settings()
login = {"user": told["token"], "password": "-", "client_id": "bench"}
client = TBDeviceMqttClient(told["host"], told["port"], basic_auth=login, qos=1)
client.set_server_side_rpc_request_handler(reporting.heard)
client.connect()
reporting.ready()
for number in range(told["count"]):
    reporting.calls(number)
    client.send_telemetry({"counter": number}, qos=1)
    reporting.returned(number)
    client.check_msg()
    time.sleep_ms(told["pause_ms"])
reporting.done()
while True:
    client.check_msg()
    time.sleep_ms(20)
