"""The power goes at 200 random moments of updates and trials; a whole version runs each time.

A moment of each write of the flash is in tests/unit/test_updating.
"""

import random
import re

from tests.support.release_server import ReleaseServer
from tests.support.releases import Releases, settle, told
from tools.simulate.local_platform import LocalPlatform

KILLS = 200
LIMIT_S = 60
# Says which version it is, and whether its files are those of that version.
START = """
import sys
def parts():
    folder = [path for path in sys.path if path.startswith("/slots/")]
    if not folder:
        return "0"
    import part_a, part_b
    with open(folder[0] + "/data.bin", "rb") as f:
        data = f.read()
    return part_a.x if part_a.x == part_b.x and data == part_a.x.encode() * 10000 else "mixed"
print("parts of", parts(), "in", VERSION)
"""


def make(releases, version):
    part = f"x = {version!r}\n".encode()
    files = {"/part_a.py": part, "/data.bin": version.encode() * 10000, "/part_b.py": part}
    return releases.make(version, START, files=files, trial_s=20)


def finish(platform, device, address, text):
    """Send the command until the update has come to its end: the board may not hear it yet."""
    for _ in range(20):
        if platform.wait_for(lambda: text in told(platform, device), 5):
            return
        if platform.is_listening(device.id, "update"):
            platform.send_command(device.id, "update", address)
    raise AssertionError(told(platform, device))


def test_killed_two_hundred_times_a_whole_version_runs(board, tmp_path, record_property):
    chance = random.Random(20261129)
    releases = Releases(tmp_path / "releases")
    with LocalPlatform() as platform, ReleaseServer() as server:
        server.bytes_per_s = 100000
        device = settle(board, tmp_path, platform, releases.program("0", START))
        assert platform.wait_for(lambda: told(platform, device), LIMIT_S)
        version = 1
        for kill in range(KILLS):
            name = f"{version}.0"
            if name not in server.files:
                server.files[name] = make(releases, name)
            if platform.is_listening(device.id, "update"):
                platform.send_command(device.id, "update", server.address(name))
            platform.wait_for(lambda: False, chance.choice((0.05, 0.3, 0.8, 1.5)) * chance.random())
            board.power_cut()
            if kill % 50 == 49:  # now and then one comes to its end
                finish(platform, device, server.address(name), f"{name}: running")
                version += 1
        at = len(board.output)
        board.reset()
        board.wait_for("parts of", LIMIT_S, since=at)
    starts = re.findall(r"parts of ([\w.]+) in ([\w.]+)\s", board.output)
    assert len(starts) > KILLS / 2
    assert all(parts == runs for parts, runs in starts), set(starts)
    record_property("starts", len(starts))
    assert len({runs for _, runs in starts}) == version, set(starts)
