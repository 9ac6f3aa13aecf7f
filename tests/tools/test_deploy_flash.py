"""What deploy costs an ESP32's flash, and what a power cut at any of its writes leaves of it.

The programs that run on the board are deploy's own, the file system is MicroPython's littlefs.
"""

import time

import pytest
from mpremote.transport import TransportExecError

from tests.support.counted_flash import counted
from tools.board import boards, wanted_files
from tools.simulate import interpreters

LIBRARY = wanted_files.PACKAGE


@pytest.fixture
def board(tmp_path):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    with counted(tmp_path) as running:
        yield running


@pytest.fixture
def wanted():
    engines = wanted_files.engines()
    files = wanted_files.library() | wanted_files.programs(boards.find("ESP32_GENERIC"))
    return files | {path: engines[path] for path in engines if "umqtt" in path}


def test_reads_of_the_flash_are_bounded(board, wanted, record_property):
    """0.1.0, a file at a time: 35,129, 18,318, 40,860 and 247,643."""
    last = dict(wanted)
    changed = LIBRARY + "clients.mpy"
    found = {}
    board.reads()
    for what, files in (
        ("first", wanted),
        ("nothing to do", wanted),
        ("one file", wanted | {changed: wanted[changed] + b" "}),
        ("all files", {path: data + b"  " for path, data in wanted.items()}),
    ):
        sent, _ = board.deploy(files)
        found[what] = board.reads()
        assert len(sent) == {"nothing to do": 0, "one file": 1}.get(what, len(last))
    print(found)
    record_property("reads", str(found))
    # Of 104 files: some of these go with their number.
    bounds = {"first": 14500, "nothing to do": 41000, "one file": 46000, "all files": 122000}
    assert not {what: n for what, n in found.items() if n > bounds[what]}


def test_nothing_is_silent_while_a_slow_flash_is_busy(board, wanted):
    """At 100 us a read one removal alone takes 2 s: mpremote gives up after 10 s of silence."""
    board.deploy(wanted)
    board.transport.exec("flash.read_us = 100")
    said = []
    at = [time.monotonic()]

    def say(text):
        said.append(text)
        at.append(time.monotonic())

    board.deploy({path: data + b" " for path, data in wanted.items()}, say)
    at.append(time.monotonic())
    gaps = [round(b - a, 1) for a, b in zip(at, at[1:], strict=False)]
    assert max(gaps) < 5, (gaps, said)
    words = {text.split()[0] for text in said}
    assert words >= {"looking", "sending", "removing"}


OLD = {"__init__.py": "v = 1", "board.py": "v = 1", "part.py": "v = 1"}
NEW = {"__init__.py": "v = 2", "board/__init__.py": "v = 2", "part.py": "v = 2"}
# As after power-on: a stub that Python finds in place of the library resets the board.
START = """
machine.reset = lambda: None
for n in 1, 2:
    for m in [m for m in sys.modules if m.startswith("allthingstalk")]:
        del sys.modules[m]
    import allthingstalk
    stub = not hasattr(allthingstalk, "v")
    if not stub:
        break
from allthingstalk import v, board, part
print(v, board.v, part.v, n)
"""


def library(modules):
    """Return {path: bytes} of modules, each so long that it takes a block of its own."""
    return {
        LIBRARY + name: f"{source}  # {1000 * 'x'}".encode() for name, source in modules.items()
    }


def test_a_power_cut_at_any_write_leaves_the_old_or_the_new_library(board):
    """And the next deploy cleans up."""
    run = board.transport.exec
    wanted = library(NEW)
    board.deploy(library(OLD))
    run("kept = keep()")
    seen = []
    for write in range(2000):
        run(f"f = None\nrestore(kept)\nmount()\nflash.left = {write}")
        try:
            board.deploy(wanted)
            break
        except TransportExecError:
            pass
        run("f = flash.left = None\nmount()")
        seen.append(run(START).decode().split())
        board.deploy(wanted)
        files = run("print(sorted(os.listdir('/lib')), sorted(os.listdir('/lib/allthingstalk')))")
        assert files.decode() == ("['allthingstalk'] ['__init__.py', 'board', 'part.py']\r\n"), (
            write
        )
    assert len(seen) > 30
    print([" ".join(versions) for versions in seen])
    whole = [versions[:3] for versions in seen]
    old = whole.count(["1", "1", "1"])
    assert whole == old * [["1", "1", "1"]] + (len(seen) - old) * [["2", "2", "2"]]
    assert 10 < old < len(seen)
    assert seen[old][3] == "2"  # the stub has ended the work
