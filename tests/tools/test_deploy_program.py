"""Deploying a program of several files: all of it arrives, and what is gone from it goes."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from mpremote.transport import TransportExecError

from tests.support.counted_flash import counted
from tests.support.deploy_rig import Rig
from tests.support.firmware_files import esp32
from tools.board import boards, deploy, program_list
from tools.image import __main__ as image
from tools.simulate import interpreters
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
LIST = "/deployed.json"
MAIN = "import bme280\nprint('MAIN RUNS', bme280.read())\n"
DRIVER = "def read():\n    return 21.5\n"


@pytest.fixture
def rig(tmp_path):
    """A virtual board, and a program of two files in a folder with a blank in its name."""
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    folder = tmp_path / "my program"
    folder.mkdir()
    (folder / "main.py").write_text(MAIN)
    (folder / "bme280.py").write_text(DRIVER)
    flash = tmp_path / "flash.img"
    with VirtualBoard(flash, littlefs=True, like="pico-w") as board:
        yield Rig(board, flash, folder / "main.py")


@pytest.fixture
def deployed(rig):
    """The rig after the library and the program's folder have been deployed."""
    rig.main = rig.main.parent
    write(rig, {"www/index.html": "<p>", "pkg/__init__.py": "", "pkg/deep/part.py": "x = 1\n"})
    rig.deploy()
    return rig


def write(rig, files):
    folder = rig.main if rig.main.is_dir() else rig.main.parent
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def remove(rig, *names):
    for name in names:
        path = rig.main / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def others(rig):
    """Return the files on the board that are not the library's, an engine's or deploy's."""
    ours = ("/lib/allthingstalk/", "/lib/umqtt/", "/boot.py", "/pins.py")
    return {path: data for path, data in rig.files().items() if not path.startswith(ours)}


def listed(rig):
    return sorted(json.loads(rig.files()[LIST]))


def test_make_deploy_brings_what_main_imports_and_the_board_runs_it(rig):
    for main in (rig.main, rig.main.parent, f"{rig.main.parent}/"):
        command = ["make", "-s", "deploy", f"PORT={rig.board.port}", "BOARD=RPI_PICO_W"]
        before = len(rig.board.output)
        done = subprocess.run(
            [*command, f"MAIN={main}"], cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert ("sent /bme280.py: 28 bytes" in done.stdout) == (main == rig.main)
        rig.board.wait_for("MAIN RUNS 21.5", 10, before)
    assert "nothing to send" in done.stdout


def test_unchanged_files_are_not_sent_again(deployed):
    assert others(deployed).keys() == {
        *("/main.py", "/bme280.py", "/www/index.html", "/pkg/__init__.py", "/pkg/deep/part.py"),
        LIST,
    }
    before = deployed.flash.read_bytes()
    assert deployed.deploy() == ([], [])
    assert deployed.flash.read_bytes() == before
    write(deployed, {"pkg/deep/part.py": "x = 2\n"})
    assert deployed.deploy() == (["/pkg/deep/part.py"], [])
    assert deployed.deploy() == ([], [])


def test_what_is_gone_from_the_program_goes_with_its_folders(deployed):
    deployed.put({"/pkg/mine.txt": b"mine", "/www/mine/x": b"mine", "/own.py": b"mine"})
    remove(deployed, "pkg/deep", "www")
    sent, removed = deployed.deploy()
    assert (sent, removed) == ([], ["/pkg/deep/part.py", "/www/index.html"])
    assert listed(deployed) == ["/bme280.py", "/pkg/__init__.py"]
    assert deployed.listed("/pkg") == {"__init__.py", "mine.txt"}
    assert deployed.listed("/www") == {"mine"}
    assert deployed.deploy() == ([], [])
    # From a folder to a single file.
    deployed.main = deployed.main / "main.py"
    deployed.main.write_text("print('ALONE')\n")
    assert deployed.deploy() == (["/main.py"], ["/bme280.py", "/pkg/__init__.py"])
    assert others(deployed) == {
        "/main.py": b"print('ALONE')\n",
        **dict.fromkeys(("/pkg/mine.txt", "/www/mine/x", "/own.py"), b"mine"),
    }
    assert deployed.deploy() == ([], [])


def test_what_somebody_else_put_there_is_never_removed(rig):
    """Nor what was put there before, nor what was changed since."""
    rig.put({"/bme280.py": DRIVER.encode(), "/notes.txt": b"mine", "/extra.py": b"mine"})
    write(rig, {"extra.py": "x = 1\n", "data.json": "{}"})
    rig.main = rig.main.parent
    sent = rig.deploy()[0]
    assert "/extra.py" in sent and "/bme280.py" not in sent
    assert listed(rig) == ["/data.json", "/extra.py"]
    rig.put({"/data.json": b'{"calibrated": 1}'})
    remove(rig, "bme280.py", "data.json", "extra.py")
    write(rig, {"main.py": "print(1)\n"})
    assert rig.deploy() == (["/main.py"], ["/extra.py"])
    assert "/data.json stays: it is not as deploy has sent it" in rig.said
    assert others(rig).keys() == {"/main.py", "/bme280.py", "/notes.txt", "/data.json"}
    assert rig.deploy() == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[1, 2",
        b"[]",
        b'"x"',
        b"null",
        b'{"/own.py": 1}',
        b'{"own.py": "x"}',
        b"\xff\xfe",
        b"{}",
    ],
)
def test_a_list_that_is_damaged_removes_nothing(rig, text):
    rig.put({LIST: text, "/own.py": b"mine"})
    rig.deploy()
    assert rig.files()["/own.py"] == b"mine" and listed(rig) == ["/bme280.py"]
    assert rig.deploy() == ([], [])


def test_a_list_that_names_files_of_ours_removes_none_of_them(deployed):
    names = ("/main.py", "/boot.py", "/pins.py", "/settings.json", "/lib/allthingstalk/clients.mpy")
    deployed.put({"/settings.json": b"{}"})
    files = deployed.files()
    digests = {path: hashlib.sha256(files[path]).hexdigest()[:16] for path in names}
    deployed.put({LIST: json.dumps(digests).encode()})
    sent, removed = deployed.deploy()
    assert sent == [] and removed == []
    assert {path: deployed.files()[path] for path in names} == {path: files[path] for path in names}


def test_a_file_where_a_listed_file_had_its_folder_stays(rig):
    rig.put({LIST: b'{"/log/x": "0"}', "/log": b"mine"})
    rig.deploy()
    assert rig.files()["/log"] == b"mine" and listed(rig) == ["/bme280.py"]


def test_names_beyond_ascii_and_with_blanks_and_quotes_arrive(deployed):
    text = {"größe 日本 '\"{x}.txt": "ü", "\U0001f600/a b.txt": "b", "pkg/größe.py": "x = 3\n"}
    write(deployed, text)
    paths = sorted("/" + name for name in text)
    assert sorted(deployed.deploy()[0]) == paths
    assert {*paths} <= others(deployed).keys()
    assert deployed.run("import pkg.größe as g; print(g.x)") == "3\r\n"
    assert deployed.deploy() == ([], [])
    remove(deployed, *text)
    assert deployed.deploy() == ([], paths)
    assert not {*paths} & others(deployed).keys()


def test_a_module_becomes_a_package_and_back(deployed):
    remove(deployed, "bme280.py")
    write(deployed, {"bme280/__init__.py": "from .chip import read\n", "bme280/chip.py": DRIVER})
    assert deployed.deploy() == (["/bme280/__init__.py", "/bme280/chip.py"], ["/bme280.py"])
    assert deployed.run("import bme280; print(bme280.read())") == "21.5\r\n"
    remove(deployed, "bme280")
    write(deployed, {"bme280.py": DRIVER})
    deployed.deploy()
    assert "bme280" not in deployed.listed("/")
    assert deployed.run("import bme280; print(bme280.read())") == "21.5\r\n"


def test_a_file_becomes_a_folder_and_back(deployed):
    write(deployed, {"data": "x"})
    deployed.deploy()
    remove(deployed, "data")
    write(deployed, {"data/a/b.txt": "y"})
    assert deployed.deploy() == (["/data/a/b.txt"], ["/data"])
    remove(deployed, "data")
    write(deployed, {"data": "z"})
    assert deployed.deploy() == (["/data"], ["/data/a/b.txt"])
    assert deployed.files()["/data"] == b"z"
    assert deployed.deploy() == ([], [])


def test_what_is_in_the_way_is_told_and_left(deployed):
    deployed.put({"/own": b"mine", "/log/x": b"mine"})
    before = others(deployed)
    for name, words in (("own/a.py", "has a file /own"), ("log", "has a folder /log")):
        write(deployed, {name: "1\n"})
        with pytest.raises(deploy.DeployError, match=words):
            deployed.deploy()
        remove(deployed, name.split("/")[0])
    assert others(deployed) == before
    # A folder of the program with a file of somebody else in it.
    deployed.put({"/www/mine": b"mine"})
    remove(deployed, "www")
    write(deployed, {"www": "x"})
    with pytest.raises(deploy.DeployError, match="/www with files of somebody else"):
        deployed.deploy()
    assert deployed.files()["/www/mine"] == b"mine"


def test_what_was_half_sent_of_a_file_that_is_gone_goes(deployed):
    stray = ("/bme280.py.new", LIST + ".new", "/main.py.new")
    deployed.put(dict.fromkeys((*stray, "/own.new"), b"x"))
    remove(deployed, "bme280.py")
    sent, removed = deployed.deploy()
    assert sent == [] and {*removed} == {*stray, "/bme280.py"}
    assert not {*stray} & others(deployed).keys() and "/own.new" in others(deployed)
    assert deployed.deploy() == ([], [])


def test_what_the_board_would_load_in_place_of_a_module_is_told(deployed):
    deployed.put({"/part/x.txt": b"mine", "/fast.py": b"mine"})
    write(deployed, {"part.py": "", "fast.mpy": "M\x06\0"})
    deployed.deploy()
    said = "\n".join(deployed.said)
    assert "takes /part on the board for the module, and not /part.py" in said
    assert "takes /fast.py on the board for the module, and not /fast.mpy" in said
    assert deployed.files()["/fast.py"] == b"mine"


def test_a_large_program_makes_room_for_another(deployed):
    write(deployed, {"www/film": "x" * 150_000})
    deployed.deploy()
    remove(deployed, "www/film")
    write(deployed, {"www/other": "y" * 150_000})
    assert deployed.deploy() == (["/www/other"], ["/www/film"])
    assert any("what is gone goes first" in line for line in deployed.said)
    write(deployed, {"www/third": "z" * 600_000})
    with pytest.raises(deploy.DeployError, match=r"has \d+ bytes for this"):
        deployed.deploy()


OLD = {"/main.py": b"import a, b; print(a.v, b.v)", "/a.py": b"v = 1", "/b.py": b"v = 1"}
NEW = {"/main.py": b"import a, c.d; print(a.v, c.d.v)", "/a.py": b"v = 2", "/c/d.py": b"v = 2"}
START = """
for m in ("a", "b", "c", "c.d"):
    sys.modules.pop(m, None)
exec(open("/main.py").read())
"""


def test_a_power_cut_at_any_write_leaves_a_program_that_starts_and_no_stray_file(tmp_path):
    """Each file is old or new, main.py is the last to be new, and the next run cleans up."""
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    with counted(tmp_path) as board:
        run = board.transport.exec
        board.deploy(OLD, program=program_list.tracked(OLD))
        run("kept = keep()")
        seen = []
        for write in range(2000):
            run(f"f = None\nrestore(kept)\nmount()\nflash.left = {write}")
            try:
                board.deploy(NEW, program=program_list.tracked(NEW))
                break
            except TransportExecError:
                pass
            run("f = flash.left = None\nmount()")
            seen.append(run(START).decode().strip())
            # Once more, or back to the old one.
            wanted, there = (NEW, "'c'") if write % 2 else (OLD, "'b.py'")
            board.deploy(wanted, program=program_list.tracked(wanted))
            files = run("print(sorted(os.listdir()))").decode().strip()
            assert files == f"['a.py', {there}, 'deployed.json', 'main.py']", write
            assert run(START).decode().strip() == ("2 2" if write % 2 else "1 1")
        assert len(seen) > 10
        assert set(seen) == {"1 1", "2 1", "2 2"} and seen == sorted(seen), seen


def test_an_image_holds_the_program_and_deploy_knows_its_files(rig):
    folder = rig.main.parent
    write(rig, {"www/index.html": "<p>"})
    firmware_file = folder.parent / "esp32.bin"
    firmware_file.write_bytes(esp32())
    board = boards.find("ESP32_GENERIC")
    firmware = image.open_firmware(firmware_file, board)
    (path,) = image.make(board, firmware, main=folder, to=folder.parent / "out")
    region = path.read_bytes()[firmware.fs_offset - board.flash_offset :]
    flash = folder.parent / "image.img"
    flash.write_bytes(region + b"\xff" * (firmware.fs_bytes - len(region)))
    with VirtualBoard(flash, littlefs=True, like="esp32") as running:
        running.wait_for("MAIN RUNS 21.5", 15)
        flashed = Rig(running, flash, folder)
        assert flashed.deploy(board=board) == ([], [])
        flashed.main = rig.main
        assert flashed.deploy(board=board) == ([], ["/www/index.html"])
        assert "www" not in flashed.listed("/")
