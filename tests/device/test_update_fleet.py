"""A fleet of 20 virtual boards is updated; five of them have a bad day, and each says what it has.

Two are cut off in the middle and resume, one has a full flash, one is sent a forged release, one a
version that crashes at its start: 17 run the new version in the end, 3 the old one.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.release_server import ReleaseServer
from tests.support.releases import Releases, settle, told
from tests.support.virtual_board_console import mpremote
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

BOARDS = 20
CUT, FULL, FORGED, CRASHING = (0, 1), 2, 3, 4
AT_A_TIME = 4  # of what takes the PC's time
LIMIT_S = 240
DATA = {"/data.bin": bytes(range(256)) * 160}
FILL = """
f = open("/ballast", "wb")
try:
    while True:
        f.write(bytes(4096))
        f.flush()
except OSError:
    pass
f.close()
"""


class Fleet:
    def __init__(self, board_content, folder, platform, releases):
        self.folder = folder
        self.platform = platform
        self.program = releases.program("1.0")
        self.boards, self.devices = [], []
        first = folder / "0.img"
        with VirtualBoard(first, littlefs=True, like="pico-w") as board:
            mpremote(board, "fs", "cp", "-r", str(board_content / "lib"), ":")
        for n in range(BOARDS):
            if n:
                shutil.copy(first, folder / f"{n}.img")
            (folder / str(n)).mkdir()
            self.boards.append(VirtualBoard(folder / f"{n}.img", like="pico-w"))

    def power_on(self, n):
        board = self.boards[n]
        board.start()
        if n == FULL:
            mpremote(board, "exec", FILL, timeout_s=120)
        return settle(board, self.folder / str(n), self.platform, self.program)

    def start(self):
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            self.devices = list(pool.map(self.power_on, range(BOARDS)))

    def close(self):
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(VirtualBoard.close, self.boards))

    def texts(self):
        return [told(self.platform, device) for device in self.devices]


@pytest.fixture
def releases(tmp_path):
    return Releases(tmp_path / "releases")


@pytest.fixture
def fleet(board_content, tmp_path, releases):
    (tmp_path / "fleet").mkdir()
    with LocalPlatform(releases=releases.folder) as platform:
        running = Fleet(board_content, tmp_path / "fleet", platform, releases)
        try:
            running.start()
            yield running
        finally:
            running.close()


def test_seventeen_run_the_new_version_and_three_the_old(fleet, releases):
    releases.make("2.0", files=DATA)
    releases.make("2.0", files=DATA, name="forged", key=Ed25519PrivateKey.generate())
    releases.make("2.0", "raise ValueError('broken')", files=DATA, name="crashing")
    platform = fleet.platform
    assert platform.wait_for(lambda: all(fleet.texts()), LIMIT_S), fleet.texts()
    with ReleaseServer() as server:
        server.files["2.0"] = (releases.folder / "2.0").read_bytes()
        server.cut_after = 25000
        places = dict.fromkeys(CUT, server.address("2.0"))
        places |= {FORGED: "forged", CRASHING: "crashing"}
        for n, device in enumerate(fleet.devices):
            platform.send_command(device.id, "update", places.get(n, "2.0"))
        wanted = ["2.0: running"] * BOARDS
        wanted[FULL] = "2.0: refused: the flash "
        wanted[FORGED] = "forged: refused: it is signed by nobody that this program trusts"
        wanted[CRASHING] = "0: running; 2.0 was taken back: ValueError: broken"

        def all_ended():
            return all(text.startswith(w) for text, w in zip(fleet.texts(), wanted))

        assert platform.wait_for(all_ended, LIMIT_S), fleet.texts()
        resumed = [first for _, first, _ in server.asked if first > 20000]
        assert len(resumed) == len(CUT)
    running = [board.output.rpartition("version ")[2][:3] for board in fleet.boards]
    assert running == ["1.0" if n in (FULL, FORGED, CRASHING) else "2.0" for n in range(BOARDS)]
