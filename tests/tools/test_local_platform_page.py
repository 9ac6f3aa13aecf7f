"""What the local platform's page asks of it, over real sockets; the page itself: tests/browser."""

import csv
import hashlib
import http.client
import io
import json
import re
import ssl
import urllib.request

import paho.mqtt.client as paho
import pytest

from tools.simulate.local_platform import LocalPlatform
from tools.simulate.local_platform.manners import LIKE_THE_FIELD
from tools.simulate.local_platform.page.files import paths

NUMBER = {"type": "number"}
TIMEOUT_S = 20


@pytest.fixture
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def guarded():
    """One that other machines reach."""
    with LocalPlatform(host="0.0.0.0") as running:
        yield running


@pytest.fixture
def device(platform):
    made = platform.create_device("Window")
    platform.create_asset(made.id, "temp", "actuator")
    return made


def ask(platform, method, path, body=None, **headers):
    """Return status, headers and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", platform.http_port, timeout=TIMEOUT_S)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent = {"Content-Type": "application/json", **sent}
    connection.request(method, path, None if body is None else json.dumps(body), sent)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, response.headers, data


def status(*arguments, **headers):
    return ask(*arguments, **headers)[0]


def with_token(token):
    return {"Authorization": f"Bearer {token}"}


class Stream:
    """The stream of events, batch by batch."""

    def __init__(self, platform, token=None):
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", platform.http_port, timeout=TIMEOUT_S
        )
        headers = with_token(token) if token else {}
        self._connection.request("GET", "/ui/api/events", headers=headers)
        self._response = self._connection.getresponse()

    def batches(self):
        for line in self._response:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    def until(self, name):
        """Return what comes under a name first."""
        return next(batch[name] for batch in self.batches() if name in batch)

    def rows(self, name, count):
        """Return the first rows that come under a name."""
        found = []
        for batch in self.batches():
            found += batch.get(name, [])
            if len(found) >= count:
                return found
        raise AssertionError(f"the stream ended with {found}")

    def close(self):
        self._connection.close()


@pytest.fixture
def stream(platform):
    opened = []

    def follow(token=None, of=platform):
        opened.append(Stream(of, token))
        return opened[-1]

    yield follow
    for one in opened:
        one.close()


# Files


def test_the_page_and_all_that_it_names_come_from_here(platform):
    code, headers, page = ask(platform, "GET", "/")
    assert code == 200 and headers["Content-Type"].startswith("text/html")
    named = re.findall(rb'(?:src|href)="(/[^"]*)"', page)
    assert len(named) > 4
    for path in named:
        assert status(platform, "GET", path.decode()) == 200, path
    for name, path in paths().items():
        code, headers, body = ask(platform, "GET", f"/ui/{name}")
        assert (code, body) == (200, path.read_bytes())
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert b"https://" not in body or name == "chart.js"  # which names its home in a comment


def test_nothing_else_is_served(platform):
    for path in ("/ui/none.js", "/ui/..%2Faccess.py", "/ui/%2e%2e/access.py", "/ui/access.py"):
        assert status(platform, "GET", path) in (403, 404), path


def test_the_chart_library_is_its_own_projects_release():
    """That of uPlot 1.6.31 on npm, byte by byte: the package that brings it has changed nothing."""
    content = paths()["chart.js"].read_bytes()
    assert hashlib.sha256(content).hexdigest() == (
        "2d27e8ad3d228164525ce213f9dc716f39b4e3aee0cc773fb3491c96cf4921a2"
    )


def test_the_page_is_there_over_tls_and_with_the_manners_of_the_field():
    with LocalPlatform(manners=LIKE_THE_FIELD) as platform:
        device = platform.create_device("Window/Door")
        platform.create_asset(device.id, "temp")
        trust = ssl.create_default_context(cadata=platform.roots_pem)
        with urllib.request.urlopen(platform.page, context=trust, timeout=TIMEOUT_S) as page:
            assert b"<title>Local platform" in page.read()
        for path in ("events", f"history?device={device.id}&asset=temp"):
            address = f"{platform.page}ui/api/{path}"
            with urllib.request.urlopen(address, context=trust, timeout=TIMEOUT_S) as answer:
                line = answer.readline()
                assert json.loads(line.removeprefix(b"data: "))


# The stream


def test_the_stream_begins_with_devices_and_goes_on_with_what_happens(platform, device, stream):
    following = stream()
    (listed,) = following.until("devices")
    assert (listed["id"], listed["title"], len(listed["assets"])) == (device.id, "Window", 1)
    path = f"/device/{device.id}/asset/temp/state"
    assert status(platform, "PUT", path, {"value": 21.5}, **with_token(device.token)) == 200
    ((device_id, name, number, at, value),) = following.rows("states", 1)
    assert (device_id, name, value) == (device.id, "temp", 21.5)
    assert number == 1 and at > 1_700_000_000_000


def test_messages_tell_method_path_body_and_status_and_no_token(platform, device, stream):
    path = f"/device/{device.id}/asset/temp/state"
    ask(platform, "PUT", path, {"value": 1}, **with_token(device.token))
    ask(platform, "GET", f"/device/{device.token}/assets", **with_token(device.token))
    ask(platform, "GET", "/device/none/assets", **with_token("maker:unknown-token"))
    messages = stream().rows("messages", 3)
    assert [(one["via"], one["result"]) for one in messages] == [
        *(("REST", "200"), ("REST", "404"), ("REST", "403"))
    ]
    assert messages[0]["what"] == f"PUT {path}" and messages[0]["payload"] == '{"value": 1}'
    assert device.token not in json.dumps(messages) and "unknown" not in json.dumps(messages)


def test_what_mqtt_refuses_and_ignores_is_told(platform, device, stream):
    for token in ("maker:wrong", device.token):
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.username_pw_set(token, "x")
        client.connect("127.0.0.1", platform.mqtt_port)
        client.loop_start()
        client.publish(f"device/{device.id}/asset/temp/state", '{"value": "warm"}', 1)
        if token == device.token:
            rows = stream().rows("messages", 4)
        client.loop_stop()
        client.disconnect()
    assert ("CONNECT", "refused, code 4") in [(one["what"], one["result"]) for one in rows]
    topic = f"device/{device.id}/asset/temp/state"
    assert [one["payload"] for one in rows if one["what"] == f"PUBLISH {topic}"] == [
        '{"value": "warm"}'
    ]
    assert "has to be a number" in next(
        one["result"] for one in rows if one["what"] == f"ignored of {topic}"
    )


def test_more_messages_than_can_be_shown_are_counted(platform, device, stream):
    following = stream()
    following.until("devices")
    connection = http.client.HTTPConnection("127.0.0.1", platform.http_port, timeout=TIMEOUT_S)
    data = b"".join(
        b"GET /device/none HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
        % device.token.encode()
        for _ in range(1000)
    )
    connection.connect()
    connection.sock.sendall(data)
    shown = left_out = 0
    for batch in following.batches():
        shown += len(batch.get("messages", []))
        left_out += batch.get("leftOut", 0)
        if shown + left_out == 1000:
            break
    connection.close()


def test_a_long_or_binary_message_is_cut_and_kept_readable(platform, device, stream):
    long = "ü" * 100_000
    path = f"/device/{device.id}/asset/temp/state"
    ask(platform, "PUT", path, {"value": "x", "at": long}, **with_token(device.token))
    (message,) = stream().rows("messages", 1)
    assert len(message["payload"]) < 320 and message["result"] == "400"
    assert message["payload"].startswith('{"value": "x"')


def test_a_device_and_an_asset_that_are_new_are_told(platform, device, stream):
    batches = stream().batches()
    counts = []
    for batch in batches:
        if "devices" in batch:
            counts.append(sum(len(one["assets"]) for one in batch["devices"]))
            if len(counts) == 1:
                other = platform.create_device("Door")
                platform.create_asset(other.id, "open", profile_type="boolean")
            elif counts[-1] == 2:
                return


def test_the_stream_ends_with_its_token(guarded, stream):
    device = guarded.create_device()
    following = stream(device.token, guarded)
    following.until("devices")
    guarded.revoke(device.token)
    assert list(following.batches()) == []


def test_open_streams_do_not_hold_up_a_stop(platform, stream):
    following = stream()
    following.until("devices")
    platform.stop()
    assert list(following.batches()) == []


# History


def test_history_is_every_state_by_its_time(platform, device):
    path = f"/device/{device.id}/asset/temp/state"
    for value, at in ((2, "2020-01-02"), (1, "2020-01-01"), (3, "2020-01-03")):
        body = {"value": value, "at": at}
        assert status(platform, "PUT", path, body, **with_token(device.token)) == 200
    _, _, body = ask(platform, "GET", f"/ui/api/history?device={device.id}&asset=temp")
    assert json.loads(body) == {
        "number": [2, 1, 3],
        "at": [1577836800000, 1577923200000, 1578009600000],
        "value": [1, 2, 3],
    }
    path = f"/ui/api/history?device={device.id}&asset=temp&from=1577923200000"
    assert json.loads(ask(platform, "GET", path)[2])["value"] == [2, 3]
    assert status(platform, "GET", path + "x") == 400
    assert status(platform, "GET", f"/ui/api/history?device={device.id}&asset=none") == 404


def test_csv_has_a_line_for_each_state_and_no_formula(platform, device):
    platform.create_asset(device.id, "text", profile_type="string")
    path = f"/device/{device.id}/asset/text/state"
    for value in ("=1+1", 'a "b", c\nd'):
        ask(platform, "PUT", path, {"value": value, "at": "2020-01-01"}, **with_token(device.token))
    _, headers, body = ask(platform, "GET", f"/ui/api/history.csv?device={device.id}&asset=text")
    assert headers["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
    assert rows[0] == ["time", "value"]
    assert [(time, json.loads(value)) for time, value in rows[1:]] == [
        *(("2020-01-01T00:00:00Z", "=1+1"), ("2020-01-01T00:00:00Z", 'a "b", c\nd'))
    ]
    assert not any(value.startswith(("=", "+", "-", "@")) for _, value in rows)


# What people do


def test_commands_events_and_states_are_sent_by_profile(platform, device):
    body = {"device": device.id, "asset": "temp", "value": 5}
    for stream in ("command", "event"):
        code, _, said = ask(platform, "POST", "/ui/api/send", {**body, "stream": stream})
        assert (code, json.loads(said)) == (200, {"listeners": 0})
    assert status(platform, "POST", "/ui/api/send", {**body, "stream": "state"}) == 200
    assert platform.state(device.id, "temp")["value"] == 5
    for wrong in ({"stream": "feed"}, {"stream": "state", "value": "warm"}, {"asset": 3}):
        sent = {**body, "stream": "state", **wrong}
        assert status(platform, "POST", "/ui/api/send", sent) == 400, wrong


def test_a_new_device_comes_with_its_settings(platform):
    code, _, said = ask(platform, "POST", "/ui/api/devices", {"title": "Door"})
    settings = json.loads(json.loads(said)["settings"])
    assert code == 201
    assert settings["api"] == platform.http and settings["mqtt"] == f"mqtt://{platform.mqtt}"
    path = f"/device/{settings['device']}"
    assert json.loads(ask(platform, "GET", path, **with_token(settings["token"]))[2])["title"] == (
        "Door"
    )
    assert status(platform, "POST", "/ui/api/devices", {"title": " "}) == 400


def test_faults_go_on_and_off(platform, stream):
    following = stream()
    assert following.until("about")["faults"]["rest_status"]["default"] == 500
    assert following.until("faults") == {}
    body = {"name": "rest_status", "on": True, "value": 503, "count": 2}
    assert status(platform, "PUT", "/ui/api/faults", body) == 200
    assert following.until("faults") == {"rest_status": {"value": 503, "count": 2}}
    assert status(platform, "PUT", "/ui/api/faults", {"name": "rest_status", "on": False}) == 200
    assert following.until("faults") == {}
    assert status(platform, "PUT", "/ui/api/faults", {**body, "value": 7}) == 400


def test_faults_and_manners_are_for_devices_and_not_for_the_page(platform, device):
    platform.faults.set("rest_status", 500)
    assert status(platform, "GET", "/") == 200
    assert status(platform, "GET", f"/ui/api/history?device={device.id}&asset=temp") == 200


# Rights

READS = ("/ui/api/history?device={0}&asset=temp", "/ui/api/history.csv?device={0}&asset=temp")


def test_where_others_reach_it_a_token_is_needed(guarded):
    device = guarded.create_device()
    guarded.create_asset(device.id, "temp")
    assert status(guarded, "GET", "/") == 200  # it asks for the token
    for path in ("/ui/api/events", *READS):
        path = path.format(device.id)
        assert status(guarded, "GET", path) == 401
        assert status(guarded, "GET", path, **with_token("maker:wrong")) == 403
    for path in READS:
        path = path.format(device.id)
        assert status(guarded, "GET", path, **with_token(device.token)) == 200
    for method, path in (("POST", "send"), ("POST", "devices"), ("PUT", "faults")):
        assert status(guarded, method, f"/ui/api/{path}", {}) == 401


def test_another_devices_token_sees_and_does_nothing_of_it(guarded, stream):
    mine, other = guarded.create_device("Mine"), guarded.create_device("Secret")
    for one in (mine, other):
        guarded.create_asset(one.id, "temp", "actuator")
    following = stream(mine.token, guarded)
    assert [one["title"] for one in following.until("devices")] == ["Mine"]
    for one in (other, mine):
        body, path = {"value": 1}, f"/device/{one.id}/asset/temp/state"
        assert status(guarded, "PUT", path, body, **with_token(one.token)) == 200
    guarded.send_command(other.id, "temp", 2)
    states, messages = [], []
    for batch in following.batches():
        states += batch.get("states", [])
        messages += batch.get("messages", [])
        assert not {"faults", "leftOut"} & set(batch)
        if states and messages:
            break
    assert {one[0] for one in states} == {one["device"] for one in messages} == {mine.id}
    for path in READS:
        assert status(guarded, "GET", path.format(other.id), **with_token(mine.token)) == 403
    body = {"device": other.id, "asset": "temp", "stream": "command", "value": 1}
    assert status(guarded, "POST", "/ui/api/send", body, **with_token(mine.token)) == 403
    for method, path in (("POST", "devices"), ("PUT", "faults")):
        code = status(guarded, method, f"/ui/api/{path}", {"title": "x"}, **with_token(mine.token))
        assert code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example"},
        {"Host": "evil.example:8080", "Origin": "http://evil.example:8080"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
    ],
)
def test_another_sites_page_is_refused(platform, device, headers):
    body = {"device": device.id, "asset": "temp", "stream": "state", "value": 1}
    assert status(platform, "POST", "/ui/api/send", body, **headers) == 403
    assert platform.state(device.id, "temp") is None
    if "Content_Type" not in headers:
        path = READS[0].format(device.id)
        assert status(platform, "GET", path, **headers) == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_the_page_itself_is_let_in_under_each_name_of_this_machine(platform, device, name):
    host = f"{name}:{platform.http_port}"
    headers = {"Host": host, "Origin": f"http://{host}", "Sec_Fetch_Site": "same-origin"}
    body = {"device": device.id, "asset": "temp", "stream": "state", "value": 1}
    assert status(platform, "POST", "/ui/api/send", body, **headers) == 200
