"""What a REST server can answer: named exceptions, bounded reads, no socket left open."""

import json

from allthingstalk import (
    AllThingsTalkException,
    Asset,
    AssetMismatchException,
    AssetState,
    NumberAsset,
)
from hypothesis import strategies as st

from tests.fuzz import wire
from tests.fuzz.cases import fuzz
from tests.fuzz.rig import DEVICE_ID, TOKEN, Rig

CALLS = (
    "connect",
    "get_assets",
    "get_asset_state",
    "create_asset",
    "update_asset",
    "delete_asset",
    "create_device",
    "read",
)

_odd = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats()
    | st.sampled_from(("", "led", "text", "a b", "a/+/#", "latitude longitude", TOKEN))
    | st.text(max_size=5)
)
_any_json = st.recursive(
    _odd,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("value", "at", "state", "id", "name", "is", "profile", "type")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=5,
)
_good_assets = [
    {"id": "1", "deviceId": "D", "name": "led", "is": "actuator", "profile": {"type": "boolean"}},
    {"id": "2", "deviceId": "D", "name": "text", "is": "actuator", "profile": {"type": "string"}},
]
# One member of an asset is something else: which, what.
_asset = st.builds(
    lambda good, key, odd, leave: {**good, key: odd} if not leave else good,
    st.sampled_from(_good_assets),
    st.sampled_from(("id", "deviceId", "name", "title", "description", "is", "profile", "more")),
    _any_json | st.fixed_dictionaries({"type": _any_json, "properties": _any_json}),
    st.booleans(),
)
_state = st.fixed_dictionaries({"value": _any_json, "at": _any_json | st.text(max_size=25)})
_bodies = (
    st.lists(_asset, max_size=4)
    | _asset
    | _state
    | st.builds(lambda state: {"state": state}, _state)
    | _any_json
).map(lambda body: json.dumps(body).encode()) | st.binary(max_size=80)

_statuses = st.sampled_from(
    (b"200 OK",) * 6
    + (
        b"201 Created",
        b"204 None",
        b"304 Same",
        b"300 Many",
        b"302 Found",
        b"400 Bad",
        b"401 No",
        b"403 No",
    )
    + (b"404 None", b"409 There", b"429 Slowly", b"500 Broken", b"503 Away", b"100 Continue")
    + (b"0", b"999", b"-1", b"2oo", b"", b"9" * 900)
)
_header_lines = st.lists(
    st.sampled_from(
        (
            b"Location: http://elsewhere/",
            b"Retry-After: 7",
            b"Retry-After: never",
            b"Transfer-Encoding: gzip",
            b"Content-Length: 1000000000000",
            b"Content-Length: 0",
            b"Content-Length: -3",
            b"content-type: application/json",
            b"no colon",
            b":",
            b"X: " + b"y" * 1100,
            b"X-Token: " + TOKEN.encode(),
            b"\xff\xfe: \x00",
        )
    ),
    max_size=2,
)


def http(status, lines, framing, body):
    """Return an answer; `framing` says how its end is found: by length, by chunks, not at all."""
    head = b"HTTP/1.1 " + status + b"\r\n" + b"".join(line + b"\r\n" for line in lines)
    if framing == "length":
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    if framing == "chunks":
        half = len(body) // 2
        text = b""
        for part in (body[:half], body[half:]):
            if part:
                text += b"%x;x=y\r\n%s\r\n" % (len(part), part)
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + text + b"0\r\n\r\n"
    return head + b"\r\n" + body


answers = st.builds(
    http,
    _statuses,
    st.just([]) | _header_lines,
    st.sampled_from(("length", "chunks", "end")),
    _bodies,
)


def make(rig, call):
    """Make a call of the client, or of the device; return what it returns."""
    client = rig.client
    if call == "connect":
        return rig.board.connect()
    if call == "read":
        return rig.board.led
    if call == "create_device":
        return client.create_device("x", ground="G")
    if call in ("create_asset", "update_asset"):
        return getattr(client, call)(DEVICE_ID, NumberAsset(name="led"))
    return getattr(client, call)(*(DEVICE_ID, "led")[: 1 if call == "get_assets" else 2])


def is_right(call, found):
    """Return whether a call returned what api.md says it returns."""
    if call == "get_assets":
        return all(isinstance(a, Asset) and isinstance(a.name, str) for a in found)
    if call in ("create_asset", "update_asset"):
        return isinstance(found, Asset)
    if call in ("get_asset_state", "read"):
        return found is None or isinstance(found, AssetState) and found.value is not None
    if call == "create_device":
        return isinstance(found, str)
    return isinstance(found, bool) if call == "connect" else found is None


def asks(call, replies, ends):
    """Make a call of a server that says `replies`, one a connection, the last for ever."""
    rig = Rig()
    net, rest = rig.net, rig.net.rest
    if call == "read":
        rig.online()
    rest.log = []
    sane = rest.received

    def received(sock, data):
        sock.inbound.extend(replies[min(len(rest.log), len(replies) - 1)])
        sock.ended = ends
        rest.log.append(data)

    rest.received = received
    net.reads, before_ms = 0, net.now_ms
    try:
        found = make(rig, call)
        assert is_right(call, found), "%s returned %r" % (call, found)
    except AssetMismatchException:  # says what the platform keeps: kinds and types
        pass
    except AllThingsTalkException as e:
        assert TOKEN not in str(e)
    assert net.now_ms - before_ms <= 120000
    assert len(rest.log) <= 8
    rig.check()
    assert not any("MQTT" in text for text in rig.reports), "REST is to blame, not MQTT"
    assert all(sock.closed for sock in net.sockets), "a REST socket was left open"
    rest.received = sane
    if not rig.client.connected:
        rig.board.connect()
    rig.recovers()


@fuzz(2000, call=st.sampled_from(CALLS), reply=st.binary(max_size=120), ends=st.booleans())
def test_any_bytes(call, reply, ends):
    asks(call, [reply], ends)


@fuzz(
    3000,
    call=st.sampled_from(("connect", "connect", "get_assets", "create_asset")),
    key=st.sampled_from(("id", "name", "is", "profile", "title")),
    odd=_any_json | st.fixed_dictionaries({"type": st.just("string"), "properties": _any_json}),
)
def test_an_asset_one_member_of_which_is_odd(call, key, odd):
    asset = json.dumps({**_good_assets[1], key: odd}).encode()
    listed = b"[%s]" % asset
    asks(call, [http(b"200 OK", [], "length", asset if call == "create_asset" else listed)], True)


@fuzz(7000, call=st.sampled_from(CALLS), replies=st.lists(answers, min_size=1, max_size=2))
def test_answers_of_any_shape(call, replies):
    asks(call, replies, True)


@fuzz(
    8000,
    call=st.sampled_from(CALLS),
    reply=answers,
    changes=wire.changes,
    ends=st.booleans(),
)
def test_answers_damaged_on_the_way(call, reply, changes, ends):
    asks(call, [wire.changed(reply, changes)], ends)
