"""The emulator's process without an image: its second wall, its LED, and what it takes for one."""

import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from rp2040py.external.cyw43 import bus

from tools.image import uf2
from tools.simulate.emulator import EmulatedPico, ImageError, image
from tools.simulate.emulator.chips import WiFiChip

ROOT = Path(__file__).resolve().parents[2]
RP2040, RP2350 = 0xE48BFF56, 0xE48BFF59

# Tries each expression after the wall is up; prints what came of it.
WALLED = """
import asyncio, socket, subprocess, sys, urllib.request
from tools.simulate.emulator import guard

guard.confine([int(sys.argv[1])])
for attempt in sys.argv[2:]:
    try:
        eval(attempt)
        print("done")
    except PermissionError as e:
        print("refused:", e)
    except Exception as e:
        print("other:", type(e).__name__, e)
"""


def behind_the_wall(port, *attempts):
    done = subprocess.run(
        [sys.executable, "-c", WALLED, str(port), *attempts],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_process_reaches_the_named_port_and_no_other():
    with (
        socket.create_server(("127.0.0.1", 0)) as named,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        port, shut = named.getsockname()[1], other.getsockname()[1]
        said = behind_the_wall(
            port,
            f"socket.create_connection(('127.0.0.1', {port}), 5)",
            f"asyncio.run(asyncio.open_connection('127.0.0.1', {port}))",
            f"socket.create_connection(('127.0.0.1', {shut}), 5)",
            f"socket.socket().connect(('127.0.0.2', {port}))",
            f"socket.socket().connect(('192.0.2.1', {port}))",
            f"socket.socket(socket.AF_INET6).connect(('::1', {port}))",
            "socket.socket(socket.AF_UNIX).connect('/run/anything')",
        )
    assert said[:2] == ["done", "done"]
    assert said[2] == f"refused: the emulator may not connect to ('127.0.0.1', {shut})"
    assert len(said) == 7
    assert all(line.startswith("refused: ") for line in said[2:]), said


def test_the_process_asks_no_name_sends_no_datagram_and_starts_no_program():
    said = behind_the_wall(
        1,
        "socket.getaddrinfo('localhost', 80)",
        "socket.gethostbyname('localhost')",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "socket.socket().bind(('127.0.0.1', 0))",
        "subprocess.run(['true'])",
        "__import__('os').system('true')",
        "__import__('os').fork()",
    )
    assert len(said) == 7
    assert all(line.startswith("refused: ") for line in said), said


def test_the_emulators_own_download_is_walled_in_too():
    (said,) = behind_the_wall(1, "urllib.request.urlopen('http://localhost:1/firmware.uf2')")
    assert "may not look up" in said


def led_order(mask, levels):
    """Return the packet with which the driver sets outputs of the Wi-Fi chip.

    SDPCM header (size, its complement, channel 0 …), ioctl header (command 263: set a variable),
    the variable's name, mask and levels.
    """
    data = b"gpioout\0" + struct.pack("<II", mask, levels)
    size = bus.SDPCM_HEADER_LEN + bus.IOCTL_HEADER_LEN + len(data)
    head = struct.pack("<HHBBBB4x", size, size ^ 0xFFFF, 1, 0, 0, bus.SDPCM_HEADER_LEN)
    return head + struct.pack("<IIII", 263, len(data), 2, 0) + data


def test_the_led_of_a_pico_w_is_seen_changing():
    seen = []
    chip = WiFiChip((), (), [].append, seen.append)
    for mask, levels in ((1, 1), (1, 1), (2, 2), (3, 2), (1, 1)):
        packet = led_order(mask, levels)
        chip.bus.write_register(bus.WLAN_FUNCTION, 0, len(packet), int.from_bytes(packet, "little"))
    assert seen == [1, 0, 1]


def write(path, content, family=RP2040):
    path.write_bytes(uf2.write(uf2.blocks_of(content, uf2.FLASH, family)))
    return path


def test_an_image_with_the_wifi_chips_driver_is_a_pico_ws(tmp_path):
    # The names lie across two blocks, as they may in a real image.
    content = b"MicroPython v1.29.0" + bytes(230) + b"cur_etheraddr\0" + bytes(100)
    checked = image.check(write(tmp_path / "w.uf2", content))
    assert checked.has_wifi
    assert checked.path == tmp_path / "w.uf2"
    assert not image.check(write(tmp_path / "p.uf2", b"MicroPython v1.29.0")).has_wifi


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda path: None, "cannot be read: No such file"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"MicroPython" * 100), "is no UF2 file"),
        (lambda path: path.write_bytes(b"\xe9" + bytes(1000)), "is an ESP32 image"),
        (lambda path: write(path, b"MicroPython", RP2350), "only an RP2040 is emulated"),
        (lambda path: write(path, b"MicroPython", 0x11111111), "is for other chips"),
        (lambda path: write(path, b"something else"), "but not MicroPython"),
        (
            lambda path: path.write_bytes(write(path, b"MicroPython").read_bytes()[:-7]),
            "ends in the midst of a block",
        ),
    ],
)
def test_a_file_that_is_no_image_is_named_with_what_to_take(tmp_path, make, said):
    path = tmp_path / "image.uf2"
    make(path)
    with pytest.raises(ImageError) as caught:
        EmulatedPico(path)
    assert said in str(caught.value)
    assert "RPI_PICO_W" in str(caught.value)


@pytest.mark.parametrize(
    "content, said",
    [
        (None, "which firmware?"),
        (b"MicroPython", "without Wi-Fi"),
        (b"something else", "but not MicroPython"),
    ],
)
def test_the_program_refuses_in_words_before_it_starts_anything(tmp_path, content, said):
    arguments = [str(write(tmp_path / "image.uf2", content))] if content else []
    done = subprocess.run(
        [sys.executable, "-m", "tools.simulate.emulate", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
