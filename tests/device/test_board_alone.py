"""A board that nobody looks after: its clock is not set, its handler hangs, its power goes.

On the virtual board, with the library as it is deployed, real NTP over loopback, a real broker.
"""

import socket
import struct
import sys
import threading
import time

import pytest

from tests.support.device_process import unix_seconds
from tests.support.virtual_board_console import mpremote
from tools.simulate.local_platform import LocalPlatform

_1900_S = 2208988800

PROGRAM = """
import machine, time
from allthingstalk import BooleanAsset, Client, Device, IntegerAsset, Outbox, timestamps
from allthingstalk.board import clock

class Board(Device):
    count = IntegerAsset()
    hang = BooleanAsset(kind="actuator")

@Board.command.hang
def on_hang(device, value, at):
    print("hanging")
    while value:
        pass

"""


class TimeServer:
    """Answers NTP on a free loopback port; `answer(question)` makes the answers, None for none."""

    def __init__(self):
        self.answer = good
        self.asked = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.name = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                question, client = self._socket.recvfrom(100)
            except OSError:
                return
            self.asked += 1
            answer = self.answer(question)
            if answer and self._socket.fileno() >= 0:
                self._socket.sendto(answer, client)

    def close(self):
        self._socket.close()


def good(question, stratum=2):
    """Return the answer of a server with the PC's time (RFC 5905, figure 8)."""
    seconds = int(time.time()) + _1900_S
    return bytes([0x24, stratum]) + bytes(22) + question[40:48] + struct.pack(">QII", 0, seconds, 0)


@pytest.fixture
def time_server():
    server = TimeServer()
    yield server
    server.close()


@pytest.fixture
def platform():
    with LocalPlatform() as running:
        yield running


def start(board, platform, tmp_path, source, **values):
    """Make a program the board's main.py and reset the board; return the device."""
    device = platform.create_device()
    values = {
        "TOKEN": device.token,
        "DEVICE_ID": device.id,
        "HTTP": platform.http,
        "MQTT": f"mqtt://{platform.mqtt}",
        **values,
    }
    head = "".join(f"{name} = {value!r}\n" for name, value in values.items())
    (tmp_path / "main.py").write_text(head + PROGRAM + source)
    mpremote(board, "fs", "cp", str(tmp_path / "main.py"), ":")
    board.reset()
    return device


ASK = """
from allthingstalk.board import clock
try:
    print("ms", clock.ask(SERVER, 0.5))
except (OSError, ValueError) as e:
    print("none", e)
"""


def test_a_time_server_is_asked_on_every_interpreter(interpreter, time_server):
    values = {"SERVER": time_server.name}
    (ms,) = interpreter.run(ASK, values).all("ms")
    assert abs(int(ms) - time.time() * 1000) < 3000
    for answer in (
        lambda question: None,
        lambda question: good(question, stratum=0),
        lambda question: good(b"another question" * 4),
        lambda question: good(question)[:40],
    ):
        time_server.answer = answer
        assert len(interpreter.run(ASK, values).all("none")) == 1


ADDRESSES = """
import socket, sys, time
from allthingstalk.board import clock

class Resolver:
    SOCK_DGRAM, socket = socket.SOCK_DGRAM, socket.socket

    def getaddrinfo(host, port, family, kind):
        places = [("127.0.0.1", number) for number in PORTS]
        return [socket.getaddrinfo(*place, 0, kind)[0] for place in places] if host == "it" else []

sys.modules["socket"] = Resolver
start = time.time_ns()
try:
    print("ms", clock.ask("it", 2))
except (OSError, ValueError) as e:
    print("none", e)
print("took", (time.time_ns() - start) // 1000000)
try:
    clock.ask("other", 2)
except OSError as e:
    print("no address", e)
"""


def test_all_addresses_of_a_time_server_are_asked(interpreter, time_server):
    silent, wrong = TimeServer(), TimeServer()
    silent.answer = lambda question: None
    wrong.answer = lambda question: good(question, stratum=0)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = closed.getsockname()[1]
        bad = [nobody, silent.port, wrong.port]
        lines = interpreter.run(ADDRESSES, {"PORTS": [*bad, time_server.port]})
        (ms,) = lines.all("ms")
        assert abs(int(ms) - time.time() * 1000) < 3000
        assert int(lines.all("took")[0]) < 1500  # it waited for none of the others
        assert lines.all("no address")
        lines = interpreter.run(ADDRESSES, {"PORTS": [nobody, wrong.port]})
        assert lines.all("none") and int(lines.all("took")[0]) < 1500
        assert len(interpreter.run(ADDRESSES, {"PORTS": bad}).all("none")) == 1
    finally:
        silent.close()
        wrong.close()


MOVED = """
def make():
    return Client(TOKEN, api=HTTP, mqtt=MQTT, outbox="/waits", timeout=2)

client = make()
clock.keep(client, [SERVER], timeout_s=0.5, every=3, needed=False)
board = Board(client=client, id=DEVICE_ID)
print("up")
while client.connected:
    client.wait(0.05)
true_ms = timestamps.now_ms()
t = time.gmtime(time.time() + OFF_S)  # what an editor does
machine.RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))
for n in range(3):
    board.count = n
    client.wait(0.2)
client.outbox.store.push()
print("off by", (timestamps.now_ms() - true_ms) // 1000)
while abs(timestamps.now_ms() - true_ms) > 600000:
    client.wait(0.05)
client.close()
print("right")
client = make()  # as after a reset: it knows what the file says
board = Board(client=client, id=DEVICE_ID, connect=False)
board.connect()
client.wait(60)
"""


@pytest.mark.parametrize("like", ["pico-w", "esp32"])
@pytest.mark.parametrize("off_s", [7200, -7200])
def test_values_that_wait_while_the_clock_is_moved_have_their_time(
    board, platform, tmp_path, time_server, off_s
):
    device = start(board, platform, tmp_path, MOVED, SERVER=time_server.name, OFF_S=off_s)
    board.wait_for("up", 20)
    began = time.time()
    platform.stop()
    board.wait_for("right", 20)
    platform.start()
    assert platform.wait_for(lambda: len(platform.states(device.id, "count")) == 3, 20)
    states = platform.states(device.id, "count")
    assert [state["value"] for state in states] == [0, 1, 2]
    for state in states:
        assert -2 < unix_seconds(state["at"]) - began < 10, states


def test_the_clock_is_set_before_the_first_connection(board, platform, tmp_path, time_server):
    time_server.answer = lambda question: None
    start(
        board,
        platform,
        tmp_path,
        """
machine.RTC().datetime((2021, 1, 1, 4, 0, 0, 0, 0))  # what a Pico W starts with
client = Client(TOKEN, api=HTTP, mqtt=MQTT)
clock.keep(client, [SERVER], timeout_s=0.3)
board = Board(client=client, id=DEVICE_ID)
board.count = 1
print("started", client.status)
while not client.connected:
    client.wait(0.1)
client.flush(5)
print("set", timestamps.clock_is_set(), time.gmtime()[0])
""",
        SERVER=time_server.name,
    )
    board.wait_for("no time server answered", 20)
    board.wait_for("started offline", 20)
    time_server.answer = good
    board.wait_for(f"set True {time.gmtime()[0]}", 30)
    assert time_server.asked >= 2


WATCHED = """
client = Client(TOKEN, api=HTTP, mqtt=MQTT, timeout=1)
client.start(50, watchdog=2)
board = Board(client=client, id=DEVICE_ID)
print("started", client.status)
while True:
    time.sleep(0.1)
"""


def test_a_handler_that_hangs_is_ended_by_the_watchdog_and_an_outage_is_not(
    board, platform, tmp_path
):
    if sys.platform != "linux":
        pytest.skip("the virtual board's watchdog is for Linux")
    device = start(board, platform, tmp_path, WATCHED)
    at = board.wait_for("started online", 20)
    starts = len(board.starts)
    platform.stop()
    time.sleep(5)  # twice the watchdog's time and more
    platform.start()
    assert platform.wait_for(lambda: platform.is_listening(device.id, "hang"), 20)
    assert len(board.starts) == starts
    # The timer polls on in the midst of the handler, which is given half a minute.
    platform.send_command(device.id, "hang", True)
    board.wait_for("hanging", 10, at)
    board.wait_for_starts(starts + 1, 60)
    assert board.starts[-1] == "watchdog"
    at = len(board.output)
    board.wait_for("started online", 20, at)


def test_a_time_that_the_watchdog_of_the_board_cannot_do_is_said(board, platform, tmp_path):
    """The virtual board has the limit of the rp2, and is no rp2 to `sys.platform`."""
    start(board, platform, tmp_path, WATCHED.replace("watchdog=2", "watchdog=9"))
    board.wait_for("the watchdog is set to 8000 ms: timeout exceeds 8388", 20)


SLEEPER = """
client = Client(TOKEN, api=HTTP, mqtt=MQTT, timeout=1, outbox="/outbox")
print("found %d." % client.pending)
board = Board(client=client, id=DEVICE_ID)
board.count = machine.RTC().datetime()[6] if client.pending else 7
print("flushed", client.flush(2))
machine.deepsleep(500)
"""


def test_values_survive_deep_sleep_on_the_flash_of_a_board(board, platform, tmp_path):
    platform.stop()
    device = start(board, platform, tmp_path, SLEEPER)
    board.wait_for("found 0.", 20)
    board.wait_for("found 1.", 40)
    at = board.wait_for("found 2.", 40)
    platform.start()
    board.wait_for("flushed True", 40, at)
    states = platform.states(device.id, "count")
    assert len(states) >= 3 and states[0]["value"] == 7
    # The two that waited carry their own time, seconds before they arrived.
    assert states[0]["at"] < states[1]["at"] < states[2]["at"]
    at = len(board.output)
    board.wait_for("found 0.", 40, at)
