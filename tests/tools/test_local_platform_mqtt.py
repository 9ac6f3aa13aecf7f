"""The local platform's MQTT, by paho-mqtt and raw packets (seen in public clients)."""

import http.client
import json
import socket
import time

import cbor2
import paho.mqtt.client as paho
import pytest

from tools.simulate.local_platform import LocalPlatform

TIMEOUT_S = 10
CONNACK_REFUSED = b"\x20\x02\x00\x04"


@pytest.fixture(scope="module")
def lines():
    return []


@pytest.fixture(scope="module")
def platform(lines):
    with LocalPlatform(log=lines.append) as running:
        yield running


@pytest.fixture
def device(platform):
    device = platform.create_device("Window")
    _add_asset(platform, device, "temp", {"type": "number", "maximum": 100})
    _add_asset(platform, device, "led", {"type": "boolean"})
    return device


def _add_asset(platform, device, name, profile):
    connection = http.client.HTTPConnection("127.0.0.1", platform.http_port, timeout=TIMEOUT_S)
    body = json.dumps({"name": name, "is": "sensor", "profile": profile})
    headers = {"Authorization": f"Bearer {device.token}"}
    connection.request("POST", f"/device/{device.id}/assets", body, headers)
    assert connection.getresponse().status == 201
    connection.close()


class Client:
    """A paho client that keeps what happens to it."""

    def __init__(self, platform, token, client_id="", password="token", **options):
        self.codes, self.messages, self.acknowledged, self.granted = [], [], set(), []
        self.disconnects = 0
        self.paho = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id, reconnect_on_failure=False
        )
        self.paho.max_inflight_messages_set(2000)
        self.paho.username_pw_set(token, password)
        self.paho.on_connect = lambda _c, _u, _f, code, _p: self.codes.append(code.value)
        self.paho.on_disconnect = self._on_disconnect
        self.paho.on_message = lambda _c, _u, message: self.messages.append(message)
        self.paho.on_publish = lambda _c, _u, number, _r, _p: self.acknowledged.add(number)
        self.paho.on_subscribe = lambda _c, _u, _n, codes, _p: self.granted.extend(codes)
        if options.get("will"):
            self.paho.will_set(*options["will"])
        self.paho.connect("127.0.0.1", platform.mqtt_port, options.get("keepalive", 60))
        self.paho.loop_start()

    def _on_disconnect(self, *_):
        self.disconnects += 1

    def subscribe(self, platform, topic_filter, qos=1):
        count = len(self.granted)
        self.paho.subscribe(topic_filter, qos)
        assert platform.wait_for(lambda: len(self.granted) > count, TIMEOUT_S)

    def heard(self):
        return [(message.topic, json.loads(message.payload)) for message in self.messages]


@pytest.fixture
def connect(platform):
    clients = []

    def make(token, *arguments, **options):
        client = Client(platform, token, *arguments, **options)
        clients.append(client)
        assert platform.wait_for(lambda: client.codes or client.disconnects, TIMEOUT_S)
        return client

    yield make
    for client in clients:
        client.paho.disconnect()
        client.paho.loop_stop()


def _state(device, name="temp"):
    return f"device/{device.id}/asset/{name}/state"


# Connecting


def test_a_token_that_is_not_known_is_refused_with_connack_4(platform, device):
    with socket.create_connection(("127.0.0.1", platform.mqtt_port), timeout=TIMEOUT_S) as link:
        link.sendall(_connect_packet("maker:wrong"))
        assert link.recv(100) == CONNACK_REFUSED
        assert link.recv(100) == b""


def test_paho_is_told_that_a_wrong_token_or_an_empty_password_is_refused(platform, device, connect):
    assert connect("maker:wrong").codes == [134]
    assert connect(device.token, password="").codes == [134]


def test_a_will_that_is_not_allowed_is_refused_with_connack_5(platform, device, connect):
    other = platform.create_device()
    assert connect(device.token, will=(_state(other), '{"value":1}', 1)).codes == [135]


def test_another_version_of_mqtt_is_refused_with_connack_1(platform, device):
    with socket.create_connection(("127.0.0.1", platform.mqtt_port), timeout=TIMEOUT_S) as link:
        link.sendall(_connect_packet(device.token).replace(b"MQTT\x04", b"MQTT\x05"))
        assert link.recv(100) == b"\x20\x02\x00\x01"


def test_what_is_no_mqtt_is_closed(platform):
    with socket.create_connection(("127.0.0.1", platform.mqtt_port), timeout=TIMEOUT_S) as link:
        link.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert _closed(link)


def test_a_second_client_with_the_same_client_id_throws_the_first_off(platform, device, connect):
    first = connect(device.token, "board-1")
    second = connect(device.token, "board-1")
    second.subscribe(platform, f"device/{device.id}/asset/+/command")

    assert platform.wait_for(lambda: first.disconnects, TIMEOUT_S)
    platform.send_command(device.id, "led", True)
    assert platform.wait_for(lambda: second.messages, TIMEOUT_S)
    assert second.disconnects == 0


def test_revoking_a_token_closes_its_sessions_only(platform, device, connect):
    mine, ground = connect(device.token), connect(platform.ground_token)
    platform.revoke(device.token)

    assert platform.wait_for(lambda: mine.disconnects, TIMEOUT_S)
    assert connect(device.token).codes == [134]
    assert ground.disconnects == 0


def test_a_client_that_falls_silent_is_dropped_after_one_and_a_half_keepalives(platform, device):
    with socket.create_connection(("127.0.0.1", platform.mqtt_port), timeout=TIMEOUT_S) as link:
        link.sendall(_connect_packet(device.token, keepalive_s=1))
        assert link.recv(4) == b"\x20\x02\x00\x00"
        start = time.monotonic()
        assert _closed(link)
        assert 1.2 < time.monotonic() - start < 4


# States and feeds


def test_a_published_state_is_kept_and_comes_back_as_a_feed(platform, device, connect):
    client = connect(device.token)
    client.subscribe(platform, f"device/{device.id}/asset/+/feed")
    body = '{"Value":21.5,"At":"2020-01-02T03:04:05.960Z"}'
    client.paho.publish(_state(device), body, qos=1)

    expected = {"at": "2020-01-02T03:04:05.96Z", "value": 21.5}
    assert platform.wait_for(lambda: client.messages, TIMEOUT_S)
    assert client.heard() == [(f"device/{device.id}/asset/temp/feed", expected)]
    assert client.messages[0].qos == 1 and not client.messages[0].retain
    assert platform.state(device.id, "temp") == expected


def test_several_states_are_published_in_one_message(platform, device, connect):
    body = json.dumps({"temp": {"value": 1}, "missing": {"value": 2}, "led": {"value": True}})
    client = connect(device.token)
    client.paho.publish(f"device/{device.id}/state", body, qos=1)

    assert platform.wait_for(lambda: platform.state(device.id, "led"), TIMEOUT_S)
    assert platform.state(device.id, "temp")["value"] == 1
    assert platform.wait_for(lambda: client.acknowledged, TIMEOUT_S) and not client.disconnects


def test_a_subscriber_to_the_state_hears_the_own_publish(platform, device, connect):
    client = connect(device.token)
    client.subscribe(platform, f"device/{device.id}/asset/+/state", qos=0)
    client.paho.publish(_state(device), '{"value": 3}')
    assert platform.wait_for(lambda: client.messages, TIMEOUT_S)
    assert client.messages[0].payload == b'{"value": 3}' and client.messages[0].qos == 0


@pytest.mark.parametrize(
    "payload",
    [b'{"value":101}', b'{"value":"x"}', b'{"at":null}', b"5", b"", b"{", b"\xa1\x61a\x01"]
    + [b'{"value":1,"at":"soon"}', b'{"value":NaN}'],
)
def test_a_payload_that_cannot_be_used_is_reported_and_the_link_stays(
    platform, device, connect, lines, payload
):
    client = connect(device.token)
    lines.clear()
    client.paho.publish(_state(device), payload, qos=1)
    client.paho.publish(_state(device), '{"value":7}', qos=1)

    assert platform.wait_for(lambda: len(client.acknowledged) == 2, TIMEOUT_S)
    assert [state["value"] for state in platform.states(device.id, "temp")] == [7]
    assert any("temp: ignored" in line for line in lines)


@pytest.mark.parametrize(
    ("payload", "temp", "at"),
    [
        (cbor2.dumps({"temp": 1}), 1, None),
        (cbor2.dumps({"temp": 21.5, "led": True}), 21.5, None),
        (bytes.fromhex("bf6474656d7018 32ff"), 50, None),
        (bytes.fromhex("d87882a16474656d7003c11a514b67b0"), 3, "2013-03-21T20:04:00Z"),
        (bytes.fromhex("a16474656d70d8788303c11a514b67b0f6"), 3, "2013-03-21T20:04:00Z"),
    ],
)
def test_cbor_is_told_by_its_content(platform, device, connect, payload, temp, at):
    client = connect(device.token)
    client.paho.publish(f"device/{device.id}/state", payload, qos=1)
    assert platform.wait_for(lambda: client.acknowledged, TIMEOUT_S)
    state = platform.state(device.id, "temp")
    assert state["value"] == temp and at in (None, state["at"])


@pytest.mark.parametrize(
    "payload",
    [b"\xa1\x64temp", b"\x05", b"\x81\x05", b"\xa1\x01\x05", b"\xff", b"\xa1\x64temp\xd8\x20\x61a"]
    + [b"\xa1\x64temp\xf9\x7e\x00", b"{", b"\x81" * 500],
)
def test_what_is_no_map_of_states_is_reported(platform, device, connect, lines, payload):
    lines.clear()
    client = connect(device.token)
    client.paho.publish(f"device/{device.id}/state", payload, qos=1)
    assert platform.wait_for(lambda: client.acknowledged, TIMEOUT_S)
    assert platform.state(device.id, "temp") is None
    assert any("ignored" in line for line in lines)


DEFINITION = {
    "sense": [
        {
            "asset": "temp",
            "value": {"byte": 0, "bytelength": 2, "signed": True, "calculation": "val/10"},
        },
        {"asset": "led", "value": {"byte": 2, "bit": 7}},
    ]
}


def test_abcl_is_told_by_the_devices_definition(platform, device, connect, lines):
    client = connect(device.token)
    topic = f"device/{device.id}/state"
    platform.set_abcl(device.id, DEFINITION)
    for n, payload in enumerate((b"\xff\x85\x80", b'{"temp":{"value":7}}', b"{\x00\x00", b"\x00")):
        client.paho.publish(topic, payload, qos=1)
        assert platform.wait_for(lambda n=n: len(client.acknowledged) > n, TIMEOUT_S)
    # Too large for the profile, and too short.
    assert [state["value"] for state in platform.states(device.id, "temp")] == [-12.3, 7]
    assert [state["value"] for state in platform.states(device.id, "led")] == [True, False]
    platform.set_abcl(device.id, None)
    lines.clear()
    client.paho.publish(topic, b"\xff\x85\x80", qos=1)
    assert platform.wait_for(lambda: any("no CBOR" in line for line in lines), TIMEOUT_S)


@pytest.mark.parametrize(
    "definition",
    [{}, [], {"sense": []}, {"sense": [{"switch": {"byte": 0}}]}, {"sense": [{"asset": "a"}]}]
    + [
        {"sense": [{"asset": "a", "value": value}]}
        for value in ({"byte": -1}, {"byte": 0, "size": 2}, {"byte": 0, "type": "word"})
        + ({"byte": 0, "byteorder": "middle"}, {"byte": 0, "calculation": "__import__('os')"})
    ],
)
def test_a_definition_that_cannot_be_used_is_refused(platform, device, definition):
    with pytest.raises(ValueError):
        platform.set_abcl(device.id, definition)


def test_a_thousand_pipelined_publishes_are_all_kept_in_order(platform, device, connect):
    _add_asset(platform, device, "count", {"type": "integer"})
    client = connect(device.token)
    client.subscribe(platform, f"device/{device.id}/asset/count/feed")
    for number in range(1000):
        client.paho.publish(_state(device, "count"), json.dumps({"value": number}), qos=1)

    assert platform.wait_for(lambda: len(client.acknowledged) == 1000, 30)
    kept = [state["value"] for state in platform.states(device.id, "count")]
    assert kept == list(range(1000))
    assert platform.wait_for(lambda: len(client.messages) == 1000, 30)
    assert [message["value"] for _, message in client.heard()] == kept


def test_publishes_of_a_client_that_leaves_at_once_are_all_kept(platform, device):
    _add_asset(platform, device, "count", {"type": "integer"})
    burst = b"".join(
        _publish_packet(_state(device, "count"), json.dumps({"value": number}))
        for number in range(200)
    )
    with socket.create_connection(("127.0.0.1", platform.mqtt_port), timeout=TIMEOUT_S) as link:
        link.sendall(_connect_packet(device.token))
        # A CONNACK left unread would make a reset of the farewell, and TCP drops data at that.
        assert link.recv(4) == b"\x20\x02\x00\x00"
        link.sendall(burst + b"\xe0\x00")

    assert platform.wait_for(lambda: len(platform.states(device.id, "count")) == 200, TIMEOUT_S)


def test_clients_that_vanish_do_no_harm(platform, device, connect):
    for _ in range(30):
        link = socket.create_connection(("127.0.0.1", platform.mqtt_port), timeout=TIMEOUT_S)
        link.sendall(_connect_packet(device.token) + _publish_packet(_state(device), "{}")[:-1])
        # A reset instead of a farewell.
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        link.close()
    client = connect(device.token)
    client.paho.publish(_state(device), '{"value":1}', qos=1)
    assert platform.wait_for(lambda: client.acknowledged, TIMEOUT_S)


def test_the_will_of_a_client_that_vanishes_is_kept_as_a_state(platform, device, connect):
    client = connect(device.token, will=(_state(device), '{"value":-1}', 1))
    client.paho.socket().shutdown(socket.SHUT_RDWR)
    assert platform.wait_for(lambda: platform.state(device.id, "temp"), TIMEOUT_S)
    assert platform.state(device.id, "temp")["value"] == -1


# Commands and events


def test_commands_and_events_arrive_at_qos_1_with_value_and_time(platform, device, connect):
    client = connect(device.token)
    client.subscribe(platform, f"device/{device.id}/asset/+/command", qos=2)
    client.subscribe(platform, f"device/{device.id}/asset/+/event")
    command = platform.send_command(device.id, "led", True)
    event = platform.send_event(device.id, "temp", 5)

    assert platform.wait_for(lambda: len(client.messages) == 2, TIMEOUT_S)
    assert client.heard() == [
        (f"device/{device.id}/asset/led/command", command),
        (f"device/{device.id}/asset/temp/event", event),
    ]
    assert [message.qos for message in client.messages] == [1, 1]
    assert command["value"] is True and command["at"].endswith("Z")


def test_is_listening_tells_whether_a_command_would_be_heard(platform, device, connect):
    assert not platform.is_listening(device.id, "led")
    client = connect(device.token)
    client.subscribe(platform, f"device/{device.id}/asset/+/command")
    assert platform.is_listening(device.id, "led")
    assert not platform.is_listening(device.id, "led", "feed")
    client.paho.disconnect()
    assert platform.wait_for(lambda: not platform.is_listening(device.id, "led"), TIMEOUT_S)


# What closes the link


def test_a_publish_to_an_asset_that_does_not_exist_closes_the_link(platform, device, connect):
    client = connect(device.token)
    client.paho.publish(_state(device, "missing"), '{"value":1}', qos=1)
    assert platform.wait_for(lambda: client.disconnects, TIMEOUT_S)
    assert not client.acknowledged


@pytest.mark.parametrize(
    "topic",
    ["device/{other}/asset/temp/state", "device/{mine}/asset/temp/command", "anything", "$SYS/x"]
    + ["device/{mine}/asset/temp/feed", "device/0123/state"],
)
def test_a_publish_that_is_not_allowed_closes_the_link(platform, device, connect, topic):
    other = platform.create_device()
    _add_asset(platform, other, "temp", {"type": "number"})
    client = connect(device.token)
    client.paho.publish(topic.format(mine=device.id, other=other.id), '{"value":1}', qos=1)

    assert platform.wait_for(lambda: client.disconnects, TIMEOUT_S)
    assert platform.state(other.id, "temp") is None


@pytest.mark.parametrize("topic", ["#", "device/+/asset/+/feed", "device/{other}/asset/+/feed"])
def test_a_subscription_that_is_not_allowed_closes_the_link(platform, device, connect, topic):
    client = connect(device.token)
    client.paho.subscribe(topic.format(other=platform.create_device().id))
    assert platform.wait_for(lambda: client.disconnects, TIMEOUT_S)
    assert not client.granted


def test_qos_2_closes_the_link(platform, device, connect):
    client = connect(device.token)
    client.paho.publish(_state(device), '{"value":1}', qos=2)
    assert platform.wait_for(lambda: client.disconnects, TIMEOUT_S)
    assert platform.state(device.id, "temp") is None


def test_a_ground_token_publishes_and_listens_for_every_device(platform, device, connect):
    client = connect(platform.ground_token)
    client.subscribe(platform, f"device/{device.id}/asset/+/feed")
    client.paho.publish(_state(device), '{"value":1}', qos=1)
    assert platform.wait_for(lambda: client.messages, TIMEOUT_S)


@pytest.mark.parametrize(
    "packet",
    [b"\x30\xff\xff\xff\xff\x7f", b"\x30\xff\xff\xff\x7f", b"\x50\x02\x00\x01", b"\xf0\x00"]
    + [b"\x30\x04\x00\x01+1", b"\x82\x01\x00", b"\x10\x00"],
)
def test_a_broken_packet_closes_the_link(platform, device, packet):
    with socket.create_connection(("127.0.0.1", platform.mqtt_port), timeout=TIMEOUT_S) as link:
        link.sendall(_connect_packet(device.token))
        assert link.recv(4) == b"\x20\x02\x00\x00"
        link.sendall(packet)
        assert _closed(link)


def test_no_line_holds_a_whole_token(platform, device, connect, lines):
    lines.clear()
    connect(device.token, device.token)
    connect(device.token + "x")
    assert lines and not any(device.token[9:20] in line for line in lines)


# Raw packets, for what a well-behaved library does not send


def _connect_packet(token, keepalive_s=60):
    fields = [b"raw" + str(time.monotonic_ns()).encode(), token.encode(), b"password"]
    body = b"\x00\x04MQTT\x04\xc2" + keepalive_s.to_bytes(2, "big")
    return _packet(0x10, body + b"".join(len(f).to_bytes(2, "big") + f for f in fields))


def _publish_packet(topic, payload):
    return _packet(0x30, len(topic).to_bytes(2, "big") + topic.encode() + payload.encode())


def _packet(first, body):
    length = len(body)
    digits = bytes([length]) if length < 128 else bytes([length % 128 | 128, length // 128])
    return bytes([first]) + digits + body


def _closed(link):
    """Return whether the other side closes the link, in whichever way."""
    try:
        while link.recv(1000):
            pass
    except ConnectionError:
        pass
    return True


def test_two_clients_of_one_id_at_once_leave_no_ghost(platform):
    """The second waits for the first to leave; if it goes away meanwhile, it must not stay."""
    token = platform.create_device("Twin").token.encode()
    body = b"\x00\x04MQTT\x04\xc2\x00\x3c\x00\x04twin"
    body += len(token).to_bytes(2, "big") + token + b"\x00\x01-"
    connect = b"\x10" + bytes([len(body)]) + body
    for _ in range(3):
        address = ("127.0.0.1", platform.mqtt_port)
        twins = [socket.create_connection(address, timeout=5) for _ in range(2)]
        for twin in twins:
            twin.sendall(connect)
        for twin in twins:
            twin.close()
        with socket.create_connection(address, timeout=3) as late:
            late.sendall(connect)
            assert late.recv(4) == b"\x20\x02\x00\x00"


def test_the_later_connect_takes_over_whichever_socket_came_first(platform):
    token = platform.create_device("Twin").token.encode()
    body = b"\x00\x04MQTT\x04\xc2\x00\x3c\x00\x04same"
    body += len(token).to_bytes(2, "big") + token + b"\x00\x01-"
    connect = b"\x10" + bytes([len(body)]) + body
    address = ("127.0.0.1", platform.mqtt_port)
    with (
        socket.create_connection(address, timeout=3) as first_socket,
        socket.create_connection(address, timeout=3) as second_socket,
    ):
        second_socket.sendall(connect)
        assert second_socket.recv(4) == b"\x20\x02\x00\x00"
        first_socket.sendall(connect)
        assert first_socket.recv(4) == b"\x20\x02\x00\x00"
        assert second_socket.recv(1) == b""  # thrown out
        first_socket.sendall(b"\xc0\x00")
        assert first_socket.recv(2) == b"\xd0\x00"
