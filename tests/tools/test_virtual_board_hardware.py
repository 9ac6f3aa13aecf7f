"""The hardware of the virtual board: heap, pins, timers, watchdog, Wi-Fi; and what it endures."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.virtual_board_console import MPREMOTE, mpremote
from tools.simulate.virtual_board import VirtualBoard, VirtualBoardError

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    with VirtualBoard(tmp_path_factory.mktemp("flash")) as running:
        yield running


@pytest.fixture
def command(tmp_path):
    return [
        sys.executable,
        "-m",
        "tools.simulate.virtual_board",
        "--flash",
        str(tmp_path / "flash"),
    ]


def test_the_heap_is_as_large_as_asked_for(board):
    free_bytes = int(mpremote(board, "exec", "import gc; gc.collect(); print(gc.mem_free())"))
    assert 0.97 * 256 * 1024 < free_bytes <= 1.02 * 256 * 1024


def test_a_small_heap_ends_in_memory_error(tmp_path):
    with VirtualBoard(tmp_path / "flash", heap="64k") as small:
        assert mpremote(small, "exec", "x = bytearray(40_000); print(len(x))") == "40000\n"
        assert "MemoryError" in mpremote(small, "exec", "x = bytearray(70_000)", fails=True)


def test_changes_of_a_pin_are_seen(board):
    code = "from machine import Pin; led = Pin('LED', Pin.OUT); led.on(); print(led.value())"
    assert mpremote(board, "exec", code) == "1\n"
    board.wait_for_pin("LED", 1)
    assert board.pin(2) is None
    code = "led.toggle(); two = Pin(2, Pin.OUT, value=1); print(Pin('LED').value())"
    assert mpremote(board, "resume", "exec", code) == "0\n"
    board.wait_for_pin("LED", 0)
    board.wait_for_pin(2, 1)


def test_a_pin_that_the_board_does_not_have_is_invalid(board, tmp_path):
    for code in ("Pin(None)", "Pin('')"):
        said = mpremote(board, "exec", f"from machine import Pin\n{code}", fails=True)
        assert "ValueError: invalid pin" in said
    with VirtualBoard(tmp_path / "esp", like="esp32") as esp:
        code = "from machine import Pin\nled = Pin(2, Pin.OUT, value=1)\nprint(Pin(led).value())\n"
        said = mpremote(esp, "exec", code + "Pin('LED', Pin.OUT)", fails=True)
    assert said.startswith("1") and "ValueError: invalid pin" in said


WAITS = {
    "sleep": "time.sleep(0.5)",
    "sleep_ms": "time.sleep_ms(500)",
    "a loop": "while time.ticks_diff(time.ticks_ms(), start) < 500: pass",
    "poll": "import select; select.poll().poll(500)",
    "asyncio": """
import asyncio
async def pause(): await asyncio.sleep_ms(500)
asyncio.run(pause())""",
}


@pytest.mark.parametrize("wait", WAITS)
def test_a_timer_calls_back_meanwhile(board, wait):
    code = f"""
import machine, time
calls = []
timer = machine.Timer(-1)
timer.init(period=50, mode=machine.Timer.PERIODIC, callback=lambda timer: calls.append(timer))
start = time.ticks_ms()
{WAITS[wait]}
timer.deinit()
waited_ms = time.ticks_diff(time.ticks_ms(), start)
count = len(calls)
time.sleep_ms(120)
print(6 <= count <= 11, 490 < waited_ms < 700, count == len(calls), set(calls) == {{timer}})
"""
    assert mpremote(board, "exec", code) == "True True True True\n"


def test_a_timer_calls_back_at_the_prompt(board):
    code = "import machine; n = []; machine.Timer(period=50, callback=lambda timer: n.append(1))"
    mpremote(board, "exec", code)
    time.sleep(0.6)
    assert int(mpremote(board, "resume", "eval", "len(n)")) >= 8


def test_a_one_shot_timer_calls_once_and_an_error_in_a_callback_harms_nothing(board):
    code = """
import machine, time
calls = []
def callback(timer):
    calls.append(1)
    raise ValueError("in the callback")
machine.Timer(-1, period=20, mode=machine.Timer.ONE_SHOT, callback=callback)
time.sleep(0.2)
print("calls", len(calls))
"""
    output = mpremote(board, "exec", code)
    assert "in the callback" in output and "calls 1\n" in output


def test_a_watchdog_that_is_not_fed_resets_the_board(board):
    starts = len(board.starts)
    code = "import machine; dog = machine.WDT(timeout=200); print('armed')\nwhile True: pass"
    mpremote(board, "exec", "--no-follow", code)
    board.wait_for_starts(starts + 2)  # mpremote makes one soft reset
    assert board.starts[-1] == "watchdog"
    code = "import machine; print(machine.reset_cause() == machine.WDT_RESET)"
    assert mpremote(board, "resume", "exec", code) == "True\n"


def test_a_fed_watchdog_does_not_bite(board):
    code = """
import machine, time
dog = machine.WDT(timeout=150)
for _ in range(20):
    time.sleep_ms(30)
    dog.feed()
print(machine.reset_cause() == machine.SOFT_RESET)
"""
    assert mpremote(board, "exec", code) == "True\n"
    board.reset()


def test_a_program_resets_softly_and_sleeps_deeply(board):
    before = len(board.output)
    mpremote(board, "exec", "--no-follow", "import machine; machine.soft_reset()")
    board.wait_for("soft reboot", since=board.wait_for("soft reboot", since=before))
    starts = len(board.starts)
    mpremote(board, "exec", "--no-follow", "import machine; machine.deepsleep(100)")
    board.wait_for_starts(starts + 2)
    assert board.starts[-1] == "deep sleep"


WIFI = """
import network
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("any", "key")
import time
while not wlan.isconnected():
    time.sleep_ms(20)
"""


def test_wifi_outlasts_a_soft_reset_and_no_other(board):
    look = "import network; w = network.WLAN(); print(w.isconnected(), w.config('ssid'))"
    mpremote(board, "exec", WIFI)
    assert mpremote(board, "exec", look) == "True any\n"  # mpremote resets softly before
    mpremote(board, "exec", "import network; network.WLAN().disconnect()")
    assert mpremote(board, "exec", look) == "False \n"
    mpremote(board, "exec", WIFI)
    board.reset()
    assert mpremote(board, "exec", look) == "False \n"


def test_wifi_of_one_name_only(board):
    board.wifi(True, only="café 2")
    connect = WIFI.partition("while")[0] + "for _ in range(12): wlan.status(); time.sleep(0.1)\n"
    status = "print(wlan.isconnected(), wlan.status() == network.STAT_NO_AP_FOUND)"
    assert mpremote(board, "exec", connect + status) == "False True\n"
    assert mpremote(board, "exec", connect.replace("any", "café 2") + status) == "True False\n"
    board.wifi(True)
    assert mpremote(board, "exec", connect + status) == "True False\n"


def test_networks_in_reach_have_their_keys(board):
    board.networks(
        ("home", "passw0rd", -50, False), ("open", None, -70, False), ("h", "k", -60, True)
    )
    look = "print([n[0] for n in wlan.scan()], wlan.isconnected(), wlan.status() == network.%s)"
    connect = WIFI.partition("while")[0] + "for _ in range(12): wlan.status(); time.sleep(0.1)\n"
    for call, status in (
        ('"home", "passw0rd"', "STAT_GOT_IP"),
        ('"home", "password"', "STAT_WRONG_PASSWORD"),
        ('"open"', "STAT_GOT_IP"),
        ('"away", "key"', "STAT_NO_AP_FOUND"),
    ):
        said = mpremote(board, "exec", connect.replace('"any", "key"', call) + look % status)
        connected = status == "STAT_GOT_IP"
        assert said == f"[b'home', b'open', b''] {connected} True\n", (call, said)
    board.networks()
    assert mpremote(board, "exec", WIFI + "print(wlan.isconnected())") == "True\n"


OWN = """
import network, socket
ap = network.WLAN(network.AP_IF)
ap.config(essid="mine", password="passw0rd")
ap.active(True)
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(socket.getaddrinfo(ap.ifconfig()[0], 80)[0][-1])
s.listen(1)
print("listens")
network.WLAN(network.STA_IF).active(True)
network.WLAN(network.STA_IF).connect("any", "key")
network.WLAN(network.STA_IF).disconnect()
try:
    socket.getaddrinfo("127.0.0.1", 81)
except OSError as e:
    print("not to others:", e)
c, _ = s.accept()
c.send(b"hello")
c.close()
print(ap.active(False))
"""


def test_its_own_access_point_is_a_port_of_loopback_and_stays_when_a_wifi_is_left(board):
    host, port = board.portal_address.split(":")
    with ThreadPoolExecutor(1) as pool:
        said = pool.submit(mpremote, board, "exec", OWN)
        board.wait_for("not to others:", 20)
        with socket.create_connection((host, int(port)), timeout=20) as visitor:
            assert visitor.recv(5) == b"hello"
        assert said.result() == "listens\nnot to others: -2\nFalse\n"


def test_wifi_drops_and_comes_back(board):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"s = socket.socket(); s.connect(socket.getaddrinfo('127.0.0.1', {port})[0][-1])"
        mpremote(
            board,
            "exec",
            f"{WIFI}\nimport socket; {connect}\n"
            "print(wlan.ifconfig()[0], wlan.status() == network.STAT_GOT_IP)",
        )
        connection, _ = server.accept()
        board.wifi(up=False)
        connection.settimeout(5)
        assert connection.recv(1) == b"", "the open connection is cut"
        connection.close()
        code = """
print(wlan.isconnected(), wlan.ifconfig()[0], s.read(1))
for attempt in (socket.socket, lambda: socket.getaddrinfo('x', 1)):
    try:
        attempt()
    except OSError as error:
        print('OSError', error.errno)
"""
        output = mpremote(board, "resume", "exec", code)
        assert output == "False 0.0.0.0 b''\nOSError 113\nOSError -2\n"
        board.wifi(up=True)
        code = f"""
while not wlan.isconnected():
    time.sleep_ms(20)
{connect}; print('again')
"""
        assert mpremote(board, "resume", "exec", code) == "again\n"


def test_the_likeness_sets_heap_numbers_clock_and_limits(tmp_path):
    code = "import network, time, gc; print(network.STAT_GOT_IP, time.gmtime(0)[0], gc.mem_free())"
    watchdog = "import machine; machine.WDT(timeout=8389)"
    with VirtualBoard(tmp_path / "pico", like="pico-w") as pico:
        number, epoch, free_bytes = mpremote(pico, "exec", code).split()
        assert (number, epoch) == ("3", "1970")
        assert 0.97 < int(free_bytes) / (201 * 1024 * 1.55) < 1.01
        assert "8388" in mpremote(pico, "exec", watchdog, fails=True)
    with VirtualBoard(tmp_path / "esp", like="esp32") as esp:
        number, epoch, free_bytes = mpremote(esp, "exec", code).split()
        assert (number, epoch) == ("1010", "2000")
        assert 0.97 < int(free_bytes) / (110 * 1024 * 1.55) < 1.01
        year = time.gmtime().tm_year
        assert mpremote(esp, "exec", "import time; print(time.localtime()[0])") == f"{year}\n"


# What it endures


def test_a_board_that_prints_without_a_listener_goes_on(board):
    code = """
from machine import Pin
done = Pin(5, Pin.OUT)
line = 'x' * 99
for _ in range(20_000):
    print(line)
done.on()
"""
    mpremote(board, "exec", "--no-follow", code)
    board.wait_for_pin(5, 1, timeout_s=10)
    assert mpremote(board, "exec", "print('heard')") == "heard\n"


def test_a_client_that_vanishes_leaves_the_board_usable(board):
    for begun in (b"\r\x03\r\x01\x05A\x01print(1", b"\r\x03\r\x01print(", b"\r\x02x = ("):
        client = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
        os.write(client, begun)
        time.sleep(0.1)
        os.close(client)
        assert mpremote(board, "exec", "print('fine')") == "fine\n"


def test_input_nobody_reads_does_not_stop_ctrl_c(board):
    mpremote(board, "exec", "--no-follow", "while True: pass")
    client = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
    for _ in range(50):
        os.write(client, b"x" * 1000)
    os.write(client, b"\r")
    os.close(client)
    assert mpremote(board, "exec", "print('stopped')") == "stopped\n"


def test_nothing_stays_when_the_parent_is_killed(tmp_path):
    program = (
        "import time\nfrom tools.simulate.virtual_board import VirtualBoard\n"
        f"board = VirtualBoard({str(tmp_path / 'flash')!r})\nboard.start()\n"
        "print(board.process_id, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    bridge = int(parent.stdout.readline())
    interpreter = int(Path(f"/proc/{bridge}/task/{bridge}/children").read_text())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until_gone(bridge, interpreter)


def test_the_interpreter_ends_with_a_killed_bridge(command, tmp_path):
    bridge = subprocess.Popen(
        command,
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # a killed bridge cannot tidy up
    )
    read_port(bridge)
    interpreter = int(Path(f"/proc/{bridge.pid}/task/{bridge.pid}/children").read_text())
    bridge.kill()
    bridge.communicate()
    wait_until_gone(interpreter)


def wait_until_gone(*processes):
    limit_s = time.monotonic() + 5
    while any(Path(f"/proc/{process}").exists() for process in processes):
        # A container without an init process may keep the dead as zombies.
        states = [Path(f"/proc/{process}/stat") for process in processes]
        if all(not s.exists() or ") Z " in s.read_text() for s in states):
            return
        assert time.monotonic() < limit_s, "a process was left behind"
        time.sleep(0.02)


# The command line


def read_port(process):
    """Read the command line's introduction and return the port in it."""
    for line in process.stdout:
        if b"mpremote connect" in line:
            return line.split()[2].decode()
    raise AssertionError("no introduction")


def test_the_command_line_obeys_and_ends_with_ctrl_c(command, tmp_path):
    link = tmp_path / "build" / "board"
    process = subprocess.Popen(
        [*command, "--link", str(link)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert read_port(process) == str(link)
    code = "import machine, network; machine.Pin('LED', machine.Pin.OUT).on()\n"
    code += "network.WLAN(network.AP_IF).active(True)"
    subprocess.run([MPREMOTE, "connect", str(link), "exec", code], check=True, timeout=20)
    threading.Timer(0.3, process.send_signal, [signal.SIGINT]).start()
    commands = b'wifi down\nnonsense\nnetworks [["a", null, -50, false]]\nnetworks home\n'
    output = process.communicate(commands, timeout=10)[0].decode()
    assert "pin LED = 0\npin LED = 1\n" in output
    assert "access point virtual-board: its page is at http://127.0.0.1:" in output
    assert "wifi down" in output and "unknown command 'nonsense'" in output
    assert output.count('warning: networks [["name", "its key or null", -50, false], …]') == 1
    assert process.returncode == 0 and not link.is_symlink()


@pytest.mark.parametrize("littlefs", [False, True])
def test_a_second_board_on_the_same_flash_is_refused(tmp_path, littlefs):
    with VirtualBoard(tmp_path / "flash", littlefs=littlefs) as first:
        with pytest.raises(VirtualBoardError, match="runs already"):
            VirtualBoard(tmp_path / "flash").start()
        assert mpremote(first, "exec", "print('undisturbed')") == "undisturbed\n"
    with VirtualBoard(tmp_path / "flash"):
        pass


def test_help_names_every_option(command):
    text = subprocess.run([*command[:3], "--help"], cwd=PROJECT, capture_output=True, text=True)
    for option in ("--flash", "--littlefs", "--size", "--link", "--heap", "--like"):
        assert option in text.stdout


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"micropython": "no-such-program"}, "no program 'no-such-program'"),
        ({"micropython": "true"}, "could not start as a board"),
        ({"like": "toaster"}, "pico-w or esp32"),
        ({"heap": "much"}, "not a size"),
        ({"heap": "1k"}, "give more"),
        ({"flash": "/proc/none/flash"}, "Cannot make the flash"),
    ],
)
def test_bad_settings_are_refused_in_words(tmp_path, settings, words):
    board = VirtualBoard(**{"flash": tmp_path / "flash", **settings})
    with pytest.raises(VirtualBoardError, match=words):
        board.start()
    board.close()


def test_an_image_that_holds_something_else_is_left_alone(tmp_path):
    image = tmp_path / "image"
    image.write_bytes(b"something else  " * 256 * 10)
    board = VirtualBoard(image)
    with pytest.raises(VirtualBoardError, match="holds no littlefs"):
        board.start()
    assert image.read_bytes() == b"something else  " * 256 * 10
