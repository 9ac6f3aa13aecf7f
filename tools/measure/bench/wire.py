"""What a publish puts on the wire: segments and bytes, counted by a tap in front of the broker."""

import dataclasses
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tools.measure.bench_faults.errors import NotRun

from .bed import Bed
from .figures import short, table
from .peers import Peer
from .tap import Traffic

ALONE = 10
BURST = 200
REST_S = 0.08  # by then the kernel has sent the acknowledgement that it holds back, 40 ms at most


@dataclasses.dataclass
class Wire:
    """What one client's publishes put on the wire.

    Args:
        alone: of one publish that has the link to itself, on average.
        burst: of one publish among many, on average.
        reason: why it was not run; None where it was.
    """

    alone: dict[str, float] | None = None
    burst: dict[str, float] | None = None
    reason: str | None = None


def measure(bed: Bed, peers: list[Peer], broker: str, qos: int) -> dict[str, Wire]:
    """Return what each client's publishes put on the wire; all at the same time."""
    with ThreadPoolExecutor(len(peers)) as pool:
        found = pool.map(lambda peer: _measure(bed, peer, broker, qos), peers)
        return {peer.name: wire for peer, wire in zip(peers, found)}


def _measure(bed, peer, broker, qos):
    try:
        with bed.way(broker, tapped=True) as way:
            with bed.running(peer, way, bed.device(), qos) as program:
                program.ask("connect")
                program.ask("publish", count=1)
                return Wire(_each(program, way, 1, ALONE), _each(program, way, BURST, 1))
    except NotRun as reason:
        return Wire(reason=str(reason))


def _each(program, way, count, times):
    """Return the Traffic of a publish, on average, as a dict."""
    time.sleep(REST_S)
    before = way.traffic()
    for _ in range(times):
        program.ask("publish", count=count)
        time.sleep(REST_S)
    spent = way.traffic() - before
    return {key: value / (count * times) for key, value in _figures(spent).items()}


def _figures(traffic: Traffic) -> dict[str, int]:
    return {**dataclasses.asdict(traffic), "wire_bytes": traffic.wire_bytes}


def rows(found: dict[str, Wire]) -> list[tuple[str, ...]]:
    """Return the rows of a table."""
    lines = []
    for name, wire in found.items():
        if wire.reason:
            lines.append((name, f"not run: {wire.reason}"))
            continue
        cells = [name]
        for part in (wire.alone, wire.burst):
            cells += [short(part[key]) for key in ("up_segments", "up_bytes", "wire_bytes")]
        lines.append(tuple(cells))
    return lines


def report(found: dict[str, Wire], title: str, say: Callable[[str], None]) -> None:
    """Print a table."""
    head = ["client"]
    for part in ("alone", "burst"):
        head += [f"{part}: segments", "bytes", "on wire"]
    say(table(title, tuple(head), rows(found)))
