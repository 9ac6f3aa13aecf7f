"""The local platform as a process: its command line, restarts, and what it says when it cannot."""

import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import paho.mqtt.client as paho
import pytest

from tools.simulate.local_platform import LocalPlatform

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "tools.simulate.local_platform"]
TIMEOUT_S = 20


@pytest.fixture
def run(tmp_path):
    """Run one small command to its end."""

    def run_command(*arguments):
        return subprocess.run(
            [*COMMAND, *arguments, "--db", tmp_path / "platform.db"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    return run_command


@pytest.fixture
def serve(tmp_path):
    """Start ``serve``; return the process, its REST and its MQTT port."""
    processes = []

    def start(http_port=0, mqtt_port=0, *options):
        process = subprocess.Popen(
            [*COMMAND, "serve", "--db", tmp_path / "platform.db", *options]
            + ["--http-port", str(http_port), "--mqtt-port", str(mqtt_port)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        http = re.fullmatch(r"REST http://127\.0\.0\.1:(\d+)\n", process.stdout.readline())
        mqtt = re.fullmatch(r"MQTT 127\.0\.0\.1:(\d+)\n", process.stdout.readline())
        assert http and mqtt
        return process, int(http[1]), int(mqtt[1])

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _created(result):
    assert result.returncode == 0, result.stderr
    device_id, token = re.match(r"device (\w{24})\ntoken  (maker:\w{40})\n", result.stdout).groups()
    return device_id, token


def _put(http_port, token, path, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{http_port}{path}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        return response.status


def test_the_command_line_creates_commands_and_reads(run, serve):
    process, http_port, mqtt_port = serve()
    created = run("create-device", "--title", "Door")
    device_id, token = _created(created)
    path = f"/device/{device_id}/asset/led"
    _put(http_port, token, path, {"is": "actuator", "profile": {"type": "boolean"}})

    assert f'"api": "http://127.0.0.1:{http_port}", "mqtt": "mqtt://127.0.0.1:{mqtt_port}"' in (
        created.stdout
    )
    assert run("devices").stdout == f"{device_id}  1 assets  Door\n"
    assert re.match(r"ground \w{24}\ntoken  maker:\w{40}\n", run("ground").stdout)
    assert run("states", device_id).stdout == "led = never set\n"
    _put(http_port, token, path + "/state", {"value": True, "at": "2020-01-01"})
    assert run("states", device_id).stdout == "led = true  at 2020-01-01T00:00:00Z\n"
    assert run("command", device_id, "led", "true").stdout.startswith("command led = true  at 20")
    assert run("event", device_id, "led", "false").stdout.startswith("event led = false  at 20")

    process.terminate()
    text, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0
    assert re.search(rf"^\d\d:\d\d:\d\d device {device_id[:8]}… state led = true$", text, re.M)
    assert " command led = true (nobody is listening)\n" in text
    assert token not in text and text.endswith("stopped\n")


def test_small_commands_say_what_is_wrong(run, serve):
    result = run("devices")
    assert result.returncode == 1 and "Start one in another terminal" in result.stderr

    process, *_ = serve()
    device_id, _ = _created(run("create-device"))
    for arguments, text in [
        (("states", "none"), "there is no device none"),
        (("command", device_id, "led", "1"), "has no asset led"),
    ]:
        result = run(*arguments)
        assert (result.returncode, result.stdout) == (1, "")
        assert text in result.stderr and "Traceback" not in result.stderr

    process.kill()
    process.wait()
    result = run("devices")
    assert result.returncode == 1 and "does not answer" in result.stderr


def test_a_port_that_is_taken_is_named(run):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        result = run("serve", "--http-port", port, "--mqtt-port", "0")
        assert result.returncode == 1
        assert f"REST cannot listen on 127.0.0.1 port {port}" in result.stderr
        result = run("serve", "--http-port", "0", "--mqtt-port", port)
        assert f"MQTT cannot listen on 127.0.0.1 port {port}" in result.stderr
        assert "Traceback" not in result.stderr


def test_a_second_platform_with_the_same_database_is_refused(run, serve, tmp_path):
    process, http_port, _ = serve()
    for _ in range(2):
        result = run("serve", "--http-port", "0", "--mqtt-port", "0")
        assert result.returncode == 1 and result.stderr.count("\n") == 1
        assert f"platform.db, at http://127.0.0.1:{http_port}. Stop that" in result.stderr
        assert run("devices").returncode == 0  # the first is found as before
    process.kill()
    process.wait()
    serve()  # what was killed holds nothing


def test_a_database_that_is_none_is_named(run, tmp_path):
    (tmp_path / "platform.db").write_text("this is text, and long enough to be looked at" * 10)
    result = run("serve", "--http-port", "0", "--mqtt-port", "0")
    assert result.returncode == 1 and "cannot be used as database" in result.stderr


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_cleanly_with_a_client_connected(serve, tmp_path, signal_number):
    process, http_port, mqtt_port = serve(0, 0, "--quiet")
    assert (tmp_path / "platform.json").stat().st_mode & 0o077 == 0
    with (
        socket.create_connection(("127.0.0.1", mqtt_port)),
        socket.create_connection(("127.0.0.1", http_port)),
    ):
        process.send_signal(signal_number)
        text, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0 and "Traceback" not in text
    assert not (tmp_path / "platform.json").exists()


def test_what_was_acknowledged_survives_a_killed_platform(run, serve):
    process, http_port, mqtt_port = serve()
    device_id, token = _created(run("create-device"))
    path = f"/device/{device_id}/asset/count"
    _put(http_port, token, path, {"is": "sensor", "profile": {"type": "integer"}})
    acknowledged = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(1000)
    client.on_publish = lambda _c, _u, number, _r, _p: acknowledged.append(number)
    client.username_pw_set(token, "token")
    client.connect("127.0.0.1", mqtt_port)
    numbers = [
        client.publish(path[1:] + "/state", json.dumps({"value": value}), qos=1).mid
        for value in range(500)
    ]
    end = time.monotonic() + TIMEOUT_S
    while len(acknowledged) < 100 and time.monotonic() < end:
        client.loop(0.01)
    process.kill()
    process.wait()
    while client.loop(0.01) == paho.MQTT_ERR_SUCCESS and time.monotonic() < end:
        pass

    serve(http_port, mqtt_port)
    request = urllib.request.Request(
        f"http://127.0.0.1:{http_port}{path}/states", headers={"Authorization": f"Bearer {token}"}
    )
    kept = []
    for page in range(6):
        request.full_url = f"http://127.0.0.1:{http_port}{path}/states?page={page}"
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            kept += [state["data"] for state in json.load(response)["data"]]
    assert len(acknowledged) >= 100
    assert {numbers.index(number) for number in acknowledged} <= set(kept)


def test_a_restart_keeps_devices_tokens_assets_and_states(tmp_path):
    db = tmp_path / "folder" / "platform.db"
    with LocalPlatform(db) as platform:
        device = platform.create_device("Window")
        gone = platform.create_device()
        platform.revoke(gone.token)
        ground, ground_token = platform.ground, platform.ground_token
        path = f"/device/{device.id}/asset/temp"
        _put(
            platform.http_port, device.token, path, {"is": "sensor", "profile": {"type": "number"}}
        )
        _put(platform.http_port, device.token, path + "/state", {"value": 1.5})
        before = platform.assets(device.id), platform.states(device.id, "temp")

    with LocalPlatform(db) as platform:
        assert (platform.ground, platform.ground_token) == (ground, ground_token)
        assert (platform.assets(device.id), platform.states(device.id, "temp")) == before
        assert _put(platform.http_port, device.token, path + "/state", {"value": 2}) == 200
        with pytest.raises(urllib.error.HTTPError, match="403"):
            _put(platform.http_port, gone.token, path + "/state", {"value": 3})


def test_stop_and_start_again_listen_on_the_same_ports():
    with LocalPlatform() as platform:
        ports = platform.http_port, platform.mqtt_port
        device = platform.create_device()
        platform.stop()
        assert platform.assets(device.id) == []
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port))
        with pytest.raises(RuntimeError, match="stopped"):
            platform.send_command(device.id, "led", True)
        platform.start()
        assert (platform.http_port, platform.mqtt_port) == ports
        for port in ports:
            socket.create_connection(("127.0.0.1", port)).close()


def test_wait_for_gives_up_when_the_time_is_up():
    with LocalPlatform() as platform:
        start = time.monotonic()
        assert not platform.wait_for(lambda: False, 0.2)
        assert 0.2 <= time.monotonic() - start < 2
