"""The local platform's manners: each switch alone, as http.client, paho-mqtt or a socket see it."""

import contextlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time

import paho.mqtt.client as paho
import pytest

from tools.simulate.local_platform import LocalPlatform, manners
from tools.simulate.local_platform.__main__ import _parser
from tools.simulate.local_platform.manners import LIKE_THE_FIELD, Manners

TIMEOUT_S = 10
SMILE = "\U0001f600/\u00e9"  # a smile, a slash, an accent
ESCAPED = b'"\\ud83d\\ude00\\/\\u00e9"'


@contextlib.contextmanager
def behaving(**switches):
    """Yield a platform with these manners, and a device with a text and a switch."""
    with LocalPlatform(manners=Manners(**switches)) as platform:
        device = platform.create_device("Patient")
        platform.create_asset(device.id, "words", profile_type="string")
        platform.create_asset(device.id, "led", "actuator", "boolean")
        yield platform, device


def context(platform):
    return ssl.create_default_context(cadata=platform.roots_pem)


def ask(platform, device, method="GET", path="", body=None):
    """Return (response, its body) of a request by a client that knows nothing of us."""
    link = http.client.HTTPConnection("localhost", platform.http_port, timeout=TIMEOUT_S)
    if platform.roots_pem:
        link = http.client.HTTPSConnection(
            "localhost", platform.http_port, timeout=TIMEOUT_S, context=context(platform)
        )
    headers = {"Authorization": f"Bearer {device.token}"}
    text = None if body is None else json.dumps(body)
    with contextlib.closing(link):
        link.request(method, f"/device/{device.id}{path}", text, headers)
        response = link.getresponse()
        return response, response.read()


@contextlib.contextmanager
def listening(platform, device, stream="command", subscribes=True):
    """Yield the messages that a client gets, as (payload, RETAIN)."""
    heard, granted, connected = [], [], []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
    client.username_pw_set(device.token, "token")
    client.on_message = lambda _c, _u, message: heard.append((message.payload, message.retain))
    client.on_connect = lambda *_: connected.append(True)
    client.on_subscribe = lambda *_: granted.append(True)
    if platform.roots_pem:
        client.tls_set_context(context(platform))
    client.connect("localhost", platform.mqtt_port)
    client.loop_start()
    try:
        assert platform.wait_for(lambda: connected, TIMEOUT_S)
        if subscribes:
            client.subscribe(f"device/{device.id}/asset/+/{stream}", 1)
            assert platform.wait_for(lambda: granted, TIMEOUT_S)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def raw(platform, device, path, version="1.1"):
    """Return all bytes of an answer."""
    with socket.create_connection(("localhost", platform.http_port), timeout=TIMEOUT_S) as link:
        head = f"GET {path} HTTP/{version}\r\nHost: h\r\nConnection: close\r\n"
        link.sendall(f"{head}Authorization: Bearer {device.token}\r\n\r\n".encode())
        data = b""
        while piece := link.recv(4096):
            data += piece
        return data


def test_by_default_it_is_as_plain_as_it_was():
    with behaving() as (platform, device), listening(platform, device) as heard:
        sent = platform.send_command(device.id, "words", SMILE)
        assert platform.wait_for(lambda: heard, TIMEOUT_S)
        assert heard == [(json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode(), 0)]
        assert raw(platform, device, f"/device/{device.id}").startswith(b"HTTP/1.1 200 ")
        assert platform.http == f"http://127.0.0.1:{platform.http_port}"


def test_escaped_json_over_rest_and_mqtt():
    with behaving(escaped_json=True) as (platform, device):
        with listening(platform, device) as heard, listening(platform, device, "feed") as fed:
            platform.send_command(device.id, "words", SMILE)
            ask(platform, device, "PUT", "/asset/words/state", {"value": SMILE})
            assert platform.wait_for(lambda: heard and fed, TIMEOUT_S)
            assert b'"value":' + ESCAPED in heard[0][0] and ESCAPED in fed[0][0]
        _, body = ask(platform, device, path="/asset/words/state")
        assert ESCAPED in body and body.isascii()
        assert json.loads(body)["state"]["value"] == SMILE


def test_capital_keys_over_mqtt_alone():
    with behaving(capital_keys=True) as (platform, device), listening(platform, device) as heard:
        message = platform.send_command(device.id, "led", True)
        assert platform.wait_for(lambda: heard, TIMEOUT_S)
        assert json.loads(heard[0][0]) == {"At": message["at"], "Value": True}
        assert set(message) == {"at", "value"}
        _, body = ask(platform, device)
        assert {"id", "groundId", "assets"} <= set(json.loads(body))


def test_a_retained_command_comes_at_each_subscription_until_it_is_removed():
    with behaving(retained=True) as (platform, device):
        with listening(platform, device) as heard:
            platform.send_command(device.id, "led", False)
            platform.send_command(device.id, "led", True)
            platform.send_event(device.id, "led", True)
            assert platform.wait_for(lambda: len(heard) == 2, TIMEOUT_S)
            # Who is subscribed already gets it as any other (section 3.3.1.3).
            assert [retain for _, retain in heard] == [0, 0]
            last = heard[1][0]
        for _ in range(2):
            with listening(platform, device) as heard:
                assert platform.wait_for(lambda heard=heard: heard, TIMEOUT_S)
                assert heard == [(last, 1)]
        platform.stop()
        platform.start()
        with listening(platform, device) as heard:
            assert platform.wait_for(lambda: heard, TIMEOUT_S) == [(last, 1)]
            platform.forget_command(device.id, "led")
            assert platform.wait_for(lambda: len(heard) == 2, TIMEOUT_S)
            assert heard[1] == (b"", 0)
        with listening(platform, device) as heard:
            time.sleep(0.2)
            assert heard == []


def test_a_retained_command_comes_to_nobody_who_has_not_subscribed_to_it():
    with behaving(retained=True) as (platform, device):
        other = platform.create_device()
        with listening(platform, device) as heard:
            platform.send_command(device.id, "led", True)
            assert platform.wait_for(lambda: heard, TIMEOUT_S)
            with (
                listening(platform, device, subscribes=False) as early,
                listening(platform, other) as another,
            ):
                time.sleep(0.3)
                assert early == [] and another == []


def test_interim_answers_come_before_each_but_not_in_http_1_0_and_not_for_people():
    with behaving(interim=True) as (platform, device):
        data = raw(platform, device, f"/device/{device.id}")
        assert data.startswith(manners.INTERIM + b"HTTP/1.1 200 ")
        assert b"Content-Length" not in manners.INTERIM  # RFC 9110, section 8.6
        assert raw(platform, device, f"/device/{device.id}", "1.0").startswith(b"HTTP/1.0 200 ")
        assert b" 100 " not in raw(platform, device, f"/ground/{platform.ground}/devices")[:20]
        assert raw(platform, device, "/device/unknown").startswith(
            manners.INTERIM + b"HTTP/1.1 404 "
        )


def test_each_nth_request_is_refused_unread():
    with behaving(refuse_every=3) as (platform, device):
        answers = []
        for n in range(9):
            path = "/asset/words/state"
            answers.append(ask(platform, device, "PUT", path, {"value": str(n)})[0].status)
        assert answers == [200, 200, 408, 200, 200, 421, 200, 200, 425]
        kept = [state["value"] for state in platform.states(device.id, "words")]
        assert kept == ["0", "1", "3", "4", "6", "7"]


def test_slow_bodies_are_whole_and_come_in_pieces_chunked_and_not():
    with behaving(slow_bodies=True) as (platform, device):
        bodies, coded, times = set(), [], []
        for _ in range(4):
            started = time.monotonic()
            response, body = ask(platform, device)
            times.append(time.monotonic() - started)
            bodies.add(body)
            coded.append(response.getheader("Transfer-Encoding") == "chunked")
        assert coded == [True, False, True, False]
        assert len(bodies) == 1 and json.loads(bodies.pop())["id"] == device.id
        assert all(0.02 < took < 2 for took in times), times


def test_a_client_that_leaves_in_the_middle_is_no_error_of_ours(caplog):
    with behaving(slow_bodies=True) as (platform, device):
        for _ in range(4):
            with socket.create_connection(("localhost", platform.http_port)) as link:
                head = f"GET /device/{device.id} HTTP/1.1\r\nHost: h\r\n"
                link.sendall(f"{head}Authorization: Bearer {device.token}\r\n\r\n".encode())
                assert link.recv(20).startswith(b"HTTP/1.1 200 ")
        time.sleep(0.3)
        assert ask(platform, device)[0].status == 200
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("roots", [1, 2])
def test_rest_and_mqtt_have_certificates_of_one_root_or_of_two(roots):
    with behaving(roots=roots) as (platform, device):
        pems = platform.roots_pem.split("-----END CERTIFICATE-----")[:-1]
        assert len(pems) == roots
        assert platform.http == f"https://localhost:{platform.http_port}"
        assert platform.mqtt == f"mqtts://localhost:{platform.mqtt_port}"
        assert ask(platform, device)[0].status == 200
        with listening(platform, device) as heard:
            platform.send_command(device.id, "led", True)
            assert platform.wait_for(lambda: heard, TIMEOUT_S)
        trusted = []
        for port in (platform.http_port, platform.mqtt_port):
            for pem in pems:
                own = ssl.create_default_context(cadata=pem + "-----END CERTIFICATE-----\n")
                try:
                    with socket.create_connection(("localhost", port), timeout=TIMEOUT_S) as link:
                        own.wrap_socket(link, server_hostname="localhost").close()
                    trusted.append(True)
                except ssl.SSLCertVerificationError:
                    trusted.append(False)
        assert trusted == ([True] * 2 if roots == 1 else [False, True, True, False])


def test_numbers_out_of_range_are_refused():
    for wrong in ({"roots": 3}, {"roots": -1}, {"refuse_every": -1}):
        with pytest.raises(ValueError):
            Manners(**wrong)


def options(*given):
    return manners.from_options(_parser().parse_args(["serve", *given]))


def test_each_switch_is_an_option_of_the_command_line():
    assert options() == Manners()
    assert options("--like-the-field") == LIKE_THE_FIELD
    assert options("--like-the-field", "--refuse-every", "5", "--roots", "1") == Manners(
        True, True, True, True, True, 5, 1
    )
    assert options("--escaped-json", "--retained") == Manners(escaped_json=True, retained=True)


def tool(*arguments):
    return [sys.executable, "-m", "tools.simulate.local_platform", *arguments]


def test_the_small_commands_reach_a_platform_like_the_field(tmp_path):
    db = ["--db", str(tmp_path / "platform.db")]
    ports = ["--http-port", "0", "--mqtt-port", "0"]
    with subprocess.Popen(
        tool("serve", *db, *ports, "--like-the-field"),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as serving:
        try:
            assert serving.stdout.readline().startswith("REST https://localhost:")
            done = subprocess.run(
                tool("create-device", *db), capture_output=True, text=True, timeout=60
            )
            assert done.returncode == 0, done.stderr
            settings = json.loads(done.stdout.splitlines()[-1])
            assert settings["ca"].count("BEGIN CERTIFICATE") == 2
            assert settings["mqtt"].startswith("mqtts://localhost:")
        finally:
            serving.terminate()
    wrong = subprocess.run(
        tool("serve", *db, *ports, "--roots", "7"), capture_output=True, text=True, timeout=60
    )
    assert wrong.returncode == 1 and wrong.stderr == "roots=7: 0 for plain text, 1 or 2\n"
