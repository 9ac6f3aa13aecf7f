"""Measures what the library costs in flash and RAM, and prints it beside the budgets.

    python -m tools.measure.sizes                 everything, also build/size.json and .svg
    python -m tools.measure.sizes --gate FILE     fail if a figure is more than 2 % over the best
                                                  one in FILE, or over its budget
    python -m tools.measure.sizes --update FILE   write the figures into FILE
    python -m tools.measure.sizes --only connected peak heap
                                                  these groups of figures alone, on 32 bits: seconds
    python -m tools.measure.sizes --frozen DIR    the job with the library frozen into MicroPython,
                                                  which is built from Debian's sources in DIR

Measured on real MicroPython: the 32-bit unix port, whose objects have the size they have on an
ESP32 or a Pico W, and the 64-bit one beside it. The programs that run there are in `programs`,
their platform is the local one on loopback. With a FILE only what it holds is measured, on 32
bits: that takes a minute, everything takes several.
"""

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path
from subprocess import TimeoutExpired

from tools.build import debian_sources
from tools.measure import svg_bars
from tools.measure.sizes import frozen
from tools.measure.sizes.figures import (
    BUDGETS,
    GATED,
    INTERPRETERS,
    NOTES,
    bar_rows,
    budget_rows,
    columns,
    grown,
    over_budget,
    shown,
    tables,
)
from tools.measure.sizes.measures import GROUPS, Failed, Measures, build
from tools.simulate import interpreters

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build"
RESULT = BUILD / "size.json"
PICTURE = BUILD / "size.svg"
FROZEN = BUILD / "size-frozen"
TITLE = "What AllThingsTalk for MicroPython costs on a 32-bit board"


def measure(names, group):
    """Return ({interpreter: {figure: bytes}}, [line about each interpreter]).

    `group(measures)` gets the figures of one interpreter.
    """
    BUILD.mkdir(exist_ok=True)
    # A folder of its own: another run may be going on.
    with tempfile.TemporaryDirectory(prefix="sizes-", dir=BUILD) as folder:
        return _measure(build(Path(folder) / "forms"), names, group)


def _measure(built, names, group):
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
            for what, why in measures.failed.items():
                lines.append(f"{name}: {what} failed: {why}")
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


def figures_of_32_bits(group):
    """Return the figures that `group(measures)` gets; ends the program where there is no way."""
    found, lines = measure(["mp32"], group)
    if not found:
        sys.exit("sizes: budgets and best values are those of 32 bits\n" + "\n".join(lines))
    return found["mp32"]


def ratchet(args):
    """Measure what is gated; compare it with a file and with the budgets, write it into a file."""
    best = read_best(args.gate) if args.gate else {}
    figures = kept(figures_of_32_bits(Measures.gated))
    for figure in sorted(figures.keys() & GATED):
        notes = [f"best {best[figure]:,}"] if figure in best else []
        notes += [f"budget {BUDGETS[figure][0]:,}"] if figure in BUDGETS else []
        print(", ".join([f"{figure}: {figures[figure]:,}", *notes]))
    if args.update:
        text = json.dumps(figures, indent=2, sort_keys=True) + "\n"
        args.update.write_text(text, encoding="utf-8")
    if not args.gate:
        return
    found = {
        "grown by more than 2 %": grown(figures, best),
        "over the design's budget": over_budget(figures, best),
    }
    debts = set(over_budget(figures)) - set(over_budget(figures, best))
    if debts:
        print("still over the design's budget:\n  " + "\n  ".join(sorted(debts)))
    said = [f"{what}:\n  " + "\n  ".join(lines) for what, lines in found.items() if lines]
    if said:
        sys.exit("sizes: " + "\n".join(said))
    print(f"no figure is more than 2 % over its best in {args.gate.name}, or newly over its budget")


def show_only(names):
    """Measure some groups; print their figures, and those with a budget beside it."""
    figures = figures_of_32_bits(lambda measures: measures.of(names))
    others = [
        [name, shown(value)]
        for name, value in figures.items()
        if name not in BUDGETS and not name.startswith(("py of ", "mpy of "))
    ]
    rows = budget_rows(figures)
    parts = [columns(part) for part in (rows if len(rows) > 1 else [], others) if part]
    print("\n\n".join("\n".join(part) for part in parts))


def show():
    """Measure everything; print it, write it as JSON and as a picture."""
    found, lines = measure(INTERPRETERS, Measures.all)
    if not found:
        sys.exit("sizes: no MicroPython to measure on\n" + "\n".join(lines))
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print("\n".join([*tables(found), "", *lines, NOTES]))
    if "mp32" in found:
        svg_bars.bars(TITLE, bar_rows(found["mp32"]), PICTURE, "bytes")
        print(f"picture: {PICTURE.relative_to(ROOT)}")
    if any(" failed: " in line for line in lines):
        sys.exit("sizes: some figures are missing, see above")


def show_frozen(folder):
    """Build a MicroPython with the library in it, measure there, print the table."""
    if not folder.is_dir():
        sys.exit(f"sizes: --frozen {folder} is no folder")
    print("sizes: building, about a minute", flush=True)
    try:
        command = frozen.interpreter([folder.resolve(), debian_sources.INSTALLED], FROZEN)
    except debian_sources.BuildError as e:
        sys.exit(f"sizes: {e}")
    with tempfile.TemporaryDirectory(prefix="sizes-", dir=BUILD) as forms:
        print("\n".join(frozen.lines(command, build(Path(forms) / "forms"))))


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.measure.sizes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--gate", type=Path, metavar="FILE", help="compare with the figures there")
    parser.add_argument("--update", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="GROUP", help=" ".join(GROUPS))
    parser.add_argument("--frozen", type=Path, metavar="DIR", help="see above")
    args = parser.parse_args()
    # Programs that run out of memory drop their connections: that is no news here.
    logging.disable(logging.CRITICAL)
    try:
        if args.frozen:
            show_frozen(args.frozen)
        elif args.only:
            show_only(args.only)
        else:
            ratchet(args) if args.gate or args.update else show()
    except (Failed, OSError, TimeoutExpired) as e:
        sys.exit(f"sizes: a program did not do its work: {e}")


if __name__ == "__main__":
    main()
