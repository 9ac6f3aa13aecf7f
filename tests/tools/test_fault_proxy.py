"""The fault proxy's faults on plain connections, each seen by a plain socket in front of it."""

import contextlib
import os
import socket
import threading
import time

import paho.mqtt.client as paho
import pytest

from tests.support.plain_sockets import (
    TIMEOUT_S,
    Server,
    ends,
    is_silent,
    passes,
    receive,
    wait_for,
)
from tools.simulate.fault_proxy import FaultProxy
from tools.simulate.local_platform import LocalPlatform


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


@pytest.fixture
def proxy(server):
    with FaultProxy(server.port) as running:
        yield running


@pytest.fixture
def connect(proxy):
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(
            socket.create_connection(("127.0.0.1", proxy.port), TIMEOUT_S)
        )


@pytest.fixture
def pair(connect, server):
    """The client's and the server's socket of one connection that has worked already."""
    client = connect()
    behind = server.accept()
    assert passes(client, behind) and passes(behind, client)
    return client, behind


# Without faults


def test_bytes_pass_both_ways_and_are_counted(proxy, pair):
    client, behind = pair
    data = os.urandom(300_000)
    sender = threading.Thread(target=client.sendall, args=(data,))
    sender.start()
    assert receive(behind, len(data)) == data
    sender.join()
    counters = proxy.counters
    assert counters.connections == counters.open == 1
    assert counters.received_bytes == counters.to_server_bytes == len(data) + 5
    assert counters.to_client_bytes == 5
    assert proxy.received == b"hello" + data


def test_an_end_of_one_side_is_passed_on_and_leaves_the_other_way_open(proxy, pair):
    client, behind = pair
    client.shutdown(socket.SHUT_WR)
    assert ends(behind, "fin")
    assert passes(behind, client)
    behind.close()
    assert ends(client, "fin")
    assert wait_for(lambda: proxy.counters.open == 0)


def test_a_server_that_is_not_there_resets_the_client(connect, server):
    server.close()
    # The reset may come within connect or after it.
    with pytest.raises(ConnectionResetError):
        connect().recv(1)


# Whole connections


def test_refused_connections_fail_and_those_that_exist_go_on(proxy, connect, pair, server):
    for _ in range(2):
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            connect()
        assert passes(*pair)
        proxy.accept()
        assert passes(connect(), server.accept())


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_cut_ends_every_connection_now_and_new_ones_work(proxy, connect, pair, server, how):
    other = connect(), server.accept()
    proxy.cut(how)
    assert all(ends(sock, how) for sock in (*pair, *other))
    assert proxy.counters.open == 0
    assert passes(connect(), server.accept())


def test_half_open_accepts_and_passes_nothing_on(proxy, connect, pair, server):
    client, behind = pair
    proxy.half_open()
    fresh = connect()
    for sock in (client, behind, fresh):
        sock.sendall(b"lost")
    assert is_silent(client) and is_silent(behind) and is_silent(fresh)
    assert len(server.sockets) == 1
    proxy.off()
    assert is_silent(client) and is_silent(fresh)
    assert passes(connect(), server.accept())


@pytest.mark.parametrize("towards", ["client", "server"])
def test_half_open_towards_one_side_passes_the_other_way(proxy, connect, pair, server, towards):
    proxy.half_open(towards)
    fresh = connect()
    for client, behind in (pair, (fresh, server.accept())):
        silent, speaking = (client, behind) if towards == "client" else (behind, client)
        speaking.sendall(b"lost")
        assert is_silent(silent)
        assert passes(silent, speaking)


def test_neither_side_of_a_half_open_connection_hears_of_the_others_end(proxy, connect, server):
    pairs = [(connect(), server.accept()) for _ in range(2)]
    proxy.half_open()
    (_, left_behind), (left_client, _) = pairs
    pairs[0][0].close()
    pairs[1][1].close()
    assert is_silent(left_behind) and is_silent(left_client)
    proxy.cut("rst")
    assert ends(left_behind, "rst") and ends(left_client, "rst")


# Bytes on the way


@pytest.mark.parametrize("how", ["rst", "fin"])
@pytest.mark.parametrize("towards", ["client", "server"])
@pytest.mark.parametrize("count", [0, 3])
def test_cut_after_ends_within_the_next_packet(proxy, connect, pair, server, towards, how, count):
    target, source = pair if towards == "client" else reversed(pair)
    proxy.cut_after(count, towards, how)
    assert passes(target, source)
    source.sendall(b"0123456789")
    assert receive(target, count) == b"0123456789"[:count]
    assert ends(target, how) and ends(source, how)
    fresh = connect()
    assert passes(server.accept(), fresh)


def test_close_after_ends_each_new_connection_right_after_the_servers_first_bytes(
    proxy, connect, pair, server
):
    proxy.close_after(4)
    for _ in range(2):
        client = connect()
        behind = server.accept()
        assert passes(client, behind)
        behind.sendall(b"\x20\x02\x00\x00more")
        assert receive(client, 4) == b"\x20\x02\x00\x00" and ends(client, "fin")
    assert passes(pair[1], pair[0])
    proxy.close_after(None)
    client = connect()
    assert passes(server.accept(), client)


def test_delay_lets_bytes_come_late_each_way_without_slowing_them(proxy, pair):
    client, behind = pair
    proxy.delay(150)
    for source, target in ((client, behind), (behind, client)):
        start = time.monotonic()
        for _ in range(10):
            source.sendall(b"x")
            time.sleep(0.005)
        assert target.recv(1) == b"x" and time.monotonic() - start >= 0.15
        receive(target, 9)
        assert time.monotonic() - start < 0.6
    proxy.delay(0)
    start = time.monotonic()
    assert passes(client, behind) and time.monotonic() - start < 0.1


def test_slow_bytes_come_at_the_rate(proxy, pair):
    client, behind = pair
    proxy.slow(200, "client")
    start = time.monotonic()
    behind.sendall(bytes(100))
    first = client.recv(100)
    assert 1 <= len(first) <= 10
    receive(client, 100 - len(first))
    assert 0.4 <= time.monotonic() - start < 1.5
    start = time.monotonic()
    assert passes(client, behind, bytes(100)) and time.monotonic() - start < 0.2


@pytest.mark.parametrize("deliver", [True, False])
def test_what_is_held_is_delivered_or_thrown_away(proxy, pair, deliver):
    client, behind = pair
    proxy.hold("client")
    behind.sendall(b"held")
    assert passes(client, behind)
    assert is_silent(client)
    proxy.release(deliver)
    behind.sendall(b"next")
    expected = b"heldnext" if deliver else b"next"
    assert receive(client, len(expected)) == expected
    assert is_silent(client)


def test_off_ends_every_fault_and_delivers_what_was_held(proxy, connect, pair, server):
    client, behind = pair
    proxy.hold("both")
    proxy.delay(10_000)
    behind.sendall(b"held")
    proxy.slow(1)
    proxy.cut_after(0, "server")
    proxy.close_after(1)
    proxy.refuse()
    proxy.off()
    assert receive(client, 4) == b"held"
    assert passes(client, behind) and passes(behind, client)
    fresh = connect()
    assert passes(server.accept(), fresh)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda proxy: proxy.delay(-1), "-1 is not a whole number of 0 or more"),
        (lambda proxy: proxy.slow(0), "0 is not a whole number of 1 or more"),
        (lambda proxy: proxy.cut("FIN"), "'FIN' is none of fin, rst"),
        (lambda proxy: proxy.cut_after(1, "both"), "'both' is none of client, server"),
        (lambda proxy: proxy.hold("board"), "'board' is none of client, server, both"),
        (lambda proxy: proxy.use_certificate("good"), "This proxy speaks no TLS"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(proxy, call, words):
    with pytest.raises(ValueError, match=words):
        call(proxy)


def test_a_closed_proxy_leaves_no_thread_and_says_so(server):
    with FaultProxy(server.port) as proxy:
        socket.create_connection(("127.0.0.1", proxy.port)).close()
    assert "fault proxy" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(RuntimeError, match="not running"):
        proxy.cut()


def test_a_paho_client_notices_a_half_open_link_and_comes_back():
    with LocalPlatform() as platform, FaultProxy(platform.mqtt_port) as proxy:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.username_pw_set(platform.create_device().token, "token")
        client.reconnect_delay_set(1, 1)
        happened = []
        client.on_connect = lambda *_: happened.append("connected")
        client.on_disconnect = lambda *_: happened.append("lost")
        client.connect("127.0.0.1", proxy.port, keepalive=1)
        client.loop_start()
        assert wait_for(lambda: happened == ["connected"])
        proxy.half_open()
        assert wait_for(lambda: "lost" in happened)
        proxy.off()
        assert wait_for(lambda: happened[-1] == "connected")
        client.disconnect()
        client.loop_stop()
