"""The local platform's faults, each seen by paho-mqtt, http.client or a plain socket."""

import http.client
import json
import socket
import subprocess
import sys
import time

import paho.mqtt.client as paho
import pytest

from tools.simulate.local_platform import LocalPlatform

TIMEOUT_S = 10


@pytest.fixture(scope="module")
def running():
    with LocalPlatform() as platform:
        yield platform


@pytest.fixture
def platform(running):
    yield running
    running.faults.off()


@pytest.fixture
def device(platform):
    device = platform.create_device("Faulty")
    asset = {"name": "temp", "is": "sensor", "profile": {"type": "number"}}
    response, _ = ask(platform, device, "POST", "/assets", asset)
    assert response.status == 201
    return device


def ask(platform, device, method="GET", path="", body=None):
    """Return the response and its body; http.client raises over what it cannot read."""
    connection = http.client.HTTPConnection("127.0.0.1", platform.http_port, timeout=TIMEOUT_S)
    headers = {"Authorization": f"Bearer {device.token}"}
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, f"/device/{device.id}{path}", text, headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


class Client:
    """A paho client that keeps what happens to it, with the time of each PUBACK."""

    def __init__(self, platform, device, keepalive_s=60):
        self._platform = platform
        self._topic = f"device/{device.id}/asset/temp/state"
        self.codes, self.acknowledged_at, self.granted, self.disconnects = [], {}, [], []
        self.paho = paho.Client(paho.CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        self.paho.username_pw_set(device.token, "token")
        self.paho.on_connect = lambda _c, _u, _f, code, _p: self.codes.append(code.getName())
        self.paho.on_disconnect = lambda _c, _u, _f, code, _p: self.disconnects.append(code)
        self.paho.on_subscribe = lambda _c, _u, _n, codes, _p: self.granted.extend(codes)
        self.paho.on_publish = self._on_publish
        self.paho.connect("127.0.0.1", platform.mqtt_port, keepalive_s)
        self.paho.loop_start()
        assert platform.wait_for(lambda: self.codes, TIMEOUT_S)

    def _on_publish(self, _client, _data, number, _reason, _properties):
        self.acknowledged_at[number] = time.monotonic()

    def publish(self, value):
        return self.paho.publish(self._topic, json.dumps({"value": value}), qos=1).mid

    def wait_for(self, predicate):
        return self._platform.wait_for(predicate, TIMEOUT_S)


@pytest.fixture
def connect(platform, device):
    clients = []

    def make(**options):
        clients.append(Client(platform, device, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.paho.disconnect()
        client.paho.loop_stop()


def values(platform, device):
    return [state["value"] for state in platform.states(device.id, "temp")]


def test_dropped_pubacks_leave_the_states_kept_and_the_publishes_unacknowledged(
    platform, device, connect
):
    client = connect()
    platform.faults.set("drop_pubacks", count=2)
    numbers = [client.publish(value) for value in (1, 2, 3)]
    assert client.wait_for(lambda: client.acknowledged_at)
    assert list(client.acknowledged_at) == numbers[2:]
    assert values(platform, device) == [1, 2, 3]
    assert platform.faults.active() == {}


def test_delayed_pubacks_come_late_in_order_and_do_not_hold_up_one_another(
    platform, device, connect
):
    client = connect()
    platform.faults.set("delay_pubacks", 300)
    start = time.monotonic()
    numbers = [client.publish(value) for value in range(5)]
    assert client.wait_for(lambda: len(client.acknowledged_at) == 5)
    assert list(client.acknowledged_at) == numbers
    assert 0.3 <= client.acknowledged_at[numbers[0]] - start
    assert client.acknowledged_at[numbers[-1]] - start < 0.3 * 4


@pytest.mark.parametrize(
    ("code", "name"), [(3, "Server unavailable"), (4, "Bad user name or password")]
)
def test_connect_is_refused_with_the_code_and_then_accepted(platform, connect, code, name):
    platform.faults.set("refuse_connect", code, count=1)
    assert connect().codes == [name]
    assert connect().codes == ["Success"]


def test_the_link_is_closed_right_after_connack(platform, device):
    platform.faults.set("close_after_connack")
    identifier, name, password = (
        len(text).to_bytes(2, "big") + text.encode() for text in ("id", device.token, "token")
    )
    body = b"\x00\x04MQTT\x04\xc2\x00\x3c" + identifier + name + password
    with socket.create_connection(("127.0.0.1", platform.mqtt_port), TIMEOUT_S) as link:
        link.sendall(b"\x10" + bytes([len(body)]) + body)
        with link.makefile("rb") as stream:
            assert stream.read() == b"\x20\x02\x00\x00"


def test_ignored_pings_make_the_client_give_up(platform, connect):
    platform.faults.set("ignore_pings")
    client = connect(keepalive_s=1)
    assert client.wait_for(lambda: client.disconnects)
    assert platform.faults.times("ignore_pings") >= 1


def test_pings_that_are_not_ignored_keep_the_client(platform, connect):
    client = connect(keepalive_s=1)
    time.sleep(2.2)
    assert not client.disconnects


def test_a_refused_subscription_hears_nothing_and_the_next_one_does(platform, device, connect):
    client = connect()
    platform.faults.set("refuse_subscriptions", count=1)
    topic = f"device/{device.id}/asset/+/command"
    client.paho.subscribe(topic, 1)
    assert client.wait_for(lambda: client.granted) and client.granted[0].value == 0x80
    assert not platform.is_listening(device.id, "temp")
    client.paho.subscribe(topic, 1)
    assert client.wait_for(lambda: len(client.granted) == 2) and client.granted[1].value == 1
    assert platform.is_listening(device.id, "temp")


def test_the_next_requests_are_answered_with_the_status_and_not_carried_out(platform, device):
    platform.faults.set("rest_status", 429, count=2)
    platform.faults.set("retry_after", 7)
    for _ in range(2):
        response, body = ask(platform, device, "PUT", "/asset/temp/state", {"value": 1})
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
        assert json.loads(body)["status"] == 429
    assert values(platform, device) == []
    response, _ = ask(platform, device, "PUT", "/asset/temp/state", {"value": 2})
    assert response.status == 200
    assert values(platform, device) == [2]


def test_a_status_without_retry_after_has_no_such_header(platform, device):
    platform.faults.set("rest_status", 500)
    response, _ = ask(platform, device)
    assert (response.status, response.headers["Retry-After"]) == (500, None)


def test_bodies_are_cut_in_the_middle(platform, device):
    platform.faults.set("cut_bodies", 12)
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(platform, device)
    assert caught.value.partial == f'{{"id":"{device.id}'[:12].encode()


@pytest.mark.parametrize("size_line", ["zz", "-5", ""])
def test_a_size_that_is_no_number_breaks_the_chunks(platform, device, size_line):
    platform.faults.set("broken_chunks", size_line)
    with pytest.raises((http.client.IncompleteRead, ValueError)):
        ask(platform, device)


def test_the_broken_size_is_what_was_asked_for(platform, device):
    platform.faults.set("broken_chunks", "7fffffff")
    head = f"GET /device/{device.id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {device.token}"
    with socket.create_connection(("127.0.0.1", platform.http_port), TIMEOUT_S) as link:
        link.sendall(head.encode() + b"\r\n\r\n")
        with link.makefile("rb") as stream:
            assert stream.read().endswith(b"\r\n7fffffff\r\n")


def test_bodies_are_slow(platform, device):
    start = time.monotonic()
    _, body = ask(platform, device)
    assert time.monotonic() - start < 0.3
    platform.faults.set("slow_bodies", len(body) * 2)
    start = time.monotonic()
    assert ask(platform, device)[1] == body
    assert 0.4 < time.monotonic() - start < 2


def test_what_people_use_is_never_spoilt(platform, device):
    for name in ("rest_status", "cut_bodies", "broken_chunks"):
        platform.faults.set(name)
    connection = http.client.HTTPConnection("127.0.0.1", platform.http_port, timeout=TIMEOUT_S)
    headers = {"Authorization": f"Bearer {platform.ground_token}"}
    connection.request("GET", f"/ground/{platform.ground}/devices", headers=headers)
    response = connection.getresponse()
    assert response.status == 200 and json.loads(response.read())
    connection.close()


# Switches


def test_all_is_off_at_first_and_after_off(platform, device, connect):
    assert platform.faults.active() == {}
    platform.faults.set("drop_pubacks")
    platform.faults.set("rest-status", 503)
    assert platform.faults.active() == {
        "drop_pubacks": {"value": None, "count": None},
        "rest_status": {"value": 503, "count": None},
    }
    platform.faults.off("rest-status")
    assert list(platform.faults.active()) == ["drop_pubacks"]
    platform.faults.off()
    client = connect()
    client.publish(1)
    assert client.wait_for(lambda: client.acknowledged_at)
    assert ask(platform, device)[0].status == 200


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("drop_puback",), "there is no fault drop_puback; there are: drop_pubacks,"),
        ((None,), "there is no fault null"),
        (("drop_pubacks", 3), "it has no value"),
        (("delay_pubacks", 0), "the value goes from 1 to"),
        (("rest_status", 200), "the value goes from 400 to 599"),
        (("rest_status", "many"), "many is not a whole number"),
        (("broken_chunks", "1\r\n"), "one line of text"),
        (("ignore_pings", None, 0), "the count has to be 1 or more"),
    ],
)
def test_a_fault_that_cannot_be_set_is_refused_in_words(platform, arguments, words):
    with pytest.raises(ValueError, match=words):
        platform.faults.set(*arguments)
    assert platform.faults.active() == {}


def test_faults_survive_a_restart_and_go_with_off():
    with LocalPlatform() as platform:
        platform.faults.set("rest_status", 503)
        platform.stop()
        platform.start()
        device = platform.create_device("Faulty")
        assert ask(platform, device)[0].status == 503


def test_the_command_line_sets_lists_and_ends_faults(tmp_path):
    db = tmp_path / "platform.db"

    def fault(*arguments):
        command = [sys.executable, "-m", "tools.simulate.local_platform", "fault", *arguments]
        run = subprocess.run(
            [*command, "--db", str(db)], capture_output=True, text=True, timeout=TIMEOUT_S
        )
        return run.returncode, run.stdout.splitlines() or run.stderr.strip()

    with LocalPlatform(db=db) as platform:
        assert fault("rest-status", "429", "--count", "3") == (0, ["rest-status 429  3 times"])
        device = platform.create_device("Faulty")
        assert ask(platform, device)[0].status == 429
        assert fault("drop-pubacks") == (0, ["rest-status 429  2 times", "drop-pubacks  always"])
        assert fault("rest-status", "off") == (0, ["drop-pubacks  always"])
        assert fault("off") == (0, ["no faults"])
        assert fault() == (0, ["no faults"])
        code, text = fault("no-such")
        assert code == 1 and text.startswith("The platform refuses: there is no fault no-such;")
        assert platform.faults.active() == {}
