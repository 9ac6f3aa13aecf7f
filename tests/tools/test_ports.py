"""The board's serial port is found by itself, and what hinders it is said in words."""

import os
import pty
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.board import ports, serial_link

ROOT = Path(__file__).resolve().parents[2]


def port(device, vid=None, pid=1, description="n/a", serial_number=None):
    """A port as pyserial lists it."""
    return SimpleNamespace(
        device=device, vid=vid, pid=pid, description=description, serial_number=serial_number
    )


@pytest.fixture
def terminals():
    """Names of two devices that can be opened like serial ports."""
    opened = [pty.openpty() for _ in range(2)]
    yield [os.ttyname(slave) for _, slave in opened]
    for pair in opened:
        for fd in pair:
            os.close(fd)


@pytest.mark.parametrize("vid", ports.VENDORS)
def test_the_one_board_is_found_among_ports_without_usb(vid, terminals):
    listed = [port("/dev/ttyS0"), port(terminals[0], vid)]
    assert ports.find(listed=lambda: listed) == terminals[0]


def test_a_known_chip_goes_before_another_usb_device(terminals):
    listed = [port(terminals[0], 0x1546, description="GPS"), port(terminals[1], 0x2E8A)]
    assert ports.find(listed=lambda: listed) == terminals[1]


def test_an_unknown_usb_device_is_taken_when_it_is_the_only_one(terminals):
    assert ports.find(listed=lambda: [port(terminals[0], 0x2341)]) == terminals[0]


def test_several_boards_are_listed_with_what_tells_them_apart():
    listed = [
        port("/dev/ttyUSB0", 0x10C4, 0xEA60, "CP2102 Bridge", "0001"),
        port("/dev/ttyACM0", 0x2E8A, 5, "Board in FS mode", "e6614"),
    ]
    with pytest.raises(ports.PortError) as e:
        ports.find(listed=lambda: listed)
    text = str(e.value)
    assert "2 boards" in text and "PORT=" in text
    assert "/dev/ttyUSB0  Silicon Labs CP210x: CP2102 Bridge, USB 10c4:ea60" in text
    assert "serial number e6614" in text


def test_without_a_board_it_says_what_to_look_at():
    with pytest.raises(ports.PortError) as e:
        ports.find(listed=lambda: [port("/dev/ttyS0")])
    for word in ("cable", "driver", "BOOT", "PORT="):
        assert word in str(e.value)


def test_a_port_that_is_given_is_taken_whatever_is_plugged_in(terminals):
    listed = [port("/dev/ttyUSB0", 0x10C4), port("/dev/ttyUSB1", 0x10C4)]
    assert ports.find(terminals[0], lambda: listed) == terminals[0]
    assert ports.find("socket://127.0.0.1:9", lambda: []) == "socket://127.0.0.1:9"


def test_a_port_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ports.PortError, match="no port /dev/ttyUSB7(.|\n)*/dev/ttyS0"):
        ports.find("/dev/ttyUSB7", lambda: [port("/dev/ttyS0")])


def test_a_file_is_no_serial_port(tmp_path):
    path = tmp_path / "firmware.bin"
    path.write_bytes(b"")
    with pytest.raises(ports.PortError, match="not a serial port"):
        ports.find(str(path), lambda: [])


def test_what_to_do_about_a_missing_permission_names_the_group(terminals):
    path = Path(terminals[0])
    text = ports.not_allowed(path)
    assert f"usermod -a -G {path.group()} $USER" in text and "log in again" in text


def test_the_program_prints_the_port_or_leaves_with_a_sentence(terminals):
    def run(*arguments):
        command = [sys.executable, "-m", "tools.board.ports", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)

    assert run(terminals[0]).stdout == terminals[0] + "\n"
    bad = run("/dev/no-such-port")
    assert bad.returncode == 1 and bad.stderr.startswith("ports: there is no port")


def test_a_url_at_which_nothing_listens_is_not_in_use():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = f"socket://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(serial_link.LinkError, match="nothing listens at socket://"):
        serial_link.mpremote(port, "fs", "ls")
    with pytest.raises(serial_link.LinkError, match="nothing listens at socket://"):
        with serial_link.connected(port):
            pass
    with pytest.raises(serial_link.LinkError, match="cannot be opened(.|\n)*protocol 'sockt'"):
        with serial_link.connected("sockt://127.0.0.1:1"):
            pass
