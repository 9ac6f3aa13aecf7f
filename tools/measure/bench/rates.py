"""How fast each client publishes: rounds of all clients in turn, in programs that stay up."""

import contextlib
import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tools.measure.bench_faults.errors import NotRun

from .arrivals import Arrivals
from .bed import Bed, Link
from .figures import Spread, table
from .peers import OURS, Peer

# Publishes of the round that finds out how many make a turn of the wanted length.
TRIAL, TRIAL_STEP = 2, 4
MOST = 4000
# A turn over a link with a delay lasts so many of them at least: what fits into one window would be
# there after one round trip, however small the window is.
DELAYS = 8


@dataclasses.dataclass
class Rates:
    """What one client did.

    Args:
        per_s: publishes a second, of each round.
        connect_ms: time to connect and subscribe, of each round; empty where it was not asked for.
        reason: why it was not run; None where it was.
    """

    per_s: list[float] = dataclasses.field(default_factory=list)
    connect_ms: list[float] = dataclasses.field(default_factory=list)
    reason: str | None = None


@dataclasses.dataclass(frozen=True)
class Course:
    """How it is measured.

    Args:
        broker: the broker.
        qos: the QoS.
        link: what lies between; None for nothing at all.
        rounds: how often each client has its turn.
        round_s: how long about a turn lasts.
        connects: whether each turn begins with a new connection.
    """

    broker: str
    qos: int = 1
    link: Link | None = None
    rounds: int = 5
    round_s: float = 0.25
    connects: bool = False


def measure(bed: Bed, peers: list[Peer], course: Course) -> dict[str, Rates]:
    """Return what each client did.

    They take turns, so that a slow moment of the machine hits all alike; over a link with a delay,
    where the machine is idle most of the time, they have their turns at the same time.
    """
    found = {peer.name: Rates() for peer in peers}
    at_a_time = len(peers) if course.link and course.link.delay_ms else 1
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(at_a_time) as pool:
        arrivals = Arrivals(bed.ports[course.broker], bed.platform.ground_token)
        stack.callback(arrivals.close)
        runners = [_Runner(bed, peer, course, found[peer.name], arrivals) for peer in peers]
        for runner in runners:
            stack.callback(runner.close)
        list(pool.map(_Runner.start, runners))
        for _ in range(course.rounds):
            list(pool.map(_Runner.turn, runners))
    return found


class _Runner:
    """One client's program, what lies before it, and how much it does in a turn."""

    def __init__(self, bed, peer, course, rates, arrivals):
        self._bed, self._peer, self._course, self._rates = bed, peer, course, rates
        self._arrivals = arrivals
        self._by_mark = not course.qos and not peer.by_rest
        self._stack = contextlib.ExitStack()
        self._count = TRIAL
        delay_s = course.link.delay_ms / 1000 if course.link else 0
        self._turn_s = max(course.round_s, DELAYS * delay_s)

    def start(self):
        bed, peer, course = self._bed, self._peer, self._course
        digest = str(bed.folder / f"digest-{peer.name}") if peer.rest and not peer.by_rest else None
        try:
            way = self._stack.enter_context(bed.way(course.broker, course.link))
            self._device = bed.device()
            if self._by_mark:
                self._arrivals.listen(self._device.id)
            running = bed.running(peer, way, self._device, course.qos, digest)
            self._program = self._stack.enter_context(running)
            self._program.ask("connect")
            self._find_count()
        except NotRun as reason:
            self._rates.reason = str(reason)

    def _find_count(self):
        """Find how many publishes make a turn of about the wanted length."""
        count, before_per_s = TRIAL, 0
        while True:
            took_us = self._publish(count)
            per_s = count / took_us * 1e6
            # A client with a pipeline is the faster the more there is to publish.
            slower = per_s < before_per_s * 1.5
            if count >= MOST or took_us > self._turn_s * (0.4e6 if slower else 1e6):
                break
            count, before_per_s = min(count * TRIAL_STEP, MOST), per_s
        self._count = int(min(max(per_s * self._turn_s, TRIAL), MOST))

    def _publish(self, count):
        """Publish so many values; return how long it took until the broker had them all, in us."""
        took = self._program.ask("publish", count=count, mark=self._by_mark)
        if self._by_mark:
            return self._arrivals.take(self._device.id) - took["began_us"]
        return took["us"]

    def turn(self):
        """Publish, after a new connection if the course wants one."""
        rates, count = self._rates, self._count
        if rates.reason:
            return
        try:
            if self._course.connects:
                rates.connect_ms.append(self._program.ask("connect")["us"] / 1000)
            took_us = self._publish(count)
        except NotRun as reason:
            rates.reason = str(reason)
        else:
            rates.per_s.append(count / took_us * 1e6)

    def close(self):
        self._stack.close()


def ratios(found: dict[str, Rates], ours: str = OURS.name) -> dict[str, Spread]:
    """Return how many times faster ours is than each other client, round by round."""
    if ours not in found or found[ours].reason:
        return {}
    return {
        name: Spread.of([a / b for a, b in zip(found[ours].per_s, rates.per_s)])
        for name, rates in found.items()
        if name != ours and not rates.reason
    }


def rows(found: dict[str, Rates], connects: bool = False) -> list[tuple[str, ...]]:
    """Return the rows of a table: name, rate, ratio, and where asked for the time to connect."""
    by_ours = ratios(found)
    lines = []
    for name, rates in found.items():
        if rates.reason:
            lines.append((name, f"not run: {rates.reason}"))
            continue
        cells = [name, Spread.of(rates.per_s).text()]
        cells.append(by_ours[name].text() if name in by_ours else "")
        if connects:
            cells.append(Spread.of(rates.connect_ms).text())
        lines.append(tuple(cells))
    return lines


def report(
    found: dict[str, Rates], title: str, say: Callable[[str], None], connects: bool = False
) -> None:
    """Print a table."""
    head = ["client", "publishes/s", "ours is x times"]
    say(table(title, tuple(head + ["connect ms"] * connects), rows(found, connects)))
