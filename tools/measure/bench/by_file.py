"""Where the time of one publish goes, by source file of the library.

MicroPython has no profiler. So the time of a publish is measured there, and the shares of the files
are those of the same program under CPython's profiler: each file's own time, built-in functions
included that it calls, without those that talk to the kernel or wait.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from .bed import Bed
from .figures import Spread, short, table
from .peers import OURS, OURS_CPYTHON, ROOT

PROFILED = dataclasses.replace(OURS_CPYTHON, name="allthingstalk profiled", driver="profiled")
LIBRARY = ROOT / "lib" / "allthingstalk"
SOCKET = "socket"
REST = "interpreter, program"
WARM_UP = 500
CAPTION = (
    "MicroPython has no profiler: the total is measured on it, shares are each file's own time\n"
    "under CPython's cProfile, which makes much called functions dearer; read them as shares"
)


@dataclasses.dataclass
class ByFile:
    """Where the time of a publish goes at one QoS.

    Args:
        publish_us: of a publish on MicroPython, in each round.
        shares: of each file of the library, of `SOCKET`, and of `REST`: what is no file of it.
    """

    publish_us: list[float]
    shares: dict[str, float]

    @property
    def us(self) -> dict[str, float]:
        """The shares of the median, in microseconds."""
        median = Spread.of(self.publish_us).median
        return {name: share * median for name, share in self.shares.items()}


def measure(bed: Bed, qos: int, count: int = 2000, rounds: int = 5) -> ByFile:
    """Return where the time goes, against the broker of `bed`.

    Raises:
        NotRun: a program does not run.
    """
    with bed.way(bed.broker) as way:
        with bed.running(OURS, way, bed.device(), qos) as program:
            _warm_up(program)
            took = [program.ask("publish", count=count)["us"] / count for _ in range(rounds)]
        with bed.running(PROFILED, way, bed.device(), qos) as program:
            _warm_up(program)
            return ByFile(took, shares(program.ask("profile", count=count)["by_file"]))


def _warm_up(program):
    program.ask("connect")
    program.ask("publish", count=WARM_UP)


def shares(by_file: dict[str, float]) -> dict[str, float]:
    """Return the shares of the library's files, the largest first, then of `SOCKET` and `REST`.

    Args:
        by_file: the time in each file, in any unit, and in `SOCKET`.
    """
    total = sum(by_file.values())
    found, others = {}, {SOCKET: 0.0, REST: 0.0}
    for name, time in by_file.items():
        if name == SOCKET:
            others[SOCKET] += time / total
        elif Path(name).is_relative_to(LIBRARY):
            found[Path(name).relative_to(LIBRARY).as_posix()] = time / total
        else:
            others[REST] += time / total
    return {**dict(sorted(found.items(), key=lambda each: -each[1])), **others}


def rows(found: dict[int, ByFile]) -> list[tuple[str, ...]]:
    """Return the rows of a table of {QoS: what was measured}."""
    names = list(dict.fromkeys(name for each in found.values() for name in each.shares))
    names.sort(key=lambda name: (name == REST, name == SOCKET))
    lines = []
    for name in names:
        cells = [name]
        for each in found.values():
            share = each.shares.get(name, 0)
            cells += [short(share * Spread.of(each.publish_us).median), f"{share:.1%}"]
        if cells[2::2] != ["0.0%"] * len(found):
            lines.append(tuple(cells))
    totals = (cell for each in found.values() for cell in (short(sum(each.us.values())), "100%"))
    return [*lines, ("one publish", *totals)]


def report(found: dict[int, ByFile], title: str, say: Callable[[str], None]) -> None:
    """Print a table, with what the figures are."""
    head = ["file"]
    for qos in found:
        head += [f"QoS {qos}: us", "share"]
    spreads = (f"QoS {qos} {Spread.of(each.publish_us).text()}" for qos, each in found.items())
    measured = "us of a publish as measured: " + "; ".join(spreads)
    say(table("\n".join([title, CAPTION, measured]), tuple(head), rows(found)))
