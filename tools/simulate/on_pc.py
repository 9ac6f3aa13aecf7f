"""Runs a device program on this PC: CPython, the library, its engines, stand-ins for a board.

    python -m tools.simulate.on_pc examples/first/main.py
    python -m tools.simulate.on_pc FOLDER                  its main.py

The stand-ins (`machine`, `network` and `pins`, in pc_modules) print what they are told; a pins.py
beside the program comes first. Settings are those in settings.json in the current folder.
"""

import argparse
import os
import sys
from pathlib import Path

from tools.build import engines

ROOT = Path(__file__).resolve().parents[2]
MODULES = Path(__file__).parent / "pc_modules"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", help="the program, such as main.py, or its folder")
    parser.add_argument("arguments", nargs="*", help="its arguments")
    args = parser.parse_args()
    program = Path(args.program)
    if program.is_dir():
        program /= "main.py"
    if not program.is_file():
        sys.exit(f"there is no program {program}")
    paths = [MODULES, ROOT / "tests" / "support" / "shims", ROOT / "lib"]
    paths += [engines.folder(engines.UMQTT_NEW), engines.folder(engines.UREQUESTS_NEW)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    environ["PYTHONUNBUFFERED"] = "1"  # lines of the program and of the stand-ins in their order
    start = str(MODULES / "_start.py")
    os.execve(sys.executable, [sys.executable, start, str(program), *args.arguments], environ)


if __name__ == "__main__":
    main()
