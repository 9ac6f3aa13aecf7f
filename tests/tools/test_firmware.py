"""`make firmware` says exactly what it lacks, builds the board it is told, and downloads nothing.

The source tree is a small one of our own, and so are the programs of the tool chain on the path:
they stand for compilers of some gigabytes. `make` writes down how it was called.
"""

import dataclasses
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import micropython_tree
from tools.board import boards
from tools.build import firmware, firmware_needs, manifest
from tools.simulate import interpreters

ROOT = Path(__file__).resolve().parents[2]
PICO_W = boards.find("RPI_PICO_W")
ESP32 = boards.find("ESP32_GENERIC")
VERSION = micropython_tree.VERSION
TOOLS = ("make", "cmake", "idf.py", "arm-none-eabi-gcc", "c++", "gcc", "picotool")
# Writes down arguments and environment, keeps what was generated, and makes the product.
MAKE = """#!/bin/sh
echo "$*" >> "$RECORD/calls"
env > "$RECORD/environment"
for argument; do
  case "$argument" in BUILD=*) build=${argument#BUILD=};; esac
done
[ -n "$build" ] || exit 0
cp "${build%/tree}/_allthingstalk_build.py" "$RECORD"
[ -z "$MAKE_FAILS" ] || exit 2
[ -n "$MAKE_MAKES_NOTHING" ] && exit
mkdir -p "$build" && echo image > "$build/firmware.uf2" && echo image > "$build/firmware.bin"
"""


@pytest.fixture
def tree(tmp_path):
    return micropython_tree.make(tmp_path / "micropython")


@pytest.fixture
def environ(tmp_path):
    """The environment of a machine that has everything."""
    programs = tmp_path / "bin"
    for name in TOOLS:
        micropython_tree.write(programs / name, MAKE if name == "make" else "#!/bin/sh\n")
        (programs / name).chmod(0o755)
    idf = "set(IDF_VERSION_MAJOR 5)\nset(IDF_VERSION_MINOR 5)\nset(IDF_VERSION_PATCH 1)\n"
    micropython_tree.write(tmp_path / "idf" / "tools" / "cmake" / "version.cmake", idf)
    (tmp_path / "record").mkdir()
    return {"PATH": str(programs), "IDF_PATH": str(tmp_path / "idf")}


def missing(board, tree, environ, **options):
    return [
        one.what
        for one in firmware_needs.find(
            board, tree, boards.micropython_versions(), environ=environ, **options
        )
    ]


@pytest.mark.parametrize("board", boards.all_boards().values(), ids=boards.all_boards())
def test_nothing_is_missing_where_everything_is_there(board, tree, environ):
    assert missing(board, tree, environ) == []


def test_a_folder_that_is_no_source_tree_is_refused(tmp_path, environ):
    found = firmware_needs.find(PICO_W, tmp_path, [VERSION], environ=environ)
    assert len(found) == 1
    assert "is not MicroPython's source tree" in str(found[0])
    assert "MICROPYTHON=" in found[0].remedy


def test_a_path_with_a_blank_is_refused_for_upstreams_make_takes_none(tree, environ):
    moved = tree.rename(tree.with_name("micro python"))
    assert missing(PICO_W, moved, environ) == [
        f"{moved} has a blank in it, which MicroPython's own build does not take"
    ]


def test_a_tree_without_the_port_or_the_board_is_refused(tree, environ):
    shutil.rmtree(tree / "ports" / "rp2")
    assert missing(PICO_W, tree, environ) == [
        f"{tree} has no ports/rp2/boards/RPI_PICO_W, which ALLTHINGSTALK_RPI_PICO_W builds on"
    ]
    assert missing(ESP32, tree, environ) == []


@pytest.mark.parametrize(
    "version, prerelease, said", [("1.27.0", 0, "1.27.0"), ("1.29.0", 1, "1.29.0-preview")]
)
def test_another_release_is_named_and_taken_only_when_told_to(
    tree, environ, version, prerelease, said
):
    micropython_tree.make_version(tree, version, prerelease)
    assert missing(PICO_W, tree, environ) == [
        f"this is MicroPython {said}, and the boards are made for {VERSION} or 1.28.0"
    ]
    assert missing(PICO_W, tree, environ, any_version=True) == []


@pytest.mark.parametrize("board", boards.all_boards().values(), ids=boards.all_boards())
def test_the_release_before_is_taken_without_being_told_to(tree, environ, board):
    micropython_tree.make_version(tree, "1.28.0")
    assert missing(board, tree, environ) == []


def test_each_empty_submodule_is_named_with_the_command_that_fetches_it(tree, environ):
    for name in ("lib/cyw43-driver", "lib/lwip"):
        shutil.rmtree(tree / name)
    (tree / "lib/lwip").mkdir()
    found = firmware_needs.find(PICO_W, tree, [VERSION], environ=environ)
    assert [one.what for one in found] == ["lib/cyw43-driver is empty", "lib/lwip is empty"]
    assert found[0].remedy == f"git -C {tree} submodule update --init lib/cyw43-driver"
    # An ESP32 has its own network code.
    assert missing(ESP32, tree, environ) == []


def test_a_pico_sdk_that_is_not_whole_is_noticed(tree, environ):
    shutil.rmtree(tree / "lib/pico-sdk/src")
    assert missing(PICO_W, tree, environ) == ["lib/pico-sdk is not whole: it has no src"]


@pytest.mark.parametrize(
    "board, program",
    [(board, name) for board in (PICO_W, ESP32) for name, _ in firmware_needs.PROGRAMS[board.port]],
)
def test_each_program_that_is_not_there_is_named(tree, environ, board, program):
    Path(environ["PATH"], program).unlink()
    assert missing(board, tree, environ) == [f"there is no {program} on the path"]


def test_mpy_cross_is_built_or_can_be_or_is_missing(tree, environ):
    Path(environ["PATH"], "gcc").unlink()
    assert missing(PICO_W, tree, environ) == []
    (tree / "mpy-cross/build/mpy-cross").unlink()
    found = missing(PICO_W, tree, environ)
    assert found == ["mpy-cross is neither built nor can it be: there is no gcc"]
    assert missing(PICO_W, tree, {**environ, "MICROPY_MPYCROSS": "mpy-cross"}) == []


def test_an_idf_is_needed_that_the_tree_supports(tree, environ, tmp_path):
    assert missing(ESP32, tree, {"PATH": environ["PATH"]}) == ["IDF_PATH is not set"]
    idf = tmp_path / "idf" / "tools" / "cmake" / "version.cmake"
    idf.write_text(idf.read_text().replace("MAJOR 5", "MAJOR 6"))
    assert missing(ESP32, tree, environ) == [
        "ESP-IDF v6.5 is none that this MicroPython supports: v5.3, v5.4, v5.5"
    ]
    idf.unlink()
    assert missing(ESP32, tree, environ) == [
        f"IDF_PATH={tmp_path / 'idf'} is no ESP-IDF: it has no tools/cmake/version.cmake"
    ]


def test_components_that_idf_py_would_download_are_asked_for_beforehand(tree, environ):
    shutil.rmtree(tree / "ports/esp32/managed_components")
    found = missing(ESP32, tree, environ)
    assert len(found) == 1 and "idf.py would download" in found[0]


def build(board, tree, environ, tmp_path, **more):
    environ = {**environ, "PATH": environ["PATH"] + os.pathsep + "/usr/bin:/bin"}
    environ.update(RECORD=str(tmp_path / "record"), **more)
    return firmware.build(board, tree, jobs=3, out=tmp_path / "out", environ=environ)


def calls(tmp_path):
    """Return the arguments of each call of make, a line each."""
    return (tmp_path / "record" / "calls").read_text().splitlines()


@pytest.mark.parametrize("board", [PICO_W, ESP32], ids=["rp2", "esp32"])
def test_the_build_is_told_the_board_and_leaves_the_image(tree, environ, tmp_path, board):
    image = build(board, tree, environ, tmp_path)
    assert image == tmp_path / "out" / board.image
    assert image.read_text() == "image\n"
    assert calls(tmp_path) == [
        f"-C {tree}/ports/{board.port} -j3 BOARD_DIR={board.folder} BOARD={board.name} "
        f"BUILD={tmp_path}/out/{board.name}/tree"
    ]


def test_a_compiler_that_is_not_built_is_built_first(tree, environ, tmp_path):
    (tree / "mpy-cross/build/mpy-cross").unlink()
    build(PICO_W, tree, environ, tmp_path)
    first, second = calls(tmp_path)
    assert first == f"-C {tree}/mpy-cross -j3"
    assert second.startswith(f"-C {tree}/ports/rp2 ")
    build(PICO_W, tree, environ, tmp_path, MICROPY_MPYCROSS="mpy-cross")
    assert len(calls(tmp_path)) == 3


def test_what_our_own_make_was_given_does_not_reach_the_ports_make(tree, environ, tmp_path):
    build(
        PICO_W,
        tree,
        environ,
        tmp_path,
        MAKEFLAGS=" -- BOARD=RPI_PICO_W MICROPYTHON=x",
        BOARD="RPI_PICO_W",
        FROZEN_MANIFEST="other.py",
        BOARD_VARIANT="RISCV",
        CMAKE_ARGS="-DX=1",
    )
    lines = (tmp_path / "record" / "environment").read_text().splitlines()
    passed = dict(line.split("=", 1) for line in lines if "=" in line)
    assert not passed.keys() & {"MAKEFLAGS", "BOARD", "FROZEN_MANIFEST", "BOARD_VARIANT"}
    # In the environment CMake's arguments are added to the Makefile's; FetchContent is off.
    assert passed["CMAKE_ARGS"] == "-DX=1 -DFETCHCONTENT_FULLY_DISCONNECTED=ON"


def test_the_image_carries_version_and_digest_and_nothing_is_left_of_them(tree, environ, tmp_path):
    build(PICO_W, tree, environ, tmp_path)
    names = {}
    exec((tmp_path / "record" / firmware.BUILD_MODULE).read_text(), names)
    assert names["VERSION"] == firmware.library_version()
    assert names["MANIFEST"] == manifest.digest(manifest.of_board(PICO_W, tree).files)
    assert len(names["MANIFEST"]) == 2 * hashlib.sha256().digest_size
    assert not (tmp_path / "out" / PICO_W.name / firmware.BUILD_MODULE).exists()


def test_the_generated_module_is_frozen_where_the_build_puts_it(tree, tmp_path):
    shutil.copytree(boards.BOARDS, tmp_path / "boards")
    (tmp_path / "lib").symlink_to(ROOT / "lib")
    board = dataclasses.replace(PICO_W, folder=tmp_path / "boards" / PICO_W.name)
    folder = tmp_path / firmware.OUT.relative_to(ROOT) / board.name
    assert firmware.BUILD_MODULE not in manifest.of_board(board, tree).files
    firmware.write_build_module(board, tree, folder)
    frozen = manifest.of_board(board, tree).files[firmware.BUILD_MODULE]
    assert frozen == folder / firmware.BUILD_MODULE


@pytest.mark.parametrize(
    "how, said",
    [("MAKE_FAILS", "make failed in .*rp2 with status 2"), ("MAKE_MAKES_NOTHING", "there is no")],
)
def test_a_build_that_fails_leaves_no_image_and_says_so(tree, environ, tmp_path, how, said):
    old = tmp_path / "out" / PICO_W.name / "tree" / "firmware.uf2"
    micropython_tree.write(old, "of the build before\n")
    with pytest.raises(firmware.BuildError, match=said):
        build(PICO_W, tree, environ, tmp_path, **{how: "1"})
    assert not old.exists() and not (tmp_path / "out" / PICO_W.image).exists()
    assert not (tmp_path / "out" / PICO_W.name / firmware.BUILD_MODULE).exists()


def run(*arguments, environ=os.environ):
    command = [sys.executable, "-m", "tools.build.firmware", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=environ, timeout=60
    )


def test_the_program_lists_what_is_missing_and_leaves_with_2(tree, environ):
    shutil.rmtree(tree / "lib/lwip")
    Path(environ["PATH"], "picotool").unlink()
    done = run("rpi_pico_w", "--micropython", tree, environ=environ)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0] == (
        "firmware: 2 things are missing for RPI_PICO_W; nothing was built or downloaded"
    )
    assert [line for line in lines if line.startswith("- ")] == [
        "- lib/lwip is empty",
        "- there is no picotool on the path",
    ]


def test_the_program_checks_and_builds_nothing_when_told_so(tree, environ):
    done = run("RPI_PICO_W", "--micropython", tree, "--check", environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"firmware: RPI_PICO_W with MicroPython {VERSION}\n"


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["RPI_PICO_W"], r"give MICROPYTHON=<a clone or archive of release \d+\.\d+\.\d+>"),
        (["RPI_PICO", "--micropython", "."], 'there is no board "RPI_PICO"; there are: ESP32_'),
    ],
)
def test_the_program_refuses_wrong_arguments_with_a_sentence(arguments, said):
    done = run(*arguments)
    assert done.returncode == 1
    assert re.search(said, done.stderr) and len(done.stderr.splitlines()) == 1


def banner(tmp_path, build_module=None):
    """Return what print_banner() prints on real MicroPython."""
    try:
        command = interpreters.find("mp64")
    except interpreters.Missing as e:
        pytest.skip(str(e))
    if build_module:
        micropython_tree.write(tmp_path / firmware.BUILD_MODULE, build_module)
    path = os.pathsep.join([str(tmp_path), str(ROOT / "lib"), ".frozen"])
    code = "from allthingstalk.board.banner import print_banner\nprint_banner()"
    environ = {**os.environ, "MICROPYPATH": path}
    done = subprocess.run([*command, "-c", code], capture_output=True, text=True, env=environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_banner_says_library_micropython_and_digest(tmp_path):
    said = banner(tmp_path, 'VERSION = "0.1.0"\nMANIFEST = "%s"\n' % ("4f1c09b2aa31" + 52 * "0"))
    version = re.escape(firmware.library_version())
    pattern = rf"allthingstalk {version}, MicroPython \d+\.\d+\.\d+, manifest 4f1c09b2aa31\n"
    assert re.fullmatch(pattern, said)


def test_the_banner_says_so_where_nothing_was_built(tmp_path):
    assert banner(tmp_path).endswith(", no manifest\n")
