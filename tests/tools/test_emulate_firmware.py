"""`make emulate-firmware` where something is missing: it says what, with the package, and why."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.build import debian_sources
from tools.simulate import emulate_firmware

ROOT = Path(__file__).resolve().parents[2]


def put_sources(folder, left_out=()):
    """Make the files that the sources are known by, under the names that Debian gives them."""
    names = {
        "micropython": "micropython-1.25.0+ds",
        "mbedtls": "mbedtls-3.6.6",
        "pico-sdk": "usr/src/pico-sdk",
        "tinyusb": "usr/src/tinyusb",
    }
    for source in emulate_firmware.SOURCES:
        if source.name not in left_out:
            mark = folder / names[source.name] / source.mark
            mark.parent.mkdir(parents=True)
            mark.touch()
    return folder


def run(*arguments, path=None):
    environ = {"PATH": str(path)} if path else None
    return subprocess.run(
        [sys.executable, "-m", "tools.simulate.emulate_firmware", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("source", emulate_firmware.SOURCES, ids=lambda source: source.name)
def test_missing_sources_are_named_with_their_package(tmp_path, source):
    folder = put_sources(tmp_path, left_out=[source.name])
    lacking = [one for one in emulate_firmware.missing([folder]) if one.startswith("the sources")]
    assert lacking == [
        f"the sources of {source.name} ({source.mark}) are not in {folder}: {source.remedy}"
    ]


def test_sources_are_found_as_apt_unpacks_them_the_newest_first(tmp_path):
    put_sources(tmp_path)
    older = tmp_path / "micropython-1.24.0" / "ports" / "rp2"
    older.mkdir(parents=True)
    (older / "CMakeLists.txt").touch()
    (tmp_path / "micropython_1.26.1.orig.tar.xz").touch()
    found = {
        source.name: debian_sources.find(source, [tmp_path]) for source in emulate_firmware.SOURCES
    }
    assert found == {
        "micropython": tmp_path / "micropython-1.25.0+ds",
        "mbedtls": tmp_path / "mbedtls-3.6.6",
        "pico-sdk": tmp_path / "usr" / "src" / "pico-sdk",
        "tinyusb": tmp_path / "usr" / "src" / "tinyusb",
    }


def test_without_anything_it_names_every_package_and_leaves_with_2(tmp_path):
    done = run("--sources", str(put_sources(tmp_path, ["micropython"])), path=tmp_path / "nothing")
    assert done.returncode == 2
    for words in (
        "4 missing; nothing was built or downloaded",
        "apt-get source micropython",
        "there is no cmake: apt-get install cmake",
        "there is no make: apt-get install make",
        "apt-get install gcc-arm-none-eabi",
        "--sources DIR",
    ):
        assert words in done.stderr, done.stderr
    assert done.stdout == ""


def test_a_cross_compiler_without_its_libraries_is_not_enough(tmp_path, monkeypatch):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("cmake", "make", "arm-none-eabi-gcc", "arm-none-eabi-g++"):
        # What gcc prints for a file that it does not have: the name.
        (programs / name).write_text('#!/bin/sh\necho "${1#-print-file-name=}"\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    assert emulate_firmware.missing([put_sources(tmp_path)]) == [
        "the cross compiler has no nano.specs: apt-get install libnewlib-arm-none-eabi",
        "the cross compiler has no libstdc++.a: apt-get install libstdc++-arm-none-eabi-newlib",
    ]


def test_a_folder_that_is_none_is_named():
    done = run("--sources", "/no/such/folder")
    assert done.returncode == 2
    assert "--sources /no/such/folder is no folder" in done.stderr
