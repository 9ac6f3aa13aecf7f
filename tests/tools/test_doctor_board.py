"""make doctor: on the virtual board through its serial port, and on this PC with a settings file.

The faults that only a board can have are provoked here, and the exit status is that of the first.
"""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.device.test_board_alone import TimeServer, good
from tests.support.made_certificates import Authority
from tests.support.virtual_board_console import mpremote
from tools.board import doctor as tools_doctor
from tools.board import serial_link
from tools.build import board_folder
from tools.simulate import interpreters
from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
STEPS = "settings Wi-Fi address DNS clock TCP TLS token device assets MQTT program".split()
UNSET = "import machine\nmachine.RTC().datetime((2021, 1, 1, 4, 0, 0, 0, 0))\n"
FAST = """
import machine, time
t = time.gmtime(time.time() + 7200)
machine.RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))
"""
TIME_LIMIT_S = 120


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    return board_folder.build(tmp_path_factory.mktemp("board")) / "lib"


@pytest.fixture
def flash(library, tmp_path):
    """The board's file system, the library on it."""
    shutil.copytree(library, tmp_path / "flash" / "lib")
    return tmp_path / "flash"


@pytest.fixture
def board(flash):
    with VirtualBoard(flash, like="pico-w") as running:
        yield running


@pytest.fixture
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def values(platform):
    device = platform.create_device("Patient")
    return {
        "token": device.token,
        "device": device.id,
        "api": platform.http,
        "mqtt": f"mqtt://{platform.mqtt}",
        "wifi": [["home", "passw0rd"]],
        "timeout": 3,
    }


@pytest.fixture
def time_server():
    server = TimeServer()
    yield server
    server.close()


@pytest.fixture
def tls(platform, flash, values, time_server):
    """The front of REST; the settings are changed to TLS, and the root is on the board."""
    certificates = Certificates()
    with (
        FaultProxy(platform.http_port, tls="good", certificates=certificates) as rest,
        FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as mqtt,
    ):
        values["api"] = f"https://localhost:{rest.port}"
        values["mqtt"] = f"mqtts://localhost:{mqtt.port}"
        values["time_servers"] = [time_server.name]
        (flash / "ca.der").write_bytes(certificates.ca_pem)
        yield rest


def write(path, values):
    path.write_text(json.dumps(values))


def doctor(*arguments, folder=None):
    """Run the tool; return (exit status, {step: its line}, all it said)."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.board.doctor", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        timeout=TIME_LIMIT_S,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
    )
    steps = {line[6:16].strip(): line for line in done.stdout.splitlines()}
    return done.returncode, steps, done.stdout


def test_a_healthy_board_with_tls(board, flash, tls, values, platform):
    (flash / "main.py").write_text("print('main runs')\n")
    write(flash / "settings.json", values)
    status, steps, said = doctor("--port", board.port)
    assert status == 0, said
    assert (
        list(steps)
        == "settings Wi-Fi address DNS clock TCP TLS token device assets MQTT program".split()
    )
    assert steps["Wi-Fi"].endswith("home")
    assert "127.0.0.1, gateway" in steps["address"]
    assert "root trustme" in steps["TLS"] and "until 3000-01-01" in steps["TLS"]
    assert values["token"] not in said and "passw0rd" not in said
    board.wait_for("main runs", 20)  # the board goes back to its work


def test_a_board_with_several_roots_names_all_and_what_is_of_no_use(board, flash, tls, values):
    other, expired = Authority("Other root", (-1, 30)), Authority("Old root", (-9, -1))
    right = ssl.PEM_cert_to_DER_cert((flash / "ca.der").read_text())
    (flash / "ca.der").write_bytes(expired.der + other.der + right)
    write(flash / "settings.json", values)
    status, steps, said = doctor("--port", board.port)
    assert status == 0, said
    assert "root trustme" in steps["TLS"] and "root Other root until" in steps["TLS"]
    assert "of no use: Old root that is trusted here has expired" in steps["TLS"]
    assert steps["TLS"].endswith("so run make provision in time")  # the other one ends soon


def test_a_board_without_settings(board, flash):
    status, steps, _ = doctor("--port", board.port)
    assert status == 1
    assert "there is no settings.json" in steps["settings"]
    assert "make provision" in steps["settings"]


def test_an_open_wifi_has_no_password_or_an_empty_one(board, flash, values):
    for nothing in (None, ""):
        write(flash / "settings.json", {**values, "wifi": [["guests", nothing]]})
        status, steps, said = doctor("--port", board.port)
        assert status == 0, said
        assert steps["Wi-Fi"] == "ok    Wi-Fi     guests"


def test_a_wifi_that_is_not_in_reach(board, flash, values):
    write(flash / "settings.json", values)
    board.wifi(False)
    status, steps, said = doctor("--port", board.port)
    assert status == 2, said
    assert steps["Wi-Fi"].startswith("FAIL ") and "home: no such network" in steps["Wi-Fi"]
    assert "skipped: Wi-Fi failed" in steps["DNS"] and "skipped: Wi-Fi failed" in steps["clock"]
    assert "passw0rd" not in said


def test_a_wifi_that_the_board_has_from_before_is_no_proof(board, flash, values):
    """A soft reset does not end the Wi-Fi: that of other settings is not theirs."""
    write(flash / "settings.json", values)
    join = "import network; w = network.WLAN(); w.active(True); w.connect('%s', 'key')"
    mpremote(board, "exec", join % "neighbour")
    status, steps, said = doctor("--port", board.port)
    assert status == 0, said
    assert steps["Wi-Fi"] == "ok    Wi-Fi     home", said
    mpremote(board, "exec", join % "neighbour")
    board.wifi(True, only="neighbour")
    status, steps, said = doctor("--port", board.port)
    assert status == 2, said
    assert "neighbour: left" in steps["Wi-Fi"] and "home: no such network" in steps["Wi-Fi"]


def test_networks_that_take_their_time_do_not_end_the_visit(board, flash, values, monkeypatch):
    """One command may take 30 s otherwise, and six networks take more; here 3 s, and two."""
    monkeypatch.setattr(serial_link, "_MOST_S", 3)
    values["wifi"].append(["office", "passw0rd"])
    write(flash / "settings.json", values)
    board.wifi(False)
    start, said = time.monotonic(), []
    number = tools_doctor.on_board(
        board.port, say=lambda text: said.append((time.monotonic() - start, text))
    )
    assert number == 2, said
    took = {text: at for at, text in said}
    soon = [text for text in took if text.startswith("...   Wi-Fi     home: no such network")]
    failed = [text for text in took if text.startswith("FAIL  Wi-Fi     home: no such network")]
    assert took[failed[0]] > took[soon[0]] + 3  # the first was named while the second was tried
    assert "office: no such network" in failed[0]


TICKING = """
import machine, time
if machine.reset_cause() != 2:  # after a reset it rests
    dog = machine.WDT(timeout=2000)
    while True:
        dog.feed()
        print("tick")
        time.sleep(0.2)
"""


def test_a_watchdog_of_the_program_is_disarmed_by_a_reset(board, flash, values, monkeypatch):
    monkeypatch.setattr(tools_doctor, "_SILENT_S", 7)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # the visit outlasts the watchdog
        values.update(api="http://127.0.0.1:%d" % mute.getsockname()[1], mqtt=False)
        write(flash / "settings.json", values)
        (flash / "main.py").write_text(TICKING)
        board.power_cut()
        board.wait_for("tick")
        said = []
        assert tools_doctor.on_board(board.port, say=said.append) == 8, said
    assert "watchdog" in board.starts
    assert len([line for line in said if line.startswith("once more: ")]) == 1


def test_a_name_that_does_not_resolve(board, flash, values):
    write(flash / "settings.json", {**values, "api": "http://device.invalid"})
    status, steps, said = doctor("--port", board.port)
    assert status == 4, said
    assert "does not resolve" in steps["DNS"]


def test_the_clock_of_a_board_fresh_from_power_on(board, flash, tls, values, time_server):
    (flash / "boot.py").write_text(UNSET)
    write(flash / "settings.json", values)
    time_server.answer = lambda question: None
    status, steps, said = doctor("--port", board.port)
    assert status == 5, said
    assert steps["clock"].startswith("FAIL  clock     2021-01-01: ")
    assert "NTP" in steps["clock"] and "skipped: clock failed" in steps["TLS"]
    assert tls.received == b""
    time_server.answer = good
    status, steps, said = doctor("--port", board.port)
    assert status == 0, said
    assert "set just now by NTP" in steps["clock"]


@pytest.mark.parametrize("with_tls", [True, False])
def test_a_clock_that_is_set_and_wrong(board, flash, values, time_server, request, with_tls):
    if with_tls:
        request.getfixturevalue("tls")
    values["time_servers"] = [time_server.name]
    (flash / "boot.py").write_text(FAST)
    write(flash / "settings.json", values)
    time_server.answer = lambda question: None
    status, steps, said = doctor("--port", board.port)
    assert status == 0, said
    assert "Z: the clock is not checked: no time server answered" in steps["clock"]
    time_server.answer = good
    status, steps, said = doctor("--port", board.port)
    assert status == 0, said
    # Two hours for each start of the board.
    assert re.search("put right just now by NTP: it was [0-9]{4,} s fast", steps["clock"])


def test_a_port_at_which_nothing_listens(board, flash, values, platform):
    write(flash / "settings.json", values)
    platform.stop()
    status, steps, said = doctor("--port", board.port)
    assert status == 6, said
    assert "nothing listens" in steps["TCP"] and "is make platform running?" in steps["TCP"]


@pytest.mark.parametrize("kind, words", [("expired", "Dates:"), ("other-ca", "Chain:")])
def test_a_certificate_that_the_board_refuses(board, flash, tls, values, kind, words):
    write(flash / "settings.json", values)
    tls.use_certificate(kind)
    status, steps, said = doctor("--port", board.port)
    assert status == 7, said
    assert words in steps["TLS"] and "skipped: TLS failed" in steps["token"]
    assert tls.received == b""


def test_a_board_that_holds_no_root(board, flash, tls, values):
    (flash / "ca.der").unlink()
    write(flash / "settings.json", values)
    status, steps, said = doctor("--port", board.port)
    assert status == 7, said
    assert "this board has none" in steps["TLS"]


def test_a_token_that_was_revoked(board, flash, platform, values):
    write(flash / "settings.json", values)
    platform.revoke(values["token"])
    status, steps, said = doctor("--port", board.port)
    assert status == 8, said
    assert values["token"] not in said


METER = """
from allthingstalk import Device, StringAsset

class Meter(Device):
    count = StringAsset()
"""


def test_assets_are_compared_with_a_class_on_the_board(board, flash, platform, values):
    (flash / "meter.py").write_text(METER)
    write(flash / "settings.json", values)
    status, steps, said = doctor("--port", board.port, "--assets", "meter:Meter")
    assert status == 0, said
    assert "to be created at the next start: count" in steps["assets"]


def test_a_broker_that_refuses(board, flash, platform, values):
    write(flash / "settings.json", values)
    platform.faults.set("refuse_connect", 5)
    status, steps, said = doctor("--port", board.port)
    assert status == 11, said
    assert "CONNACK 5" in steps["MQTT"]


def test_a_board_without_the_library_is_no_finding(tmp_path):
    with VirtualBoard(tmp_path / "flash") as bare:
        status, _, said = doctor("--port", bare.port)
    assert status == 100 and "make deploy" in said
    status, _, said = doctor("--port", str(tmp_path / "nothing"), "--wait", "0")
    assert status == 100 and "there is no port" in said


# On this PC


def test_on_this_pc_with_a_settings_file(platform, values, tmp_path):
    write(tmp_path / "settings.json", values)
    status, steps, said = doctor(folder=tmp_path)
    assert status == 0, said
    assert "no Wi-Fi here" in steps["Wi-Fi"]
    write(tmp_path / "other.json", {**values, "device": "nobody"})
    assert doctor("--settings", "other.json", folder=tmp_path)[0] == 9


def test_a_root_that_is_only_on_the_board_is_said_and_left_out(platform, values, tmp_path):
    write(tmp_path / "settings.json", {**values, "ca": "/ca.der"})
    status, _, said = doctor(folder=tmp_path)
    assert status == 0 and "/ca.der is on the board" in said


def test_a_settings_file_that_no_board_takes_fails_with_its_line(values, tmp_path):
    text = json.dumps({**values, "wifi": [["net", "1234567"]]}, indent=1)
    (tmp_path / "settings.json").write_bytes(text.encode("utf-16"))
    status, steps, said = doctor(folder=tmp_path)
    line = text[: text.index('"wifi"')].count("\n") + 1
    assert status == 1 and f"settings.json, line {line}: Wi-Fi network 1" in steps["settings"], said
    (tmp_path / "settings.json").write_bytes('{"token": "\xe9"}'.encode("latin-1"))
    status, steps, said = doctor(folder=tmp_path)
    assert status == 1 and "no text in UTF-8" in steps["settings"], said
    status, steps, said = doctor("--settings", "none.json", folder=tmp_path)
    assert status == 1 and "none.json cannot be read" in steps["settings"], said


def test_a_settings_file_of_a_windows_editor_is_read(platform, values, tmp_path):
    (tmp_path / "settings.json").write_bytes(json.dumps(values).encode("utf-16"))
    status, _, said = doctor(folder=tmp_path)
    assert status == 0, said


def test_a_class_in_this_folder(values, platform, tmp_path):
    (tmp_path / "meter.py").write_text(METER)
    write(tmp_path / "settings.json", values)
    status, steps, said = doctor("--assets", "meter:Meter", folder=tmp_path)
    assert status == 0, said
    assert "to be created at the next start: count" in steps["assets"]


def test_wrong_arguments_are_no_step(tmp_path):
    for arguments in (
        ["--assets", "meter"],
        ["--state", "count"],
        ["--assets", "no:Class"],
        ["--nonsense"],
    ):
        write(tmp_path / "settings.json", {})
        status, _, said = doctor(*arguments, folder=tmp_path)
        assert status == 100, said
        assert "Traceback" not in said


def test_the_help_names_each_step_with_its_status():
    _, _, said = doctor("--help")
    for number, step in enumerate(STEPS, 1):
        assert f"{number} {step}" in said
