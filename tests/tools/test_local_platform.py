"""The local platform's REST, row by row, over real sockets (seen in public clients)."""

import contextlib
import http.client
import json
import socket
import sqlite3

import pytest

from tools.simulate.local_platform import LocalPlatform

NUMBER = {"name": "temp", "title": "Temp", "is": "sensor", "profile": {"type": "number"}}
UNKNOWN = "0123456789abcdef01234567"


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def device(platform):
    return platform.create_device("Window")


@pytest.fixture
def call(platform, device):
    """Send one request; return the status and what the JSON body says, None for no body."""

    def send(method, path, body=None, token=device.token, raw=None):
        connection = http.client.HTTPConnection("127.0.0.1", platform.http_port, timeout=10)
        data = raw if raw is not None else None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text else None

    return send


@pytest.fixture
def assets(device):
    return f"/device/{device.id}/assets"


@pytest.fixture
def temp(device, call, assets):
    """The path of an asset that exists."""
    assert call("POST", assets, NUMBER)[0] == 201
    return f"/device/{device.id}/asset/temp"


# Rights


@pytest.mark.parametrize("header", ["X: y", "Authorization: Basic abc", "Authorization: Bearer"])
def test_a_request_without_a_token_is_answered_with_401(platform, device, header):
    assert b" 401 " in _raw(platform, f"GET /device/{device.id} HTTP/1.1\r\n{header}\r\n")


def test_a_token_that_is_not_known_is_answered_with_403(call, device):
    status, body = call("GET", f"/device/{device.id}/assets", token="maker:" + "x" * 40)

    assert status == 403
    assert "x" * 10 not in body["error"]


def test_the_token_of_another_device_is_answered_with_403(platform, call, temp):
    other = platform.create_device().token
    assert call("GET", temp, token=other)[0] == 403
    assert call("PUT", temp + "/state", {"value": 1}, token=other)[0] == 403
    assert call("DELETE", temp, token=other)[0] == 403


def test_the_token_of_the_ground_may_use_every_device(platform, call, temp):
    assert call("PUT", temp + "/state", {"value": 1}, token=platform.ground_token)[0] == 200


def test_the_token_of_another_ground_is_answered_with_403(tmp_path):
    with LocalPlatform(tmp_path / "platform.db") as platform:
        device = platform.create_device()
        with contextlib.closing(sqlite3.connect(tmp_path / "platform.db")) as db, db:
            db.execute("INSERT INTO ground VALUES ('other', 0)")
            db.execute("INSERT INTO token VALUES ('maker:other', 'other', NULL)")
        head = f"GET /device/{device.id} HTTP/1.1\r\nAuthorization: Bearer "
        assert b" 200 " in _raw(platform, head + platform.ground_token + "\r\n")
        assert b" 403 " in _raw(platform, head + "maker:other\r\n")


def test_a_revoked_token_is_answered_with_403(platform, call):
    gone = platform.create_device()
    assert call("GET", f"/device/{gone.id}", token=gone.token)[0] == 200
    platform.revoke(gone.token)
    assert call("GET", f"/device/{gone.id}", token=gone.token)[0] == 403


def test_what_does_not_exist_is_answered_with_404(platform, call, device):
    everywhere = platform.ground_token
    assert call("GET", f"/device/{UNKNOWN}", token=everywhere)[0] == 404
    assert call("POST", f"/device/{UNKNOWN}/assets", NUMBER, token=everywhere)[0] == 404
    assert call("GET", "/nowhere")[0] == 404
    for path in ("", "/state", "/states"):
        assert call("GET", f"/device/{device.id}/asset/none{path}")[0] == 404
    for path in ("state", "command", "event"):
        assert call("PUT", f"/device/{device.id}/asset/none/{path}", {"value": 1})[0] == 404
    assert call("DELETE", f"/device/{device.id}/asset/none")[0] == 404


# Devices


def test_a_ground_token_creates_a_device_with_a_token_of_its_own(platform, call):
    path = f"/ground/{platform.ground}/devices"
    body = {"title": "Door", "name": "door"}
    status, created = call("POST", path, body, token=platform.ground_token)

    assert (status, created["title"], created["name"]) == (201, "Door", "door")
    assert created["assets"] == [] and len(created["id"]) == 24 and created["id"].isalnum()
    assert call("GET", f"/device/{created['id']}", token=created["token"])[0] == 200
    listed = call("GET", path, token=platform.ground_token)[1]
    assert created["id"] in [entry["id"] for entry in listed]


def test_a_device_token_cannot_create_a_device(platform, call):
    assert call("POST", f"/ground/{platform.ground}/devices", {"title": "x"})[0] == 403


# Assets


def test_a_new_device_has_no_assets(call, assets):
    assert call("GET", assets) == (200, [])


def test_post_creates_an_asset_from_keys_in_any_case_and_answers_in_lower_camel_case(
    call, device, assets
):
    sent = {
        "Name": "door",
        "TITLE": "Door",
        "Description": "",
        "Is": "actuator",
        "Profile": {"type": "boolean"},
    }
    status, asset = call("POST", assets, sent)

    assert status == 201
    assert {key: asset[key] for key in ("name", "title", "is", "description", "deviceId")} == {
        "name": "door",
        "title": "Door",
        "is": "actuator",
        "description": "",
        "deviceId": device.id,
    }
    assert asset["profile"] == {"type": "boolean"} and asset["state"] is None
    assert call("GET", assets) == (200, [asset])
    assert call("GET", f"/device/{device.id}")[1]["assets"] == [asset]
    assert call("GET", f"/device/{device.id}/asset/door") == (200, asset)


def test_post_of_a_name_that_exists_is_answered_with_400(call, assets, temp):
    assert call("POST", assets, NUMBER)[0] == 400


@pytest.mark.parametrize(
    "change",
    [
        {"name": "two words"},
        {"name": "a/b"},
        {"name": "a+"},
        {"name": "#"},
        {"name": ""},
        {"name": None},
        {"is": "thing"},
        {"is": ["sensor"]},
        {"title": 5},
        {"profile": None},
        {"profile": "number"},
        {"profile": {"type": "decimal"}},
        {"profile": {"type": "number", "minimum": "low"}},
        {"profile": {"type": "string", "enum": []}},
        {"profile": {"type": "string", "enum": "abc"}},
        {"name": "a\u00a0b"},
        {"name": "a\u2028b"},
        {"name": "half \ud83d"},
        {"profile": {"type": "array", "items": {"type": "?"}}},
    ],
)
def test_an_asset_that_cannot_be_used_is_answered_with_400(call, assets, change):
    assert call("POST", assets, NUMBER | change)[0] == 400
    assert call("GET", assets) == (200, [])


def test_put_creates_an_asset_and_overwrites_it_afterwards(call, device):
    path = f"/device/{device.id}/asset/level"
    first = call("PUT", path, {"Title": "A", "Is": "sensor", "Profile": {"type": "number"}})
    second = call("PUT", path, {"Title": "B", "Is": "virtual", "Profile": {"type": "string"}})

    assert (first[0], second[0]) == (201, 200)
    assert first[1]["id"] == second[1]["id"]
    assert (second[1]["title"], second[1]["is"]) == ("B", "virtual")
    assert call("GET", path)[1]["profile"] == {"type": "string"}


def test_delete_forgets_an_asset_and_its_states(call, assets, temp):
    call("PUT", temp + "/state", {"value": 1})
    assert call("DELETE", temp) == (204, None)
    assert call("GET", assets) == (200, [])
    call("POST", assets, NUMBER)
    assert call("GET", temp + "/states")[1] == {"data": []}


def test_a_percent_encoded_name_is_found(call, device, assets):
    call("POST", assets, NUMBER | {"name": "äß-1"})
    assert call("GET", f"/device/{device.id}/asset/%C3%A4%C3%9F-1")[1]["name"] == "äß-1"


# States


def test_a_state_that_was_never_set_is_null(call, device, temp):
    status, body = call("GET", temp + "/state")
    assert (status, body["state"]) == (200, None)
    assert body["id"] == call("GET", temp)[1]["id"]
    assert call("GET", f"/device/{device.id}/state") == (200, {})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2020-01-02T03:04:05.678Z", "2020-01-02T03:04:05.678Z"),
        ("2020-01-02T03:04:05.960000+00:00", "2020-01-02T03:04:05.96Z"),
        ("2020-01-02T03:04:05.0009Z", "2020-01-02T03:04:05Z"),
        ("2020-01-02T03:04:05", "2020-01-02T03:04:05Z"),
        ("2020-01-02T05:04:05+02:00", "2020-01-02T03:04:05Z"),
    ],
)
def test_a_state_keeps_its_time_in_utc_down_to_milliseconds(call, temp, given, kept):
    assert call("PUT", temp + "/state", {"Value": 2.5, "At": given})[0] == 200
    assert call("GET", temp + "/state")[1]["state"] == {"at": kept, "value": 2.5}
    assert call("GET", temp)[1]["state"] == {"at": kept, "value": 2.5}


def test_several_states_are_set_and_read_together(call, device, assets, temp):
    call("POST", assets, NUMBER | {"name": "on", "profile": {"type": "boolean"}})
    path = f"/device/{device.id}/state"
    at = "2021-01-01T00:00:00Z"

    body = {"temp": {"value": 1, "at": at}, "on": {"value": True, "at": at}}
    assert call("PUT", path, body) == (204, None)
    assert call("GET", path) == (200, body)


def test_of_several_states_none_is_set_when_one_is_refused(platform, call, device, temp):
    body = {"temp": {"value": 1}, "missing": {"value": 2}}
    assert call("PUT", f"/device/{device.id}/state", body)[0] == 404
    assert platform.state(device.id, "temp") is None


@pytest.mark.parametrize(
    ("profile", "good", "bad"),
    [
        ({"type": "number", "minimum": 0, "maximum": 9}, [0, 9, 1.5], [-1, 9.1, "1", True, None]),
        ({"type": "integer"}, [1, 1.0, 2**40], [1.5, "1", False]),
        ({"type": "string"}, ["", "é"], [1, None]),
        ({"type": "string", "enum": ["a", "b"]}, ["a"], ["c"]),
        ({"type": "boolean"}, [True, False], [0, 1, "true"]),
        ({"type": "location"}, [{"latitude": 1, "longitude": 2.5}], [{"latitude": 1}, [1, 2]]),
        (
            {"type": "object", "properties": {"x": {"type": "number"}}},
            [{}, {"x": 1}, {"y": "free"}, {"x": None}],
            [{"x": "1"}, []],
        ),
        ({"type": "array", "items": {"type": "integer"}}, [[], [1, 2]], [[1, "2"], {}]),
    ],
)
def test_states_and_commands_are_checked_against_the_profile(
    platform, call, device, assets, profile, good, bad
):
    call("POST", assets, NUMBER | {"name": "x", "profile": profile})
    path = f"/device/{device.id}/asset/x"

    assert [call("PUT", path + "/state", {"value": value})[0] for value in good] == [200] * len(
        good
    )
    for value in bad:
        assert call("PUT", path + "/state", {"value": value})[0] == 400, value
        assert call("PUT", path + "/command", {"value": value})[0] == 400, value
    assert [state["value"] for state in platform.states(device.id, "x")] == good


@pytest.mark.parametrize(
    "raw",
    ["", "{", "[1]", "5", "{}", '{"value":NaN}', '{"value":1e999}', b"\xff", "[" * 100_000]
    + [
        '{"value":"\\ud83d"}',
        '{"value":1,"at":"now"}',
        '{"value":1,"at":5}',
        '{"value":1,"at":"2020-13-01T00:00:00Z"}',
    ],
)
def test_a_body_that_cannot_be_used_is_answered_with_400(platform, call, device, temp, raw):
    assert call("PUT", temp + "/state", raw=raw)[0] == 400
    assert platform.state(device.id, "temp") is None


def test_history_comes_between_two_times_and_in_pages(call, temp):
    for second in range(3):
        call("PUT", temp + "/state", {"value": second, "at": f"2020-01-01T00:00:0{second}Z"})
    between = "?from=2020-01-01T00:00:01Z&to=2020-01-01T00:00:02Z&page=0"

    assert call("GET", temp + "/states" + between)[1] == {
        "data": [
            {"at": "2020-01-01T00:00:01Z", "data": 1},
            {"at": "2020-01-01T00:00:02Z", "data": 2},
        ]
    }
    assert len(call("GET", temp + "/states")[1]["data"]) == 3
    assert call("GET", temp + "/states?page=1")[1] == {"data": []}
    assert call("GET", temp + "/states?page=x")[0] == 400
    assert call("GET", temp + "/states?from=x")[0] == 400


def test_a_command_is_answered_with_200(call, temp):
    status, body = call("PUT", temp + "/command", {"value": 3})
    assert (status, body["value"]) == (200, 3)


# On the wire


def _raw(platform, head):
    with socket.create_connection(("127.0.0.1", platform.http_port), timeout=10) as connection:
        connection.sendall(f"{head}Host: x\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_answers_come_in_chunks_to_http_1_1_and_plain_to_http_1_0(platform, device, call, assets):
    for number in range(10):
        call("POST", assets, NUMBER | {"name": f"asset{number}"})
    head = f"Authorization: Bearer {device.token}\r\n"
    chunked = _raw(platform, f"GET {assets} HTTP/1.1\r\n{head}")
    plain = _raw(platform, f"GET {assets} HTTP/1.0\r\n{head}")

    assert b"\r\nTransfer-Encoding: chunked\r\n" in chunked
    assert b"\r\nContent-Type: application/json; charset=utf-8\r\n" in chunked
    assert chunked.count(b"\r\n400\r\n") >= 2
    header, _, body = plain.partition(b"\r\n\r\n")
    assert b"chunked" not in header
    assert len(json.loads(body)) == 10
