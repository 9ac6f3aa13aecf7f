#!/usr/bin/env python3
"""Measures what the library costs in flash and RAM, and prints it beside the budgets.

    tools/sizes.py                 everything, also as build/size.json and build/size.svg
    tools/sizes.py --gate FILE     fail if a figure is more than 2 % over the best one in FILE
    tools/sizes.py --update FILE   write the figures into FILE

Measured on real MicroPython: the 32-bit unix port, whose objects have the size they have on an
ESP32 or a Pico W, and the 64-bit one beside it. The programs that run there are in
tools/size_programs, their platform is tools.local_platform on loopback. With a FILE only what it
holds is measured, on 32 bits: that takes seconds, everything takes minutes.
"""

import argparse
import json
import logging
import sys
from pathlib import Path
from subprocess import TimeoutExpired

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import interpreters, svg_bars
from tools.size_figures import GATED, INTERPRETERS, NOTES, bar_rows, grown, tables
from tools.size_measures import Failed, Measures, build

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "sizes"
RESULT = ROOT / "build" / "size.json"
PICTURE = ROOT / "build" / "size.svg"
TITLE = "What AllThingsTalk for MicroPython costs on a 32-bit board"


def measure(built, names, group):
    """Return ({interpreter: {figure: bytes}}, [line about each interpreter]).

    `group(measures)` gets the figures of one interpreter.
    """
    found, lines = {}, []
    for name in names:
        try:
            command = interpreters.find(name)
        except interpreters.Missing as e:
            lines.append(f"{name}: left out, {e}")
            continue
        with Measures(command, built) as measures:
            lines.append(f"{name}: {measures.version()}; {built.version}")
            found[name] = group(measures)
    return found, lines


def kept(figures):
    """Return the figures that a ratchet file keeps: gated ones, and modules to name."""
    return {
        figure: round(value)
        for figure, value in figures.items()
        if figure in GATED or figure.startswith(("mpy of ", "ram of "))
    }


def read_best(path):
    """Return the figures in a ratchet file; ends the program if there are none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        sys.exit(f"sizes: {path} cannot be read: {e}; write it with --update")


def ratchet(args):
    """Measure what is gated; compare it with a file, write it into one."""
    best = read_best(args.gate) if args.gate else {}
    found, lines = measure(build(WORK), ["mp32"], Measures.gated)
    if not found:
        sys.exit("sizes: the gated figures are those of 32 bits\n" + "\n".join(lines))
    figures = kept(found["mp32"])
    for figure in sorted(figures.keys() & GATED):
        was = f", best {best[figure]:,}" if figure in best else ""
        print(f"{figure}: {figures[figure]:,}{was}")
    worse = grown(figures, best) if args.gate else []
    if worse:
        sys.exit("sizes: grown by more than 2 %:\n  " + "\n  ".join(worse))
    if args.gate:
        print(f"no figure is more than 2 % over its best in {args.gate.name}")
    if args.update:
        text = json.dumps(figures, indent=2, sort_keys=True) + "\n"
        args.update.write_text(text, encoding="utf-8")


def show():
    """Measure everything; print it, write it as JSON and as a picture."""
    found, lines = measure(build(WORK), INTERPRETERS, Measures.all)
    if not found:
        sys.exit("sizes: no MicroPython to measure on\n" + "\n".join(lines))
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print("\n".join([*tables(found), "", *lines, NOTES]))
    if "mp32" in found:
        svg_bars.bars(TITLE, bar_rows(found["mp32"]), PICTURE, "bytes")
        print(f"picture: {PICTURE.relative_to(ROOT)}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gate", type=Path, metavar="FILE", help="compare with the figures there")
    parser.add_argument("--update", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args()
    # Programs that run out of memory drop their connections: that is no news here.
    logging.disable(logging.CRITICAL)
    try:
        ratchet(args) if args.gate or args.update else show()
    except (Failed, OSError, TimeoutExpired) as e:
        sys.exit(f"sizes: a program did not do its work: {e}")


if __name__ == "__main__":
    main()
