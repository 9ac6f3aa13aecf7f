"""Updates over the air on a virtual board: brought, resumed, refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.release_server import ReleaseServer
from tests.support.releases import PROGRAM, Releases, settle, told
from tests.support.virtual_board_console import mpremote
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

LIMIT_S = 60
DATA = {"/data.bin": bytes(range(256)) * 240}


@pytest.fixture
def releases(tmp_path):
    return Releases(tmp_path / "releases")


@pytest.fixture
def platform(releases):
    with LocalPlatform(releases=releases.folder) as running:
        yield running


@pytest.fixture
def server():
    with ReleaseServer() as running:
        yield running


@pytest.fixture
def device(board, tmp_path, platform, releases):
    """The device of a board whose program offers updates; it has no version yet."""
    found = settle(board, tmp_path, platform, releases.program("0"))
    until(platform, found, "0: running")
    return found


def until(platform, device, text):
    """Wait until the state `update` has a text in it; return the whole."""
    found = platform.wait_for(lambda: text in told(platform, device), LIMIT_S)
    assert found, told(platform, device)
    return told(platform, device)


def test_a_program_brings_in_the_next_and_that_the_one_after(board, platform, device, releases):
    releases.make("1.0", files=DATA)
    at = len(board.output)
    platform.send_command(device.id, "update", "1.0")
    assert until(platform, device, "1.0: running") == "1.0: running"
    board.wait_for("version 1.0 runs", since=at)
    told_all = [state["value"] for state in platform.states(device.id, "update")]
    assert told_all[0] == "0: running" and told_all[-3:-1] == ["1.0: restarting", "1.0: on trial"]
    count = platform.state(device.id, "count")
    assert platform.wait_for(lambda: platform.state(device.id, "count") != count, LIMIT_S)
    releases.make("1.1")
    platform.send_command(device.id, "update", "1.1")
    until(platform, device, "1.1: running")
    board.reset()
    at = board.wait_for("version 1.1 runs", LIMIT_S, since=len(board.output))
    assert platform.wait_for(lambda: platform.is_listening(device.id, "update"), LIMIT_S)
    assert "1.1 runs, which is not older" in refused(platform, device, "1.0")
    platform.send_command(device.id, "update", "force 1.0")
    until(platform, device, "1.0: running")
    assert device.token not in board.output


def refused(platform, device, place):
    platform.send_command(device.id, "update", place)
    return until(platform, device, place.rpartition("/")[2] + ": refused: ")


def test_what_cannot_be_taken_is_refused_in_words_and_nothing_changes(
    board, platform, device, releases, server, tmp_path
):
    good = releases.make("1.0", files=DATA)
    at = good.index(b"\n\n")
    other = Ed25519PrivateKey.generate()
    spoilt = {
        "forged": (releases.make("1.0", key=other), "signed by nobody that this program trusts"),
        "changed": (good.replace(b"version 1.0", b"version 9.0", 1), "signed by nobody"),
        "damaged": (good[:-9] + b"x" * 9, "data.bin arrived damaged"),
        "short": (good[: at - 80], "it is no release, or it was cut off"),
        "page": (b"<html>Please log in</html>", "it is no release"),
        "board": (releases.make("1.0", boards=["ESP32_GENERIC"]), "it is for ESP32_GENERIC"),
        "large": (releases.make("1.0", files={"/x": bytes(4 << 20)}), "the flash has"),
    }
    for name, (data, words) in spoilt.items():
        server.files[name] = data
        text = refused(platform, device, server.address(name))
        assert words in text, text
        assert text.endswith("; 0 is running")
    assert "has none of this name" in refused(platform, device, "7.7")
    server.answer = 302
    assert "it redirects elsewhere" in refused(platform, device, server.address("x"))
    server.answer = None
    assert "an address is https" in refused(platform, device, "ftp://127.0.0.1/y")
    assert "blanks" in refused(platform, device, "a b")
    assert {authorization for _, _, authorization in server.asked} == {None}
    board.reset()
    until(platform, device, "0: running")
    listed = mpremote(board, "resume", "fs", "cat", ":main.py")
    assert "update.offer" in str(listed)


def test_after_cuts_of_the_network_it_goes_on_where_it_was(platform, device, releases, server):
    server.files["1.0"] = data = releases.make("1.0", files=DATA)
    server.cut_after = 30000
    platform.send_command(device.id, "update", server.address("1.0"))
    assert "next try in 5 s" in until(platform, device, "1.0: interrupted: ")
    until(platform, device, "1.0: running")
    starts = [first for _, first, _ in server.asked]
    at = len(data) - len(DATA["/data.bin"]) - len(releases.program("1.0"))
    assert starts == [0, at, 0, at + 30000, 0, at + 60000]


def test_a_server_that_knows_no_ranges_will_do(platform, device, releases, server):
    server.files["1.0"] = releases.make("1.0", files=DATA)
    server.ranges = False
    platform.send_command(device.id, "update", server.address("1.0"))
    until(platform, device, "1.0: running")


def test_after_a_power_cut_it_goes_on_by_itself_where_it_was(
    board, platform, device, releases, server
):
    server.files["1.0"] = releases.make("1.0", files=DATA)
    server.bytes_per_s = 20000
    platform.send_command(device.id, "update", server.address("1.0"))
    assert platform.wait_for(lambda: server.served > 40000, LIMIT_S)
    board.power_cut()
    server.bytes_per_s = None
    until(platform, device, "1.0: running")
    assert max(first for _, first, _ in server.asked) > 20000


def test_meanwhile_the_program_runs_and_is_commanded(platform, device, releases, server):
    server.files["1.0"] = releases.make("1.0", files=DATA)
    server.bytes_per_s = 15000
    platform.send_command(device.id, "update", server.address("1.0"))
    assert platform.wait_for(lambda: server.served > 10000, LIMIT_S)
    before = platform.state(device.id, "count")["value"]
    platform.send_command(device.id, "number", 42)
    assert platform.wait_for(lambda: platform.state(device.id, "number"), LIMIT_S)
    assert platform.wait_for(lambda: platform.state(device.id, "count")["value"] > before + 2, 30)
    assert "%" in told(platform, device), "it tells how far it is"
    assert server.served < 50000, "all of this was meanwhile"
    platform.send_command(device.id, "update", "cancel")
    assert "given up" in until(platform, device, "0: running")
    platform.send_command(device.id, "update", server.address("1.0"))
    server.bytes_per_s = None
    until(platform, device, "1.0: running")


def test_the_restart_waits_for_the_program_and_what_is_given_meanwhile_is_answered(
    board, tmp_path, platform, releases
):
    releases.text = (
        PROGRAM.replace("VERSION =", "may = []\nVERSION =")
        .replace("at: None", "at: may.append(value)")
        .replace("%(key)r)", "%(key)r, ready=lambda: may)")
    )
    device = settle(board, tmp_path, platform, releases.program("0"))
    until(platform, device, "0: running")
    releases.make("1.0")
    platform.send_command(device.id, "update", "1.0")
    until(platform, device, "1.0: restarting")
    starts = len(board.starts)
    platform.send_command(device.id, "update", "2.0")
    text = until(platform, device, "too late")
    assert text == "1.0: restarting; '2.0' comes too late, give it again then"
    count = platform.state(device.id, "count")["value"]
    assert platform.wait_for(lambda: platform.state(device.id, "count")["value"] > count + 3, 30)
    assert len(board.starts) == starts
    platform.send_command(device.id, "number", 1)
    until(platform, device, "1.0: running")


def test_a_release_may_bring_the_library_along(tmp_path, platform, releases, board_content):
    """Its 90 small files take a block each: beside those in /lib there is no room on a Pico W."""
    lib = board_content / "lib"
    files = {
        f"/lib/{path.relative_to(lib).as_posix()}": path.read_bytes()
        for path in sorted((lib / "allthingstalk").rglob("*.mpy"))
    }
    start = "import allthingstalk; print('library in', allthingstalk.__file__)"
    releases.make("1.0", start, files=files)
    with VirtualBoard(tmp_path / "flash.img", littlefs=True, like="esp32", size="2M") as board:
        mpremote(board, "fs", "cp", "-r", str(lib), ":")
        device = settle(board, tmp_path, platform, releases.program("0"))
        until(platform, device, "0: running")
        platform.send_command(device.id, "update", "1.0")
        until(platform, device, "1.0: running")
        board.wait_for("library in /slots/a/lib/allthingstalk")
