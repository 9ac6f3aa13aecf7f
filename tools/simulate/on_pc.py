"""Runs a device program on this PC: CPython, the library, its engines, stand-ins for a board.

    python -m tools.simulate.on_pc examples/first/main.py
    python -m tools.simulate.on_pc FOLDER                  its main.py

The stand-ins (`machine`, `network` and `pins`, in pc_modules) print what they are told; a pins.py
beside the program comes first. Settings are those in settings.json in the current folder.
"""

import argparse
import os
import re
import shlex
import sys
from pathlib import Path

from tools.build import engines

ROOT = Path(__file__).resolve().parents[2]
MODULES = Path(__file__).parent / "pc_modules"


def split(text):
    """Return (program, [its options]) of a text such as "my programs/main.py --fast".

    The program is the longest path in front that is a file, or a folder with a main.py. A shell's
    quotes are understood.
    """
    ends = [len(text), *(blank.start() for blank in reversed(list(re.finditer(r"\s", text))))]
    try:
        for end in ends:
            if text[:end].strip() and of_path(text[:end]).is_file():
                return of_path(text[:end]), shlex.split(text[end:])
        path, *options = shlex.split(text) or [""]
    except ValueError as e:
        sys.exit(f"on-pc: {text}: {str(e).lower()}")
    if not of_path(path).is_file():
        sys.exit(f"there is no program {of_path(path) if Path(path).is_dir() else text}")
    return of_path(path), options


def of_path(path):
    """Return the program that a path means."""
    return Path(path) / "main.py" if Path(path).is_dir() else Path(path)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "program", help="the program, such as main.py, or its folder; its options may follow"
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its options")
    args = parser.parse_args()
    program, arguments = split(args.program)
    arguments += args.arguments
    paths = [MODULES, ROOT / "tests" / "support" / "shims", ROOT / "lib"]
    paths += [engines.folder(engines.UMQTT_NEW), engines.folder(engines.UREQUESTS_NEW)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    environ["PYTHONIOENCODING"] = f"{sys.stdout.encoding}:{sys.stdout.errors}"
    environ["PYTHONUNBUFFERED"] = "1"  # lines of the program and of the stand-ins in their order
    start = str(MODULES / "_start.py")
    os.execve(sys.executable, [sys.executable, start, str(program), *arguments], environ)


if __name__ == "__main__":
    main()
