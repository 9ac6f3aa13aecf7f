"""The virtual board as mpremote sees it: every command, on both kinds of flash."""

import functools
import hashlib
import http.server
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from tests.support.virtual_board_console import MPREMOTE, Console, mpremote
from tools.simulate.virtual_board import VirtualBoard

# For what has nothing to do with the flash.
ON_ONE_FLASH = pytest.mark.parametrize("board", ["littlefs"], indirect=True)

CONTROL_BYTES = bytes(range(256)) * 20 + b"\x03\x04\x18\x01\r\n"


@pytest.fixture(scope="module", params=["folder", "littlefs"])
def board(request, tmp_path_factory):
    flash = tmp_path_factory.mktemp("flash") / request.param
    with VirtualBoard(flash, littlefs=request.param == "littlefs") as running:
        running.flash = flash
        running.kind = request.param
        yield running


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    (folder / "demo").mkdir(parents=True)
    (folder / "demo" / "__init__.py").write_text("from .core import answer\n")
    (folder / "demo" / "core.py").write_text("def answer():\n    return 42\n")
    return folder


@pytest.fixture
def put(board, tmp_path):
    """Copy texts to the board as files, and remove them after the test."""
    put_files = []

    def put_text(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.py").write_text(text)
            put_files.append(f"{name}.py")
        names = [f"{name}.py" for name in texts]
        mpremote(board, "fs", "cp", *names, ":", folder=tmp_path)

    yield put_text
    for name in put_files:
        mpremote(board, "fs", "rm", f":{name}")


# Running code


@ON_ONE_FLASH
def test_exec_prints_and_eval_returns(board):
    assert mpremote(board, "exec", "print(6 * 7)") == "42\n"
    assert mpremote(board, "eval", "[1, 'a']") == "[1, 'a']\n"


@ON_ONE_FLASH
def test_exec_fails_with_a_traceback(board):
    assert "ZeroDivisionError" in mpremote(board, "exec", "1 / 0", fails=True)


@ON_ONE_FLASH
def test_run_takes_a_file_of_the_pc(board, tmp_path):
    (tmp_path / "script.py").write_text("print('ran', 'ž')\n", encoding="utf-8")
    assert mpremote(board, "run", "script.py", folder=tmp_path) == "ran ž\n"


@ON_ONE_FLASH
def test_ctrl_c_stops_an_endless_script(board, tmp_path):
    (tmp_path / "endless.py").write_text("print('endless')\nwhile True:\n    pass\n")
    before = len(board.output)
    process = subprocess.Popen(
        [MPREMOTE, "connect", board.port, "run", str(tmp_path / "endless.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    board.wait_for("endless", since=before)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert mpremote(board, "exec", "print('alive')") == "alive\n"


@ON_ONE_FLASH
def test_resume_keeps_what_was_set(board):
    output = mpremote(board, "exec", "a = 5", "sleep", "0.1", "resume", "eval", "a")
    assert output == "5\n"
    mpremote(board, "resume", "exec", "--no-follow", "import time; time.sleep(0.1); a = 6")
    time.sleep(0.3)
    assert mpremote(board, "resume", "eval", "a") == "6\n"


# Files


def test_cp_brings_any_bytes_there_and_back(board, tmp_path):
    (tmp_path / "bytes.bin").write_bytes(CONTROL_BYTES)
    mpremote(board, "fs", "cp", "bytes.bin", ":bytes.bin", folder=tmp_path)
    assert f"{len(CONTROL_BYTES)} bytes.bin" in mpremote(board, "fs", "ls")
    digest = hashlib.sha256(CONTROL_BYTES).hexdigest()
    assert digest in mpremote(board, "fs", "sha256sum", ":bytes.bin")
    mpremote(board, "fs", "cp", ":bytes.bin", "back.bin", folder=tmp_path)
    assert (tmp_path / "back.bin").read_bytes() == CONTROL_BYTES
    again = mpremote(board, "fs", "cp", "bytes.bin", ":bytes.bin", folder=tmp_path)
    assert "Up to date" in again
    mpremote(board, "fs", "rm", ":bytes.bin")


@ON_ONE_FLASH
def test_large_files_go_there_and_back(board, tmp_path):
    data = os.urandom(200_000)
    (tmp_path / "large.bin").write_bytes(data)
    mpremote(board, "fs", "cp", "large.bin", ":large.bin", folder=tmp_path)
    mpremote(board, "fs", "cp", ":large.bin", "back.bin", folder=tmp_path)
    assert (tmp_path / "back.bin").read_bytes() == data
    mpremote(board, "fs", "rm", ":large.bin")


def test_folders_are_copied_shown_and_removed(board, package):
    mpremote(board, "fs", "cp", "-r", "demo", ":", folder=package)
    tree = mpremote(board, "fs", "tree")
    assert "demo" in tree and "core.py" in tree
    assert mpremote(board, "exec", "import demo; print(demo.answer())") == "42\n"
    assert "def answer" in mpremote(board, "fs", "cat", ":demo/core.py")
    mpremote(board, "fs", "rm", "-r", ":demo")
    assert "demo" not in mpremote(board, "fs", "ls")


def test_mkdir_touch_ls_rm_rmdir(board):
    listing = mpremote(
        board, *"fs mkdir :d + fs touch :d/x + fs ls :d + fs rm :d/x + fs rmdir :d".split()
    )
    assert "0 x" in listing
    assert " d/" not in mpremote(board, "fs", "ls")


def test_a_missing_file_is_an_error(board):
    assert "missing.py" in mpremote(board, "fs", "cat", ":missing.py", fails=True)


@ON_ONE_FLASH
def test_edit_writes_back(board, put):
    put(script="print('before')\n")
    mpremote(board, "edit", ":script.py", environment={"EDITOR": "sed -i s/before/after/"})
    assert mpremote(board, "fs", "cat", ":script.py") == "print('after')\n"


def test_df_shows_the_size_of_a_pico_w(board):
    assert str(848 * 1024) in mpremote(board, "df")


def test_the_board_sees_nothing_of_the_pc(board):
    code = "import os; print(os.listdir('/'), os.listdir('/../../..'))"
    if board.kind == "littlefs":
        code = "import os; print(os.listdir('/'), os.listdir('/'))"
    assert mpremote(board, "exec", code) == "[] []\n"
    mpremote(board, "exec", "import os; os.mkdir('/lib'); open('/lib/x.py', 'w').close()")
    mpremote(board, "exec", "import os; os.chdir('/lib'); os.remove('x.py'); os.rmdir('/lib')")


# mount and mip


def test_mount_reads_and_writes_the_folder_of_the_pc(board, package):
    code = (
        "import demo, os; print(demo.answer(), os.getcwd());"
        "f = open('out.bin', 'wb'); f.write(bytes(range(256))); f.close()"
    )
    assert "42 /remote\n" in mpremote(board, "mount", str(package), "exec", code)
    assert (package / "out.bin").read_bytes() == bytes(range(256))
    code = "import os; print('demo' in os.listdir('/'))"
    assert "False" in mpremote(board, "mount", str(package), "umount", "exec", code)


def test_mip_installs_a_local_folder(board, package):
    urls = [[f"demo/{name}", f"demo/{name}"] for name in ("__init__.py", "core.py")]
    (package / "package.json").write_text(json.dumps({"urls": urls, "version": "0.1"}))
    mpremote(board, "mip", "install", "package.json", folder=package)
    code = "import demo; print(demo.__file__, demo.answer())"
    assert mpremote(board, "exec", code) == "/lib/demo/__init__.py 42\n"
    mpremote(board, "fs", "rm", "-r", ":lib")


def test_mip_installs_from_an_index(board, package, tmp_path):
    root = tmp_path / "index"
    hashes = []
    for name in ("__init__.py", "core.py"):
        data = (package / "demo" / name).read_bytes()
        short = hashlib.sha256(data).hexdigest()[:8]
        (root / "file" / short[:2]).mkdir(parents=True, exist_ok=True)
        (root / "file" / short[:2] / short).write_bytes(data)
        hashes.append([f"demo/{name}", short])
    for flavour in ("py", "6"):
        (root / "package" / flavour / "demo").mkdir(parents=True)
        meta = json.dumps({"v": 1, "version": "0.1", "hashes": hashes, "deps": []})
        (root / "package" / flavour / "demo" / "latest.json").write_text(meta)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            """Keep the test's output clean."""

    handler = functools.partial(Handler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        index = f"http://127.0.0.1:{server.server_port}"
        assert "Done" in mpremote(board, "mip", "install", "--index", index, "demo")
        assert "Exists" in mpremote(board, "mip", "install", "--index", index, "demo")
        mpremote(board, "exec", f"import mip; mip.install('demo', index='{index}', target='/own')")
        server.shutdown()
    assert mpremote(board, "exec", "import demo; print(demo.answer())") == "42\n"
    mpremote(board, "fs", "rm", "-r", ":lib", "+", "fs", "rm", "-r", ":own")


# Starting: boot.py and main.py


def test_soft_reset_from_the_raw_repl_runs_boot_but_not_main(board, put):
    put(boot="print('BOOT')\nfrom_boot = 7\n", main="print('MAIN')\n")
    before = len(board.output)
    mpremote(board, "soft-reset")
    assert mpremote(board, "resume", "eval", "from_boot") == "7\n"
    assert "soft reboot" in board.output[before:] and "BOOT" in board.output[before:]
    assert "MAIN" not in board.output[before:]


def test_reset_runs_boot_and_main(board, put):
    put(boot="print('BOOT')\n", main="print('MAIN')\n")
    before = len(board.output)
    mpremote(board, "reset")
    board.wait_for("MAIN", since=board.wait_for("BOOT", since=before))
    code = "import machine; print(machine.reset_cause() == machine.HARD_RESET)"
    assert mpremote(board, "resume", "exec", code) == "True\n"


@ON_ONE_FLASH
def test_the_friendly_prompt_works_and_ctrl_d_runs_boot_and_main(board, put):
    put(boot="print('BOOT')\nfrom_boot = 7\n", main="print('MAIN')\n")
    with Console(board, "repl") as console:
        console.type("\r")
        console.expect(">>> ")
        console.type("print(20 + 3)\r")
        console.expect("\n23\r\n>>> ")
        console.type("\x04")
        for text in ("MPY: soft reboot\r\n", "BOOT", "MAIN", "MicroPython ", ">>> "):
            console.expect(text)
        console.type("while True: pass\r\r\r")
        time.sleep(0.3)
        console.type("\x03")
        console.expect("KeyboardInterrupt")
        console.expect(">>> ")
        console.type("from_bo\t\r")
        console.expect("\n7\r\n>>> ")


@ON_ONE_FLASH
def test_ctrl_d_at_the_prompt_mounts_again(board, package):
    with Console(board, "mount", str(package), "repl") as console:
        console.type("import demo; print(demo.answer())\r")
        console.expect("\n42")
        console.type("\x04")
        console.expect("Remount local directory")
        time.sleep(0.5)
        console.type("import os; print(os.getcwd())\r")
        console.expect("\n/remote")


@ON_ONE_FLASH
def test_main_does_not_run_after_a_failed_boot(board, put):
    put(boot="print('BOOT')\n1 / 0\n", main="print('MAIN')\n")
    before = len(board.output)
    board.reset()
    board.wait_for(">>> ", since=board.wait_for("ZeroDivisionError", since=before))
    assert "MAIN" not in board.output[before:]


@ON_ONE_FLASH
def test_system_exit_is_a_soft_reset(board):
    before = len(board.output)
    subprocess.run([MPREMOTE, "connect", board.port, "exec", "raise SystemExit"], timeout=20)
    board.wait_for("soft reboot", since=before)
    assert mpremote(board, "exec", "print('alive')") == "alive\n"


@ON_ONE_FLASH
def test_mpremote_breaks_into_an_endless_main(board, put):
    put(main="import time\nprint('ENDLESS')\nwhile True:\n    time.sleep(1)\n")
    for _ in range(3):
        before = len(board.output)
        board.reset()
        board.wait_for("ENDLESS", since=before)
        assert mpremote(board, "exec", "print('in')") == "in\n"
        board.reset()  # and right after a reset, before main.py runs
        assert mpremote(board, "exec", "print('in')") == "in\n"


ONLINE = """
import network, ntptime, time
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("home", "passw0rd")
while not wlan.isconnected():
    time.sleep_ms(20)
"""


@ON_ONE_FLASH
def test_rtc_is_set_and_read_and_moves_the_clock(board):
    now = time.localtime()
    mpremote(board, "rtc", "--set")
    assert mpremote(board, "rtc").startswith(f"({now.tm_year}, {now.tm_mon}, ")
    code = "import machine; machine.RTC().datetime((2031, 2, 3, 0, 4, 5, 6, 0))"
    mpremote(board, "exec", code)
    assert "(2031, 2, 3, 4, 5" in mpremote(board, "exec", "import time; print(time.localtime())")
    told = mpremote(board, "exec", ONLINE + "ntptime.settime(); print(time.gmtime()[0])")
    assert told == f"{time.gmtime().tm_year}\n"
    board.power_cut()


@ON_ONE_FLASH
def test_after_bootloader_only_a_reset_helps(board):
    mpremote(board, "bootloader")
    limit_s = time.monotonic() + 5
    while not board.in_boot_loader and time.monotonic() < limit_s:
        time.sleep(0.02)
    assert board.in_boot_loader
    board.reset()
    assert mpremote(board, "exec", "print('back')") == "back\n"


# Power and images


def test_files_survive_a_power_cut(board, put):
    put(
        main="with open('kept', 'w') as file:\n    file.write('kept')\nprint('WRITTEN')\n"
        "while True:\n    with open('more', 'a') as file:\n        file.write('x')\n"
    )
    before = len(board.output)
    board.reset()
    board.wait_for("WRITTEN", since=before)
    time.sleep(0.1)
    board.power_cut()
    assert board.starts[-1] == "power-on"
    assert mpremote(board, "fs", "cat", ":kept") == "kept"
    assert "main.py" in mpremote(board, "fs", "ls")
    mpremote(board, "fs", "rm", ":kept", "+", "fs", "rm", ":more")


def test_the_flash_can_be_read_on_the_pc(board, put):
    put(script="print(1)\n")
    if board.kind == "folder":
        assert (board.flash / "script.py").read_text() == "print(1)\n"
        return
    littlefs = pytest.importorskip("littlefs", reason="needs the package littlefs-python")
    image = littlefs.LittleFS(block_size=4096, block_count=848 // 4, mount=False)
    image.context.buffer = bytearray(board.flash.read_bytes())
    image.mount()
    with image.open("script.py") as file:
        assert file.read() == "print(1)\n"
