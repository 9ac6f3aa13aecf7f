"""When the set-up portal opens and ends on a board: the button, ten minutes, Ctrl-C, memory."""

import json
import urllib.request

import pytest

from tests.device.test_board_run import PROGRAM, levels
from tests.support.firmware_files import PICO_W_FS, pico, uf2_contents
from tests.support.virtual_board_console import Console, mpremote, put
from tools.board import boards
from tools.image import __main__ as image
from tools.simulate.virtual_board import VirtualBoard

SLOW_S = 90
# The real portal, with seconds in place of ten minutes.
SHORT = """
from allthingstalk.board import setup_portal
real = setup_portal.open_portal
def short(path):
    real(path, ends_s=6)
    print("the portal has ended")
setup_portal.open_portal = short
HELD = %s
"""
RUN = (
    PROGRAM.replace("run(program, pins)", "run(program, pins, setup_portal=True)") % "print('ran')"
)
SETTINGS = {
    "device": "d",
    "token": "maker:t",
    "api": "http://127.0.0.1:9",
    "wifi": [["home", None]],
}
SAYS = "to set this board up, join the Wi-Fi AllThingsTalk-"


def test_without_settings_it_opens_and_after_its_time_the_board_waits(board, tmp_path):
    put(board, tmp_path, "main.py", SHORT % "False" + RUN)
    board.reset()
    at = board.wait_for(SAYS, SLOW_S)
    assert "there is no settings.json: run make provision" in board.output
    lit, times = levels(board, 4)
    assert 0.25 < lit < 0.6 and 3 <= times <= 5  # a long and a short flash each two seconds
    board.wait_for("the portal has ended", SLOW_S)
    lit, times = levels(board, 4.4)
    assert 0.05 < lit < 0.3 and 5 <= times <= 9  # three flashes each two seconds: no settings
    assert "Traceback" not in board.output[at:]
    check = "import network; print(network.WLAN(network.AP_IF).active())"
    assert mpremote(board, "resume", "exec", check) == "False\n"


def test_with_the_button_held_it_opens_with_good_settings_and_ends_in_a_reset(board, tmp_path):
    put(board, tmp_path, "settings.json", json.dumps(SETTINGS))
    put(board, tmp_path, "main.py", SHORT % "True" + RUN)
    starts = len(board.starts)
    board.reset()
    at = board.wait_for(SAYS, SLOW_S)
    board.wait_for_starts(starts + 2, SLOW_S)
    board.wait_for(SAYS, SLOW_S, at)
    assert "safe mode" not in board.output and "ran\n" not in board.output


def test_crashes_lead_to_safe_mode_and_not_to_the_portal(board, tmp_path):
    put(board, tmp_path, "settings.json", json.dumps(SETTINGS))
    put(board, tmp_path, "crashes", "3")
    put(board, tmp_path, "main.py", SHORT % "False" + RUN)
    at = len(board.output)
    board.reset()
    board.wait_for("safe mode, since the program crashed 3 times", SLOW_S, at)
    assert SAYS not in board.output


def test_ctrl_c_leads_to_the_repl_and_ends_the_access_point(board, tmp_path):
    put(board, tmp_path, "main.py", "HELD = False\n" + RUN)
    board.reset()
    board.wait_for(SAYS, SLOW_S)
    with Console(board, "resume", "repl") as console:
        console.type("\x03")
        console.expect(">>> ", SLOW_S)
        console.type("import network; print(network.WLAN(network.AP_IF).active())\r\n")
        console.expect("False", SLOW_S)


OPEN = """
import gc, os, sys, network
from allthingstalk.board.setup_portal import open_portal
ap = network.WLAN(network.AP_IF)
for password in ("short", "x" * 64):
    try:
        open_portal(password=password)
        print("taken")
    except ValueError as e:
        print(e)
gc.collect()
before = gc.mem_alloc()
%s
gc.collect()
print(ap.active(), [m for m in sys.modules if "portal" in m], gc.mem_alloc() - before)
"""


@pytest.mark.parametrize("like", ["pico-w", "esp32"])
def test_a_program_may_open_it_with_a_password_of_its_own_or_none(board):
    said = mpremote(
        board,
        "exec",
        OPEN % "print(open_portal(password='my own one', ends_s=1), ap.config('key'))",
    )
    assert said.count("password is 8 to 63 characters of ASCII") == 2 and "taken" not in said
    assert "password my own one, and open http://127.0.0.1/" in said
    assert "False my own one\nFalse ['allthingstalk.board.setup_portal'] " in said
    assert int(said.split()[-1]) < 4096, said  # names, and what the client needs all the same
    said = mpremote(board, "exec", OPEN % "print(open_portal(password='', ends_s=1))")
    assert ", which is open, and open http" in said
    assert "setup_password" not in mpremote(board, "fs", "ls")


def test_a_password_is_made_once_and_kept(board, tmp_path):
    first = mpremote(board, "exec", OPEN % "open_portal(ends_s=1)")
    password = first.partition("password ")[2].partition(", and open")[0].split("password ")[-1]
    assert mpremote(board, "fs", "cat", ":setup_password") == password
    assert len(password) == 10 and not set(password) & set("lo01")
    assert password in mpremote(board, "exec", OPEN % "open_portal(ends_s=1)")
    put(board, tmp_path, "setup_password", "half")  # a power cut, while it was being written
    assert "password half" not in mpremote(board, "exec", OPEN % "open_portal(ends_s=1)")


def test_an_image_without_settings_opens_it_with_the_password_of_the_list(board_content, tmp_path):
    (tmp_path / "pico.uf2").write_bytes(pico())
    stock = boards.find("RPI_PICO_W")
    ((path, password),) = image.make(
        stock, image.open_firmware(tmp_path / "pico.uf2", stock), to=tmp_path / "out"
    ).items()
    start, size = PICO_W_FS
    region = bytearray(b"\xff" * size)
    for address, data in uf2_contents(path.read_bytes()).items():
        if address >= start:
            region[address - start : address - start + len(data)] = data
    (tmp_path / "flash.img").write_bytes(region)
    with VirtualBoard(tmp_path / "flash.img", littlefs=True, like="pico-w") as flashed:
        flashed.wait_for(f", password {password}, and open http://127.0.0.1/", SLOW_S)
        with urllib.request.urlopen(f"http://{flashed.portal_address}/", timeout=SLOW_S) as page:
            assert b"Set up this board" in page.read()
