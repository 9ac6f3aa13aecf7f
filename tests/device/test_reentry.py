"""Threads, Ctrl-C and other tasks beside the client, on three interpreters: nothing is lost.

Two threads assign while the main one polls; real signals come some 30 times a second; an asyncio
task goes on blinking while a broker says nothing.
"""

import random
import signal
import socket
import time

import pytest

from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.local_platform import LocalPlatform

COUNT = 300  # values of each thread
# Values that wait at a time. Where a thread is not asked for its number (32 bits of the unix port),
# the main one takes itself for an interrupt while another holds the lock: of those 64 are kept.
MOST = 30
SIGNALS = 100
# The longest pause of another task, in ms: the design's bounds, and what a loaded machine adds.
PAUSE_MS, PAUSE_TLS_MS = 50, 250
LOADED_MS = 250

HEAD = """
    import time
    from allthingstalk import Client, Device, IntegerAsset

    class Board(Device):
        main = IntegerAsset()
        first = IntegerAsset()
        second = IntegerAsset()

    """

THREADS = (
    HEAD
    + """
    import _thread

    client = Client(TOKEN, http=HTTP, mqtt=MQTT, outbox=None)
    board = Board(client=client, id=DEVICE)
    done = []

    def assign(member):
        for number in range(COUNT):
            setattr(board, member, number)
            while client.pending > MOST:
                time.sleep(0.001)
        done.append(member)

    for member in ("first", "second"):
        _thread.start_new_thread(assign, (member,))
    for number in range(COUNT):
        board.main = number
        client.poll()
        while client.pending > MOST:
            client.poll()
    end = time.time() + 15
    while len(done) < 2 and time.time() < end:
        client.wait(0.05)
    print("flushed", client.flush(15), client.dropped, client.errors, client.last_error)

    def poll():
        try:
            client.poll()
            said.append("polled")
        except RuntimeError as e:
            said.append(str(e))

    said = []
    _thread.start_new_thread(poll, ())
    while not said:
        time.sleep(0.01)
    print("thread", said[0])
    client.close()
    """
)

STOPPED = (
    HEAD
    + """
    client = Client(TOKEN, http=HTTP, mqtt=MQTT, timeout=2, log=None)
    board = Board(client=client, id=DEVICE)
    number = taken = 0
    stops = -1
    while stops < SIGNALS:
        try:
            if stops < 0:
                stops = 0
                print("go")
            while True:
                board.main = number
                taken = number + 1
                number += 1
                client.poll()
                while client.pending > 50:
                    client.poll()
        except KeyboardInterrupt:  # the next one comes after the line below
            stops += 1
            number = max(number, taken)
            print("stop", stops)
    print("stopped", taken)
    print("flushed", client.flush(15), client.dropped, client.pending, client.last_error)
    client.close()
    """
)

TASKS = (
    HEAD
    + """
    import asyncio

    most = 0

    async def blink():
        global most
        last = time.time_ns()
        while True:
            await asyncio.sleep(0.01)
            now = time.time_ns()
            most = max(most, (now - last) // 1000000 - 10)
            last = now

    async def main():
        global most
        client = Client(TOKEN, http=HTTP, mqtt=MQTT, ca=CA, timeout=1, log=None)
        board = Board(client=client, id=DEVICE, connect=False)
        board.connect()
        task = asyncio.create_task(blink())
        run = asyncio.create_task(client.run())
        await asyncio.sleep(0.2)
        most = 0
        print("on line", client.connected)
        for number in range(SECONDS * 20):
            board.main = number
            await asyncio.sleep(0.05)
        print("pause", most)
        client.close()

    asyncio.run(main())
    """
)


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def values(platform):
    device = platform.create_device("Board")
    return {
        "TOKEN": device.token,
        "DEVICE": device.id,
        "HTTP": platform.http,
        "MQTT": platform.mqtt,
        "CA": None,
    }


def arrived(platform, values, asset):
    return [state["value"] for state in platform.states(values["DEVICE"], asset)]


def test_two_threads_that_assign_while_the_main_one_polls(interpreter, platform, values):
    program = interpreter.start(
        THREADS, {**values, "COUNT": COUNT, "MOST": MOST}, [values["TOKEN"]]
    )
    program.finish(60)
    assert program.all("flushed") == ["True 0 0 None"]
    for asset in ("main", "first", "second"):
        assert arrived(platform, values, asset) == list(range(COUNT)), asset
    # Where threads have large numbers on 32 bits, poll() does not ask which one it is in.
    assert "this thread may only assign" in program.output or interpreter.name != "cpython"


def test_ctrl_c_at_any_moment_costs_the_link_and_nothing_else(interpreter, platform, values):
    if interpreter.name != "cpython":
        # MICROPY_ASYNC_KBD_INTR; a board raises it between two instructions of a program, for
        # which contract/test_ctrl_c stands.
        pytest.skip("the unix port raises Ctrl-C in the midst of its allocator, and locks its heap")
    program = interpreter.start(STOPPED, {**values, "SIGNALS": SIGNALS}, [values["TOKEN"]])
    program.wait_for("go")
    for stops in range(1, SIGNALS + 1):
        time.sleep(random.uniform(0.01, 0.04))
        assert program.signal(signal.SIGINT), program.output
        program.wait_for("stop ", stops)
    program.finish(60)
    assert program.all("flushed")[0].startswith("True 0 0"), program.output
    got = arrived(platform, values, "main")
    assert set(got) >= set(range(int(program.all("stopped")[-1])))


@pytest.mark.parametrize("tls", (False, True), ids=("plain", "tls"))
def test_another_task_goes_on_through_outages(interpreter, platform, values, tls, tmp_path):
    options = {"tls": "good", "certificates": Certificates()} if tls else {}
    with FaultProxy(platform.mqtt_port, **options) as link:
        values["MQTT"] = f"mqtt://{link.address}"
        if tls:
            ca = tmp_path / "ca.pem"
            ca.write_bytes(link.ca_pem)
            values |= {"CA": str(ca), "MQTT": f"mqtts://localhost:{link.port}"}
        program = interpreter.start(TASKS, {**values, "SECONDS": 8}, [values["TOKEN"]])
        assert program.wait_for("on line") == "True"
        time.sleep(1)
        link.cut()
        time.sleep(1.5)
        link.hold()  # connections are taken, and nothing comes
        link.cut()
        time.sleep(3)
        link.off()
        program.finish(60)
    pause_ms = int(program.all("pause")[0])
    assert pause_ms <= (PAUSE_TLS_MS if tls else PAUSE_MS) + LOADED_MS, pause_ms


def test_a_reconnect_to_a_broker_that_says_nothing_keeps_nobody_waiting(
    interpreter, platform, values
):
    """The connection is taken, and no byte comes: each try ends after `timeout`."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        values["MQTT"] = "mqtt://127.0.0.1:%d" % silent.getsockname()[1]
        values["SECONDS"] = 5
        program = interpreter.start(TASKS, values, [values["TOKEN"]])
        assert program.wait_for("on line") == "False"
        program.finish(60)
    assert int(program.all("pause")[0]) <= PAUSE_MS + LOADED_MS
