"""A board's life without a cable: flashed, set up from a phone, run, updated, saved from a bad one.

An image is written to a mock of the ESP32's boot loader and read back from it; its file system is a
virtual board's flash. The set-up page is filled in by a real browser. The local platform commands
the board's LED from its first session on, through both updates.
"""

import json
import threading
import time

import pytest
from esp32_mock_bootloader import mock_bootloader

from tests.support import browser
from tests.support.firmware_files import esp32
from tests.support.releases import Releases, told
from tests.tools.test_flash import read_flash, run
from tests.tools.test_setup_portal import check, fill, opened, outcome
from tools.board import boards
from tools.image import __main__ as image
from tools.simulate import interpreters
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

LIMIT_S = 120
# 166 KB are free at boot on an ESP32 with MicroPython 1.23; 64 bits take 1.55 times as much.
HEAP = "257k"
FILE_SYSTEM = (0x200000, 0x200000)  # offset and bytes, as firmware_files has them
PROGRAM = """
from allthingstalk import BooleanAsset, Device, IntegerAsset, update
from allthingstalk.board import run

VERSION = %(version)r
%(start)s

class pins:
    LED = 2

class Lamp(Device):
    count = IntegerAsset()
    led = BooleanAsset(kind="actuator", echo=True, handler=lambda lamp, on, at: print("LED", on))

def program(client, settings):
    lamp = Lamp(client=client, id=settings.device, connect=False)
    update.offer(lamp, %(key)r)
    lamp.connect()
    print("version", VERSION, "runs")
    n = 0
    while True:
        n += 1
        lamp.count = n
        client.wait(0.5)

run(program, pins, setup_portal=True)
"""


class Somebody(threading.Thread):
    """Switches the LED again and again; `silent_s` is the longest time in which it did not obey."""

    def __init__(self, platform, device):
        super().__init__(daemon=True)
        self.platform, self.device = platform, device
        self.obeyed, self.silent_s, self.ended = 0, 0.0, threading.Event()

    def run(self):
        on, last = False, time.monotonic()
        while not self.ended.wait(0.3):
            state = self.platform.state(self.device.id, "led")
            if state and state["value"] is on:
                self.obeyed += 1
                last = time.monotonic()
                on = not on
            self.silent_s = max(self.silent_s, time.monotonic() - last)
            if self.platform.is_listening(self.device.id, "led"):
                self.platform.send_command(self.device.id, "led", on)


@pytest.fixture
def flash_image(tmp_path):
    """The file system of a flashed image, as the chip has it; (path, set-up password)."""
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    (tmp_path / "firmware.bin").write_bytes(esp32())
    board = boards.find("ESP32_GENERIC")
    firmware = image.open_firmware(tmp_path / "firmware.bin", board)
    main = tmp_path / "main.py"
    ((path, password),) = image.make(board, firmware, None, None, main, tmp_path / "out").items()
    with mock_bootloader(chip="esp32") as chip:
        code, said = run("--board", "ESP32_GENERIC", "--port", chip.url(), "--firmware", path)
        assert code == 0 and "Verification successful" in said, said
        region = read_flash(chip.url(), *FILE_SYSTEM, tmp_path)
    (tmp_path / "flash.img").write_bytes(region)
    return tmp_path / "flash.img", password


@pytest.fixture
def releases(tmp_path):
    made = Releases(tmp_path / "releases")
    made.text = PROGRAM
    (tmp_path / "main.py").write_text(made.program("1.0"))
    return made


def test_it_is_flashed_set_up_updated_and_saved_without_a_cable(
    releases, flash_image, record_property
):
    path, password = flash_image
    with (
        LocalPlatform(releases=releases.folder) as platform,
        VirtualBoard(path, littlefs=True, size="2M", like="esp32", heap=HEAP) as board,
        browser.open_page(**browser.PHONE) as page,
    ):
        device = platform.create_device("Lamp")
        board.networks(("home", "passw0rd", -48, False))
        at = len(board.output)
        board.power_cut()
        started = time.monotonic()
        opened(board, page, since=at)
        assert f"password {password}" in board.output
        fill(page, platform, device)
        check(page)
        assert "starts anew" in outcome(page)
        board.wait_for("version 1.0 runs", LIMIT_S)
        record_property("set-up, seconds", round(time.monotonic() - started))
        somebody = Somebody(platform, device)
        somebody.start()
        assert platform.wait_for(lambda: somebody.obeyed > 1, LIMIT_S)
        started = time.monotonic()
        releases.make("2.0", files={"/data.bin": bytes(range(256)) * 100})
        platform.send_command(device.id, "update", "2.0")
        assert platform.wait_for(lambda: told(platform, device) == "2.0: running", LIMIT_S)
        record_property("update with its trial, seconds", round(time.monotonic() - started))
        started = time.monotonic()
        releases.make("3.0", "raise ValueError('broken')")
        platform.send_command(device.id, "update", "3.0")
        back = "2.0: running; 3.0 was taken back: ValueError: broken"
        assert platform.wait_for(lambda: told(platform, device) == back, LIMIT_S), board.output
        record_property("way back, seconds", round(time.monotonic() - started))
        obeyed = somebody.obeyed
        assert platform.wait_for(lambda: somebody.obeyed > obeyed + 1, LIMIT_S)
        somebody.ended.set()
        somebody.join()
        record_property("longest time without obedience, seconds", round(somebody.silent_s))
        assert somebody.silent_s < 60
        for secret in (device.token, "passw0rd"):
            assert secret not in board.output
        assert json.dumps(platform.states(device.id, "update")).count(device.token) == 0
