"""Puts together the files that go onto a board: build/board, to be copied to its "/".

lib/allthingstalk as .mpy (or as it is, with --source), and the engines for firmware that has
none: on an ESP32 the frozen ones come first all the same.
"""

import argparse
import shutil
from pathlib import Path

from tools.build import engines, library
from tools.build.compiling import compile_file

ROOT = Path(__file__).resolve().parents[2]

BOARD = ROOT / "build" / "board"


def put_library(folder, source=False):
    """Put the package into `folder`, compiled unless `source`."""
    _put(library.sources(), folder, source)


def put_engines(folder, source=False):
    """Put umqtt.simple and urequests into `folder`."""
    for engine in (engines.UMQTT_NEW, engines.UREQUESTS_NEW):
        _put(engines.sources(engine), folder, source)


def _put(files, folder, source):
    """Put {path below `folder`: file} there."""
    for name, path in files.items():
        if source:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / name)
        else:
            compile_file(path, (folder / name).with_suffix(".mpy"), library.module(name))


def build(folder=BOARD, source=False):
    """Make the folder anew and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    put_library(folder / "lib", source)
    put_engines(folder / "lib", source)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", action="store_true", help="as .py, to read it on the board")
    parser.add_argument("--to", type=Path, default=BOARD, help="the folder (build/board)")
    args = parser.parse_args()
    folder = build(args.to, args.source)
    files = [p for p in folder.rglob("*") if p.is_file()]
    print(f"{folder}: {len(files)} files, {sum(p.stat().st_size for p in files)} bytes")


if __name__ == "__main__":
    main()
