"""What a REST side can do wrong: each ends in the exception that the API's table names.

Servers that answer with exact bytes; three interpreters; time-outs of a second at most.
"""

import pytest

from tests.support.scripted_server import (
    Refusing,
    ScriptedServer,
    chunked,
    http_answer,
    http_head,
    http_raw,
)
from tools.simulate.local_platform import LocalPlatform

TOKEN = "maker:4f0cToKeNtHaTmAyNeVeRbEsHoWn"
DEVICE_ID = "5f0c5f0c5f0c5f0c5f0c5f0c"

# Each way to ask, and what came of it in a line; MQTT is off, so that REST alone decides.
PROGRAM = """
import time
from allthingstalk import Client, Device, NumberAsset

class Window(Device):
    temp = NumberAsset()

client = Client(TOKEN, api=HTTP, mqtt=False, timeout=TIMEOUT_S)
window = Window(client=client, id=DEVICE_ID, connect=False)

def told(what, call):
    try:
        print(what, call())
    except Exception as e:
        print(what, e.__class__.__name__, getattr(e, "status", None))
        print(what + "-text", e)

started = time.time()
told("connect", window.connect)
print("took", time.time() - started)
print("status", client.status)
print("errors", client.errors)
print("last", client.last_error)
if ALL:
    told("assets", lambda: client.get_assets(DEVICE_ID))
    told("state", lambda: client.get_asset_state(DEVICE_ID, "temp"))
    told("create", lambda: client.create_asset(DEVICE_ID, window.assets["temp"]))
    told("delete", lambda: client.delete_asset(DEVICE_ID, "temp"))
def assign():
    window.temp = 1
    return "taken"
told("assign", assign)
told("poll", client.poll)
"""
# A closed client has nothing to wait for at the exit.
CLOSE = "\nclient.close()\n"


def run(interpreter, http, timeout_s=1, ask_all=True, then="", **more):
    values = {"TOKEN": TOKEN, "DEVICE_ID": DEVICE_ID, "HTTP": http, "ALL": ask_all, **more}
    return interpreter.run(PROGRAM + then + CLOSE, {"TIMEOUT_S": timeout_s, **values})


def assert_refused(program, error, status):
    """connect() raised, the device is not started; low-level calls raise the same."""
    assert program.all("connect ") == [f"{error} {status}"]
    assert program.all("status") == ["refused"]
    for call in ("assets", "create", "delete"):
        assert program.all(call + " ") == [f"{error} {status}"]
    assert program.all("state ") == [f"AssetStateRetrievalException {status}"]
    assert program.all("assign ") == ["RuntimeError None"]
    assert program.all("poll ") == ["False"]
    assert program.all("connect-text")[0].count("maker:") == 0


def assert_passing(program, status, state_error="AssetStateRetrievalException"):
    """connect() returned False and reported; values wait; low-level calls raise."""
    error = f"PlatformUnavailableException {status}"
    assert program.all("connect ") == ["False"]
    assert program.all("status") == ["offline"]
    assert program.all("errors") == ["1"]
    assert program.all("last")[0] not in ("", "None")
    for call in ("assets", "create"):
        assert program.all(call + " ") == [error]
    assert program.all("state ") == [f"{state_error} {status}"]
    assert program.all("assign ") == ["taken"]
    assert program.all("poll ") == ["False"]


REFUSED = {
    400: "PlatformException",
    401: "AccessForbiddenException",
    403: "AccessForbiddenException",
    404: "NotFoundException",
    409: "PlatformException",
    418: "PlatformException",
}


@pytest.mark.parametrize("status", REFUSED)
def test_a_status_that_refuses(interpreter, status):
    body = '{"status":%d,"error":"this is why, %s"}' % (status, TOKEN)
    with ScriptedServer(http_answer(status, body)) as server:
        program = run(interpreter, server.http)
    assert_refused(program, REFUSED[status], status)
    # The start of the body says why, without the token even if the platform repeats it.
    assert "this is why" in program.all("connect-text")[0]


@pytest.mark.parametrize("offset", [80, 100, 119, 120])
def test_an_answer_that_repeats_the_token_is_not_repeated(interpreter, offset):
    """Wherever the answer is cut off; the helper looks for parts of the token as well."""
    data = b"why" + b"-" * (offset - 3) + TOKEN.encode() * 3
    halves = offset + 10
    body = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (
        halves,
        data[:halves],
        len(data) - halves,
        data[halves:],
    )
    with ScriptedServer(
        http_raw(http_head(403, "Transfer-Encoding: chunked") + b"\r\n" + body)
    ) as server:
        program = run(interpreter, server.http)
    assert_refused(program, "AccessForbiddenException", 403)
    assert "why---" in program.all("connect-text")[0]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_status_that_passes(interpreter, status):
    with ScriptedServer(http_answer(status, "<html>later</html>")) as server:
        program = run(interpreter, server.http)
    assert_passing(program, status)


def test_retry_after_is_honoured(interpreter):
    and_wait = """
client.wait(1.9)
try:
    client.get_assets(DEVICE_ID)
except Exception as e:
    print("after", e.retry_after_s)
"""
    with ScriptedServer(http_answer(429, "", "Retry-After: 1")) as server:
        program = run(interpreter, server.http, ask_all=False, then=and_wait)
    assert program.all("after") == ["1"]
    assert len(server.connections) == 3
    # Not before the time that was asked for, and half a second later at most, as chance has it.
    assert 0.95 <= server.times[1] - server.times[0] < 1.9


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_the_token_goes_nowhere(interpreter, status):
    with ScriptedServer(http_answer(200, "[]")) as other:
        location = f"Location: {other.http}/device/{DEVICE_ID}/assets"
        with ScriptedServer(http_answer(status, "", location)) as server:
            program = run(interpreter, server.http)
        assert_refused(program, "PlatformException", status)
        assert other.connections == []
    assert "redirect" in program.all("connect-text")[0]


LIST = '[{"name":"temp","is":"sensor","profile":{"type":"number"}}]'
_JSON = LIST.encode()
_CHUNKS = http_head(200, "Transfer-Encoding: chunked") + b"\r\n"

# Every one says 200 and cannot be used; the second value is a pause before the end, in seconds.
UNUSABLE = {
    "content-length-too-long": http_raw(
        http_head(200, "Content-Length: 99") + b"\r\n" + _JSON[:-1]
    ),
    "chunk-cut": http_raw(_CHUNKS + b"40\r\n" + _JSON[:20]),
    "last-chunk-missing": http_raw(_CHUNKS + b"5\r\n" + _JSON[:5] + b"\r\n"),
    "chunk-size-no-number": http_raw(_CHUNKS + b"five\r\n" + _JSON + b"\r\n0\r\n\r\n"),
    "chunk-size-negative": http_raw(_CHUNKS + b"-5\r\n" + _JSON + b"\r\n0\r\n\r\n"),
    "chunk-longer-than-it-says": http_raw(_CHUNKS + b"4\r\n" + _JSON + b"\r\n0\r\n\r\n"),
    "not-json": http_answer(200, "<html>a captive portal</html>"),
    "json-cut": http_answer(200, LIST[:30]),
    "head-cut": http_raw(http_head(200)),
    "status-line-cut": http_raw(b"HTTP/1.1 2"),
    "no-answer": http_raw(),
    "no-http": http_raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "no-status": http_raw(b"HTTP/1.1 fine\r\n\r\n"),
    "length-no-number": http_raw(http_head(200, "Content-Length: -3") + b"\r\n" + _JSON),
    "compressed": http_raw(http_head(200, "Transfer-Encoding: gzip") + b"\r\n\x1f\x8b\x08\0"),
    "header-line-without-end": http_raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000),
    "header-lines-without-end": http_raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_an_answer_that_cannot_be_used(interpreter, case):
    with ScriptedServer(UNUSABLE[case]) as server:
        program = run(interpreter, server.http)
    assert_passing(program, None, "PlatformUnavailableException")
    # Deleting looks at the status only; it fails where there is none.
    assert program.all("delete ")[0] in ("None", "PlatformUnavailableException None")


def test_an_answer_of_the_wrong_shape(interpreter):
    with ScriptedServer(http_answer(200, '{"assets":[]}')) as server:
        program = run(interpreter, server.http)
    assert program.all("connect ") == ["False"]
    assert program.all("assets ") == ["PlatformUnavailableException None"]
    assert program.all("create ") == ["PlatformUnavailableException None"]


STALLED = {
    "silent": http_raw(hold=True),
    "head-stalls": http_raw(http_head(200), hold=True),
    "body-stalls": http_raw(http_head(200, "Content-Length: 99") + b"\r\n" + _JSON[:20], hold=True),
    "head-by-drops": http_raw(
        b"HTTP/1.1 200 OK\r\n", *[step for _ in range(40) for step in (b"X", 0.2)]
    ),
}


@pytest.mark.parametrize("case", STALLED)
def test_a_slow_answer_ends_with_the_timeout(interpreter, case):
    with ScriptedServer(STALLED[case]) as server:
        program = run(interpreter, server.http, timeout_s=0.4, ask_all=False)
    assert program.all("connect ") == ["False"]
    assert program.all("status") == ["offline"]
    assert program.all("errors")[0] != "0"
    assert 0.35 < float(program.all("took")[0]) < 2


def test_an_answer_that_is_slow_but_within_the_timeout_is_taken(interpreter):
    data = http_head(200, f"Content-Length: {len(_JSON)}") + b"\r\n" + _JSON
    steps = [step for i in range(0, len(data), 25) for step in (data[i : i + 25], 0.05)]
    with ScriptedServer(http_raw(*steps)) as server:
        program = run(interpreter, server.http, timeout_s=1, ask_all=False)
    assert program.all("connect ") == ["True"]


@pytest.mark.parametrize("sizes", [(1,), (3, 1, 7), (2, 120, 8, 1), (4096,)])
def test_chunks_of_odd_sizes_are_put_together(interpreter, sizes):
    filler = ',{"name":"b\u00e9","is":"sensor","profile":{"type":"string"},"title":"[}\\"{]"}]'
    body = LIST[:-1] + filler
    and_list = """
for asset in client.get_assets(DEVICE_ID):
    print("asset", repr(asset.name.encode()), asset.type, asset.title)
"""
    with ScriptedServer(http_raw(_CHUNKS + chunked(*sizes, body=body))) as server:
        program = run(interpreter, server.http, ask_all=False, then=and_list)
    assert program.all("connect ") == ["True"]
    assert program.all("asset") == ["b'temp' number Temp", "b'b\\xc3\\xa9' string [}\"{]"]


BAD_ENTRIES = (
    '{"name":"no-kind"}',
    "{broken",
    '{"name":5,"is":"sensor","profile":7}',
    '{"name":"big","is":"sensor","description":"%s"}' % ("x" * 6000),
    "[]",
    "{}",
)


@pytest.mark.parametrize("entry", [0, 2, 3, 4, 5])
def test_an_entry_of_the_list_that_cannot_be_read_is_skipped_and_reported(interpreter, entry):
    body = "[%s,%s]" % (BAD_ENTRIES[entry], LIST[1:-1])
    with ScriptedServer(http_answer(200, body)) as server:
        program = run(interpreter, server.http, ask_all=False)
    assert program.all("connect ") == ["True"]
    assert program.all("errors") == ["1"]
    assert "list of assets" in program.all("last")[0] and "skipped" in program.all("last")[0]


def test_a_refused_connection(interpreter):
    with Refusing() as nobody:
        program = run(interpreter, nobody.http)
    assert_passing(program, None, "PlatformUnavailableException")
    assert nobody.address in program.all("last")[0]


def test_a_name_that_does_not_resolve(interpreter):
    program = run(interpreter, "http://name.invalid", ask_all=False)
    assert program.all("connect ") == ["False"]
    assert program.all("status") == ["offline"] and program.all("errors") == ["1"]
    assert "name.invalid" in program.all("last")[0]


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


def test_a_wrong_token_at_the_platform(interpreter, platform):
    device = platform.create_device()
    program = run(interpreter, platform.http, ask_all=False, DEVICE_ID=device.id)
    assert program.all("connect ") == ["AccessForbiddenException 403"]


def test_an_unknown_device_at_the_platform(interpreter, platform):
    token = platform.create_device().token
    program = run(interpreter, platform.http, ask_all=False, TOKEN=token)
    assert program.all("connect ") == ["NotFoundException 404"]
