"""`mip install`, by the real mpremote and on the board itself: from the folder, from an index."""

import functools
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.virtual_board_console import mpremote
from tools.build import mip_index
from tools.simulate import interpreters
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
from allthingstalk import Client, Device, IntegerAsset
class Board(Device):
    count = IntegerAsset()
board = Board(client=Client({token!r}, api={http!r}, mqtt={mqtt!r}), id={id!r})
board.count = 42
print("flushed", board.client.flush(10))
board.client.close()
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """The URL of an index as tools/build/mip_index.py builds it; its folder is index.folder."""
    folder = tmp_path_factory.mktemp("mip")
    command = [sys.executable, "-m", "tools.build.mip_index", "--to", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            """Keep the test's output clean."""

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        server.folder = folder
        yield server
        server.shutdown()


@pytest.fixture
def board(tmp_path):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    with VirtualBoard(tmp_path / "flash.img", littlefs=True, like="pico-w") as running:
        yield running


LIST = """
import os
def walk(d):
    for e in os.ilistdir(d):
        if e[1] & 0x4000:
            walk(d + e[0] + "/")
        else:
            print(d + e[0])
walk("/lib/allthingstalk/")
"""


def installed(board):
    """Return the names of the library's modules on the board, as library.modules() has them."""
    found = set()
    for path in mpremote(board, "exec", LIST).split():
        name = path.removeprefix("/lib/allthingstalk/").rpartition(".")[0]
        found.add(name.replace("/", ".").removesuffix(".__init__"))
    return found


def publishes(board):
    """Run a program that creates an asset and publishes; return whether its value arrived."""
    with LocalPlatform() as platform:
        device = platform.create_device("mip")
        values = {"token": device.token, "http": platform.http, "id": device.id}
        code = PROGRAM.format(mqtt=f"mqtt://{platform.mqtt}", **values)
        assert "flushed True" in mpremote(board, "exec", code)
        return platform.state(device.id, "count")["value"] == 42


def test_the_source_is_installed_from_the_folder_and_works(board, index):
    out = mpremote(
        board, "mip", "install", "--index", index.url, "./package.json", folder=ROOT, timeout_s=60
    )
    assert "Installing: /lib/allthingstalk/clients.py" in out and out.endswith("Done\n")
    assert "Installing umqtt.simple (latest)" in out and "Installing urequests (latest)" in out
    code = "import allthingstalk as a; print(a.__file__, a.__version__)"
    expected = f"/lib/allthingstalk/__init__.py {mip_index.version()}\n"
    assert mpremote(board, "exec", code) == expected
    assert publishes(board)


def test_the_core_is_installed_compiled_from_an_index_and_works_alone(board, index):
    out = mpremote(board, "mip", "install", "--index", index.url, "allthingstalk", timeout_s=60)
    assert "Installing: /lib/allthingstalk/clients.mpy" in out and out.endswith("Done\n")
    assert installed(board) == set(mip_index.core())
    assert publishes(board)
    again = mpremote(board, "mip", "install", "--index", index.url, "allthingstalk", timeout_s=60)
    assert "Installing: " not in again and "Exists: /lib/allthingstalk/clients.mpy" in again


def test_a_part_brings_the_core_and_the_parts_it_needs(board, index):
    version = mip_index.version()
    name = f"allthingstalk-doctor@{version}"
    mpremote(board, "mip", "install", "--index", index.url, name, timeout_s=60)
    needed = set(mip_index.core())
    for part in ("board", "doctor"):
        needed |= set(mip_index.modules_of(part))
    assert installed(board) == needed
    code = "from allthingstalk.doctor import run; print(run.__name__)"
    assert mpremote(board, "exec", code) == "run\n"


def test_the_board_installs_by_itself(board, index):
    code = f"import mip; mip.install('allthingstalk-board', index='{index.url}', target='/lib')"
    assert "Done" in mpremote(board, "exec", code, timeout_s=60)
    assert installed(board) == {*mip_index.core(), *mip_index.modules_of("board")}


def test_source_can_be_asked_for(board, index):
    mpremote(
        *(board, "mip", "install", "--no-mpy", "--index", index.url, "allthingstalk-outbox-file"),
        timeout_s=60,
    )
    code = "import allthingstalk.outbox_file as a; print(a.__file__)"
    assert mpremote(board, "exec", code) == "/lib/allthingstalk/outbox_file.py\n"


def test_the_index_lists_its_packages_and_has_all_their_files(index):
    listed = json.loads((index.folder / "index.json").read_text())
    assert listed["v"] == 2
    names = {entry["name"] for entry in listed["packages"]}
    assert {"allthingstalk", "umqtt.simple", "urequests"} < names
    for entry in listed["packages"]:
        for flavour, versions in entry["versions"].items():
            folder = index.folder / "package" / flavour / entry["name"]
            for version in (*versions, "latest"):
                package = json.loads((folder / f"{version}.json").read_text())
                assert package["version"] == entry["version"] and package["hashes"]
                for _, short in package["hashes"]:
                    assert (index.folder / "file" / short[:2] / short).is_file()
                assert {dep for dep, _ in package["deps"]} <= names
