"""The two rates that the design has budgets for, as shares of another client's in the same run."""

import dataclasses
from collections.abc import Callable

from .figures import Spread, short, table
from .peers import BY_HAND, LIMIT
from .rates import Rates, ratios


@dataclasses.dataclass(frozen=True)
class Share:
    """A rate of ours as a multiple of another client's.

    Args:
        name: what tables call it.
        qos: the QoS at which both publish.
        peer: the name of the other client.
        budget, aim: of the design.
    """

    name: str
    qos: int
    peer: str
    budget: float
    aim: float


SHARES = (
    Share("QoS 1: share of raw window 32", 1, LIMIT.name, 0.5, 0.7),
    Share("QoS 0: times umqtt.simple", 0, BY_HAND.name, 0.5, 1.0),
)


def measured(found: dict[str, Rates], qos: int) -> dict[str, dict]:
    """Return the figures of those shares for which both clients ran: spread, budget and aim."""
    by_peer = ratios(found)
    return {
        share.name: {
            **dataclasses.asdict(by_peer[share.peer]),
            "budget": share.budget,
            "aim": share.aim,
        }
        for share in SHARES
        if share.qos == qos and share.peer in by_peer
    }


def rows(found: dict[str, dict]) -> list[tuple[str, ...]]:
    """Return the rows of a table of what `measured` returned; the median is judged."""
    lines = []
    for name, each in found.items():
        spread = Spread(each["least"], each["median"], each["most"])
        verdict = "held" if spread.median >= each["aim"] else "under the aim"
        if spread.median < each["budget"]:
            verdict = "under the budget"
        lines.append((name, spread.text(), short(each["budget"]), short(each["aim"]), verdict))
    return lines


def report(found: dict[str, dict], broker: str, say: Callable[[str], None]) -> None:
    """Print a table, where there is something to show."""
    if lines := rows(found):
        title = f"Rate: shares with a budget, round by round, {broker}"
        say(table(title, ("figure", "ours", "budget", "aim", ""), lines))
