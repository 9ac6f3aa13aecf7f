"""Deploying to a virtual board: only what has changed is sent, and a pulled cable does no harm."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import serial

from tests.support.deploy_rig import BOARD, Rig
from tools.board import deploy, found_files, serial_link, wanted_files
from tools.simulate import interpreters
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
MAIN = "print('MAIN', 1)\n"
# Like a client's watchdog, armed after the first good session.
WATCHED = """import time
from machine import WDT
time.sleep(4)
dog = WDT(timeout=400)
print('ARMED')
while True:
    dog.feed()
    time.sleep(0.05)
"""
LIBRARY = "/lib/allthingstalk/"


@pytest.fixture
def rig(tmp_path):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    main = tmp_path / "main.py"
    main.write_text(MAIN)
    flash = tmp_path / "flash.img"
    with VirtualBoard(flash, littlefs=True, like="pico-w") as board:
        yield Rig(board, flash, main)


@pytest.fixture
def deployed(rig):
    """The rig after a first deployment."""
    rig.deploy()
    return rig


def test_library_engines_and_programs_arrive_and_a_second_run_sends_nothing(rig):
    sent, removed = rig.deploy()
    files = rig.files()
    expected = wanted_files.library() | wanted_files.programs(BOARD, rig.main)
    assert {path: files[path] for path in expected} == expected
    assert set(sent) == set(files) and removed == []
    # The virtual board's firmware has `requests` and no umqtt.
    assert "/lib/umqtt/simple.mpy" in files and "/lib/urequests/__init__.mpy" not in files
    assert "urequests is in the firmware: not sent" in rig.said
    before = rig.flash.read_bytes()
    assert rig.deploy() == ([], [])
    assert f"nothing to send: all {len(files)} files are on the board already" in rig.said
    assert rig.flash.read_bytes() == before


def test_only_what_has_changed_is_sent(deployed):
    deployed.main.write_text("print('MAIN', 2)\n")
    clients = LIBRARY + "clients.mpy"
    deployed.put({clients: b"damaged", "/pins.py": b"old"})
    sent, removed = deployed.deploy()
    assert sent == [clients, "/pins.py", "/main.py"] and removed == []
    files = deployed.files()
    assert files[clients] == wanted_files.library()[clients]
    assert files["/main.py"] == b"print('MAIN', 2)\n"


def test_old_modules_and_sources_that_would_come_first_are_removed(deployed):
    stale = {LIBRARY + "gone.mpy", LIBRARY + "clients.py", LIBRARY + "old/part.mpy"}
    stale |= {"/lib/umqtt/simple.py", "/main.py.new", LIBRARY + "aio.mpy.new"}
    deployed.put(dict.fromkeys(stale, b"x"))
    sent, removed = deployed.deploy()
    assert sent == [] and set(removed) == {*stale, LIBRARY + "old/"}
    assert not stale & set(deployed.files())
    assert "old" not in deployed.listed(LIBRARY)


@pytest.fixture
def version(rig, monkeypatch):
    """Makes the library one of the given modules, {path in it: source}, and deploys nothing."""

    def become(modules):
        made = {LIBRARY + name: source.encode() for name, source in modules.items()}
        monkeypatch.setattr(wanted_files, "library", lambda: made)
        return made

    return become


FLAT = {"__init__.py": "v = 1", "board.py": "v = 1", "part.py": "v = 1", "part_b.py": "v = 1"}
NESTED = {
    "__init__.py": "v = 2",
    "board/__init__.py": "v = 2",
    "board/inner/__init__.py": "",
    "board/inner/deep.py": "v = 2",
    "part.py": "v = 2",
}
VERSIONS = "from allthingstalk import v, board, part; print(v, board.v, part.v)"


def test_folders_come_and_go_with_their_modules(rig, version):
    version(FLAT)
    rig.deploy()
    wanted = version(NESTED)
    sent, removed = rig.deploy()
    assert set(sent) == set(wanted)
    assert removed == [LIBRARY + "board.py", LIBRARY + "part_b.py"]
    files = rig.files()
    assert {path: files[path] for path in files if path.startswith(LIBRARY)} == wanted
    assert rig.run(VERSIONS) == "2 2 2\r\n"
    assert rig.run("from allthingstalk.board.inner import deep; print(deep.v)") == "2\r\n"
    assert rig.deploy() == ([], [])
    wanted[LIBRARY + "board/inner/deep.py"] = b"v = 3"
    assert rig.deploy() == ([LIBRARY + "board/inner/deep.py"], [])
    version(FLAT)
    removed = rig.deploy()[1]
    assert [path for path in removed if path.endswith("/")] == [
        LIBRARY + "board/inner/",
        LIBRARY + "board/",
    ]
    assert rig.listed(LIBRARY) == set(FLAT) and rig.run(VERSIONS) == "1 1 1\r\n"


def test_a_library_is_swapped_as_one_folder_unless_one_file_has_changed(rig, version):
    version(NESTED)
    inner = LIBRARY + "board/inner/deep.py"
    rig.deploy()
    assert "/lib/allthingstalk.old" not in rig.listed("/lib")
    wanted = version(NESTED | {"part.py": "v = 3"})
    assert rig.deploy() == ([LIBRARY + "part.py"], [])
    wanted = version(NESTED | {"part.py": "v = 4", "board/inner/deep.py": "v = 4"})
    assert set(rig.deploy()[0]) == set(wanted)
    wanted[LIBRARY + "new.py"] = b""  # one that was not there, maybe in place of a folder
    assert set(rig.deploy()[0]) == set(wanted)
    assert rig.files()[inner] == b"v = 4"
    assert rig.listed("/lib") == {"allthingstalk", "umqtt"}


def test_where_two_libraries_have_no_room_the_old_one_goes_first(rig, version):
    def large(v):
        return {f"part{n}.py": f"v = {v}  #" + 40000 * "x" for n in range(11)}

    version(large(1))
    rig.deploy()
    wanted = version(large(2))
    assert set(rig.deploy()[0]) == set(wanted)
    assert "the flash has no room for two libraries: the old one is removed first" in rig.said
    assert {path: rig.files()[path] for path in wanted} == wanted


def test_a_library_that_the_firmware_has_leaves_no_folder_behind(rig, version):
    version(NESTED)
    rig.deploy()
    version({})
    assert LIBRARY in rig.deploy()[1]
    assert "allthingstalk" not in rig.listed("/lib")


def test_settings_certificate_outbox_and_own_files_are_not_touched(rig):
    own = ["/settings.json", "/ca.der", "/outbox", "/my.py", "/lib/mine.py", "/lib/umqtt/robust.py"]
    rig.put({path: b"mine " + path.encode() for path in own})
    sent, removed = rig.deploy()
    assert not set(own) & {*sent, *removed}
    files = rig.files()
    assert all(files[path] == b"mine " + path.encode() for path in own)


def test_the_board_starts_anew_at_the_end(rig):
    rig.deploy(restart=True)
    starts = len(rig.board.starts)
    rig.board.wait_for_starts(starts)
    assert rig.board.starts[-1] == "soft reset"
    assert rig.said[-1].startswith("the board starts anew")


def test_a_program_that_runs_is_interrupted(rig):
    rig.put({"/main.py": b"import time\nwhile True:\n    print('old')\n    time.sleep(0.01)\n"})
    before = len(rig.board.output)
    rig.board.reset()
    rig.board.wait_for("old", since=before)
    assert "/main.py" in rig.deploy()[0]


def test_a_boot_that_takes_long_does_not_keep_it_out(rig):
    """boot.py may wait for the Wi-Fi, longer than mpremote waits for the prompt."""
    rig.put({"/boot.py": b"import time\nprint('WAITS')\ntime.sleep(300)\n"})
    assert "/boot.py" in rig.deploy()[0]


def test_a_power_cut_in_the_midst_leaves_the_old_files_and_the_next_run_mends_all(deployed):
    clients = LIBRARY + "clients.mpy"
    deployed.put({clients: b"the one before", "/main.py": b"print('the one before')\n"})
    before = deployed.files()
    cut = []

    def cut_when_a_file_is_half_sent():
        until = time.monotonic() + 30
        while time.monotonic() < until and not cut:
            if b"clients.mpy.new" in deployed.flash.read_bytes():
                os.kill(deployed.board.process_id, signal.SIGKILL)
                cut.append(True)

    thread = threading.Thread(target=cut_when_a_file_is_half_sent)
    thread.start()
    with pytest.raises((serial_link.LinkError, deploy.DeployError)):
        deployed.deploy()
    thread.join(timeout=40)
    assert cut
    after = deployed.files()
    assert {path: data for path, data in after.items() if not path.endswith(".new")} == before
    with VirtualBoard(deployed.flash, like="pico-w") as board:
        deployed.board = board
        sent, _ = deployed.deploy()
    assert set(sent) == {clients, "/main.py"}
    assert not [path for path in deployed.files() if path.endswith(".new")]


def test_a_port_that_goes_is_a_lost_board_also_where_its_queue_is_asked_for(rig):
    with pytest.raises(FileNotFoundError):
        with serial_link.connected(rig.board.port):
            (rig.flash.parent / "nothing of the board's").read_bytes()
    with pytest.raises(serial_link.LinkLost, match="stopped answering"):
        with serial_link.connected(rig.board.port) as transport:
            os.kill(rig.board.process_id, signal.SIGKILL)
            until = time.monotonic() + 10
            while time.monotonic() < until:
                transport.serial.inWaiting()  # as mpremote does while it sends


def test_a_watchdog_that_bites_in_the_midst_is_survived(rig):
    """A program has armed it: nobody feeds it while files are sent, and the board is reset."""
    rig.put({"/main.py": WATCHED.encode()})
    before = len(rig.board.output)
    rig.board.reset()
    rig.board.wait_for("ARMED", since=before)
    rig.deploy()
    assert "watchdog" in rig.board.starts
    assert rig.files()["/main.py"] == MAIN.encode()
    assert any(line.startswith("once more: the board at") for line in rig.said)


def test_a_flash_without_room_is_told_in_a_sentence(rig, tmp_path):
    with VirtualBoard(tmp_path / "small.img", littlefs=True, size=48 * 1024) as board:
        with pytest.raises(deploy.DeployError, match=r"has \d+ bytes for this, and \d+ are needed"):
            deploy.deploy(board.port, BOARD, rig.main, say=rig.said.append)


def test_a_library_or_engine_in_the_firmware_is_not_sent():
    seen = found_files.Seen(
        ["('has', ('allthingstalk', '0.1.0'))", "('has', ('umqtt.simple', ''))"]
    )
    library = {LIBRARY + "a.mpy": b"a"}
    engines = {"/lib/umqtt/simple.mpy": b"s", "/lib/urequests/__init__.mpy": b"r"}
    wanted, lines = wanted_files.choose(seen, library, engines, {"/main.py": b"m"})
    assert wanted == {"/main.py": b"m", "/lib/urequests/__init__.mpy": b"r"}
    assert any("library (0.1.0) is in the firmware" in line for line in lines)


def test_a_copy_of_the_library_that_would_hide_the_new_one_is_refused(rig):
    rig.put({"/allthingstalk/__init__.py": b""})
    with pytest.raises(deploy.DeployError, match="rm -r :allthingstalk"):
        rig.deploy()


def test_a_micropython_that_loads_other_mpy_files_is_refused():
    seen = found_files.Seen(["('mpy', 5)", "('version', (1, 18, 0))", "('shadow', False)"])
    with pytest.raises(deploy.DeployError, match="1.18.0 does not load .mpy .* 1.23 or later"):
        deploy.check(seen, print)


@pytest.mark.parametrize(
    "version, said", [((1, 22, 2), ["1.23 or later, and this is 1.22.2"]), ((1, 23, 0), [])]
)
def test_a_micropython_older_than_the_library_supports_is_named(version, said):
    seen = found_files.Seen(["('mpy', 6)", f"('version', {version})", "('shadow', False)"])
    lines = []
    deploy.check(seen, lines.append)
    assert [text for text, line in zip(said, lines, strict=True) if text in line] == said


def test_the_board_is_known_by_what_its_firmware_says():
    said = []
    assert deploy.board_of("RPI_PICO_W", said.append) == BOARD
    assert deploy.board_of("ALLTHINGSTALK_RPI_PICO_W", said.append) == BOARD and said == []
    assert deploy.board_of("standard", said.append) is None and "BOARD=" in said[0]


# The program


def run(*arguments):
    """Run the program; return its exit status and all that it printed."""
    command = [sys.executable, "-m", "tools.board.deploy", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_the_programs_of_the_folder_bring_a_board_on_line(rig):
    """What the README says: deploy, settings.json, and the board publishes."""
    with LocalPlatform() as platform:
        device = platform.create_device("Deployed")
        settings = {"token": device.token, "device": device.id}
        settings |= {"api": platform.http, "mqtt": f"mqtt://{platform.mqtt}"}
        rig.put({"/settings.json": json.dumps(settings).encode()})
        code, out = run("--port", rig.board.port, "--board", "rpi_pico_w")
        assert code == 0, out
        assert "sent /lib/allthingstalk/: " in out and "the board starts anew" in out
        assert platform.wait_for(lambda: platform.state(device.id, "count"), timeout_s=20), (
            rig.board.output[-2000:]
        )
        assert device.token not in out


def test_a_port_in_use_is_told_in_a_sentence(rig):
    with serial.Serial(rig.board.port, exclusive=True):
        code, out = run("--port", rig.board.port)
    assert code == 1 and "is in use by another program" in out and "Traceback" not in out


def test_where_no_micropython_answers_it_says_so():
    master, slave = pty.openpty()
    try:
        code, out = run("--port", os.ttyname(slave), "--wait", "1")
    finally:
        os.close(master)
        os.close(slave)
    assert code == 1 and "no MicroPython answers" in out and "Traceback" not in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "/dev/no-such-port", "--wait", "0"], "there is no port"),
        (["--board", "ESP33"], 'no board "ESP33"'),
        (["--main", "/no/such/main.py", "--port", "socket://127.0.0.1:1"], "cannot be read"),
        (["--port", "socket://127.0.0.1:1"], "nothing listens at"),
    ],
)
def test_the_program_refuses_in_a_sentence(options, words):
    code, out = run(*options)
    assert code == 1 and "deploy: " in out and words in out and "Traceback" not in out
