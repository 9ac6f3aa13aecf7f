"""`allthingstalk.board.run` on the virtual board: settings, status LED, crashes, safe mode."""

import json
import time

import pytest

from tests.support.virtual_board_console import mpremote, put
from tools.simulate.local_platform import LocalPlatform

PROGRAM = """
from allthingstalk import Device, IntegerAsset
from allthingstalk.board import run

class pins:
    LED = "LED"
    BUTTON = lambda: HELD

class Meter(Device):
    count = IntegerAsset()

def program(client, settings):
    meter = Meter(client=client, id=settings.device)
    meter.count = 7
    client.flush(5)
    %s

run(program, pins)
"""


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


def settings(platform, **changes):
    device = platform.create_device()
    values = {
        "token": device.token,
        "device": device.id,
        "api": platform.http,
        "mqtt": f"mqtt://{platform.mqtt}",
        "wifi": [["home", "passw0rd"]],
        **changes,
    }
    return device, json.dumps(values)


def levels(board, seconds):
    """Return what part of the time the LED shines, and how often it goes on."""
    lit = changes = 0
    before = board.pin("LED")
    count = int(seconds / 0.02)
    for _ in range(count):
        now = board.pin("LED")
        lit += bool(now)
        changes += bool(now and not before)
        before = now
        time.sleep(0.02)
    return lit / count, changes


def test_settings_wifi_and_led_are_looked_after(board, platform, tmp_path):
    device, text = settings(platform)
    put(board, tmp_path, "settings.json", text)
    put(board, tmp_path, "main.py", "HELD = False\n" + PROGRAM % "client.wait(60)")
    board.reset()
    assert platform.wait_for(lambda: platform.state(device.id, "count"), 30)["value"] == 7
    assert "Wi-Fi home: connected" in board.output
    time.sleep(0.3)
    assert levels(board, 2)[0] > 0.95  # steady: on line
    platform.stop()
    try:
        time.sleep(1)
        lit, times = levels(board, 4)
        assert 0.3 < lit < 0.7 and 2 <= times <= 6  # slow: Wi-Fi, but no platform
        board.wifi(False)
        time.sleep(1)
        lit, times = levels(board, 4)
        assert 0.3 < lit < 0.7 and times >= 7  # fast: no Wi-Fi
    finally:
        platform.start()
    for secret in (device.token, "passw0rd"):
        assert secret not in board.output.partition("soft reboot")[2]


def test_without_settings_it_says_so_blinks_and_leaves_the_repl_usable(board, tmp_path):
    put(board, tmp_path, "main.py", "HELD = False\n" + PROGRAM % "pass")
    at = len(board.output)
    board.reset()
    board.wait_for("there is no settings.json: run make provision", 20)
    time.sleep(1)
    lit, times = levels(board, 4.4)
    assert 0.05 < lit < 0.3 and 5 <= times <= 8  # three flashes each two seconds
    assert "Traceback" not in board.output[at:]
    assert mpremote(board, "exec", "print(6 * 7)") == "42\n"


def test_wrong_settings_are_named(board, platform, tmp_path):
    put(board, tmp_path, "settings.json", settings(platform, tokn="x")[1])
    put(board, tmp_path, "main.py", "HELD = False\n" + PROGRAM % "pass")
    board.reset()
    board.wait_for("settings.json: no key 'tokn'", 20)


def test_three_crashes_lead_to_safe_mode_in_which_wifi_and_repl_work(board, platform, tmp_path):
    device, text = settings(platform)
    put(board, tmp_path, "settings.json", text)
    put(board, tmp_path, "main.py", "HELD = False\n" + PROGRAM % "raise KeyError('oops')")
    starts = len(board.starts)
    at = len(board.output)
    board.reset()
    board.wait_for("safe mode, since the program crashed 3 times in a row", 60, at)
    said = board.output[at:]
    assert said.count("the program raised: KeyError: oops") == 3
    assert "Traceback" in said and "main.py" in said
    assert len(board.starts) - starts == 4
    board.wait_for("Wi-Fi home: connected", 10, board.output.index("safe mode", at))
    assert [s["value"] for s in platform.states(device.id, "count")] == [7, 7, 7]
    put(board, tmp_path, "main.py", "HELD = False\n" + PROGRAM % "print('well')")
    mpremote(
        board, "resume", "exec", "from allthingstalk.board import safe_mode; safe_mode.forget()"
    )
    board.reset()
    board.wait_for("well", 30, at)


def test_a_held_button_leads_to_safe_mode(board, platform, tmp_path):
    put(board, tmp_path, "settings.json", settings(platform)[1])
    put(board, tmp_path, "main.py", "HELD = True\n" + PROGRAM % "print('ran')")
    board.reset()
    board.wait_for("safe mode, since the button is held", 20)
    time.sleep(1)
    lit, times = levels(board, 4.4)
    assert lit < 0.15 and 1 <= times <= 3
    assert "ran\r\n" not in board.output


def test_a_refused_token_is_said_waited_out_and_no_crash(board, platform, tmp_path):
    device, text = settings(platform)
    platform.revoke(device.token)
    put(board, tmp_path, "settings.json", text)
    put(board, tmp_path, "main.py", "HELD = False\n" + PROGRAM % "pass")
    board.reset()
    board.wait_for("the platform refused this token", 30)
    board.wait_for("Next try in 60 s", 5)
    lit, times = levels(board, 4.4)
    assert 0.03 < lit < 0.25 and 3 <= times <= 6  # two flashes each two seconds
    # Ctrl-C, which mpremote sends, leads out of the wait.
    out = mpremote(
        board, "exec", "from allthingstalk.board import safe_mode; print(safe_mode.crashes())"
    )
    assert out == "0\n"
