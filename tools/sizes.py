#!/usr/bin/env python3
"""Measures what the library costs in flash and RAM, and prints it beside the budgets.

    tools/sizes.py                 the table, also as build/size.json
    tools/sizes.py --gate FILE     fail if a figure is more than 2 % over the best one in FILE
    tools/sizes.py --update FILE   write the figures into FILE

Measured on real MicroPython: the 32-bit unix port, whose objects have the size they have on an
ESP32 or a Pico W; the 64-bit one stands beside it where that is cheap. The programs that run
there are in tools/size_programs, their platform is tools.local_platform on loopback.
"""

import argparse
import json
import logging
import sys
from pathlib import Path
from subprocess import TimeoutExpired

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import interpreters
from tools.size_measures import EXACTNESS_BYTES, Failed, Measures, build

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "build" / "size.json"
TOLERANCE = 0.02

# figure -> (label, budget, aim); budgets and aims are those of the project's design, where the
# aim is mostly what a script by hand over umqtt.simple and requests costs.
TABLE = {
    "mpy, whole library": (".mpy of the whole library", None, None),
    "mpy held": (".mpy that stays loaded after connect, engines included", 12000, 8000),
    "mpy held, library": ("  of which the library", None, None),
    "mpy held, engines": ("  of which umqtt.simple and urequests", None, None),
    "ram import": ("RAM after import of the same, engines included", 15000, 9872),
    "ram import, romfs": ("the same, run in place from ROMFS", 6000, 4256),
    "ram connected": ("RAM after connect with 5 assets", None, None),
    "heap job, mpy": ("smallest heap for the whole job", 20480, 15360),
    "heap job, py": ("the same from .py sources", 36864, 30720),
    "heap connect, 5 assets": ("smallest heap for connect, 5 assets on the platform", None, None),
    "heap connect, 500 assets": ("the same with 500 (to be as with 5)", None, None),
    "publish": ("heap per publish at QoS 1", 96, 32),
    "poll": ("heap per idle poll", None, None),
}
NOTES = """\
bytes; budget and aim are the design's, the aim being mostly what the script by hand costs
whole job: connect creates 5 assets over REST, 100 publishes at QoS 1, 1 command, plain sockets
smallest heap: found by halving, in steps of 512 bytes; it has to do twice; .mpy unless said
per publish: gc is off during 100 publishes, each followed by a poll 3 ms later"""


def measure(folders):
    """Return ({interpreter: {figure: value}}, [line about each interpreter])."""
    found, lines = {}, []
    for name in ("mp32", "mp64"):
        try:
            command = interpreters.find(name)
        except interpreters.Missing as e:
            lines.append(f"{name}: left out, {e}")
            continue
        with Measures(command, folders) as measures:
            lines.append(f"{name}: {measures.version()}; {folders.version}")
            found[name] = measures.all(search=name == "mp32")
    return found, lines


def table(found):
    """Return the lines of the table."""
    rows = [("figure", "32 bits", "64 bits", "budget", "aim")]
    for figure, (label, budget, aim) in TABLE.items():
        measured = [found.get(name, {}).get(figure) for name in ("mp32", "mp64")]
        rows.append((label, *(shown(n) for n in (*measured, budget, aim))))
    rows.append(("", "", "", "", ""))
    rows.append(("module", ".mpy", "RAM", "", ""))
    figures = found.get("mp32") or found.get("mp64") or {}
    modules = {key[7:]: size for key, size in figures.items() if key[:7] == "mpy of "}
    for module in sorted(modules, key=modules.get, reverse=True):
        ram = shown(figures.get("ram of " + module))
        rows.append((module, shown(modules[module]), ram, "", ""))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in range(1, 5))])
        for row in rows
    ]


def shown(number):
    return "–" if number is None else f"{number:,.0f}"


def grown(figures, best):
    """Return a line for each figure of the table that is more than 2 % over its best value.

    What is not measured more exactly than that has its exactness on top. The modules that grew
    are named behind: alone they are no offence, code may move from one to another.
    """
    lines, modules = [], []
    for figure, now in figures.items():
        least = best.get(figure, now if figure in TABLE else 0)
        if now > least * (1 + TOLERANCE) + EXACTNESS_BYTES.get(figure, 0):
            line = f"{figure}: {now:,.0f} bytes, was {least:,.0f}"
            (lines if figure in TABLE else modules).append(line)
    return [*lines, "modules that grew:", *modules] if lines and modules else lines


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gate", type=Path, metavar="FILE", help="compare with the figures there")
    parser.add_argument("--update", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args()
    best = {}
    if args.gate:
        try:
            best = json.loads(args.gate.read_text(encoding="utf-8"))
        except (OSError, ValueError) as e:
            sys.exit(f"sizes: {args.gate} cannot be read: {e}; write it with --update")
    # Programs that run out of memory drop their connections: that is no news here.
    logging.disable(logging.CRITICAL)
    try:
        found, lines = measure(build(ROOT / "build" / "sizes"))
    except (Failed, OSError, TimeoutExpired) as e:
        sys.exit(f"sizes: a program did not do its work: {e}")
    if not found:
        sys.exit("sizes: no MicroPython to measure on\n" + "\n".join(lines))
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print("\n".join([*table(found), "", *lines, NOTES]))
    if args.update:
        if "mp32" not in found:
            sys.exit("sizes: nothing written, the figures to keep are those of 32 bits")
        kept = {figure: round(value) for figure, value in found["mp32"].items()}
        args.update.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    if args.gate:
        figures = found.get("mp32") or {
            key: value for key, value in found["mp64"].items() if key[:3] == "mpy"
        }
        worse = grown(figures, best)
        if worse:
            sys.exit("sizes: grown by more than 2 %:\n  " + "\n  ".join(worse))
        print(f"no figure is more than 2 % over its best in {args.gate.name}")


if __name__ == "__main__":
    main()
