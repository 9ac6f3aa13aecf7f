"""Runs a device program on this PC: CPython, the library, its engines, shims of MicroPython.

What only a board has (Pin, WLAN) is not there; everything of allthingstalk is.
"""

import argparse
import os
import sys
from pathlib import Path

from tools.build import engines

ROOT = Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", help="the program, such as main.py")
    parser.add_argument("arguments", nargs="*", help="its arguments")
    args = parser.parse_args()
    if not Path(args.program).is_file():
        sys.exit(f"there is no program {args.program}")
    paths = [ROOT / "tests" / "support" / "shims", ROOT / "lib"]
    paths += [engines.folder(engines.UMQTT_NEW), engines.folder(engines.UREQUESTS_NEW)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    os.execve(sys.executable, [sys.executable, args.program, *args.arguments], environ)


if __name__ == "__main__":
    main()
