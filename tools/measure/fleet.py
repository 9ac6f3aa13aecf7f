"""Shows what a fleet of boards does to a broker that comes back: connects per second, as a plot.

    python -m tools.measure.fleet               10,000 boards; outages of 10 s, 5 min, 1 hour
    python -m tools.measure.fleet --outage 60 --capacity 500     500 connects a second at most

All boards lose the broker at once and notice it within their pause between two polls. From then on
each follows the library's own code, `allthingstalk.connect.recover`, in virtual time. Beside it the
same without jitter: all random numbers are the middle one.
"""

import argparse
import heapq
import random
from collections import Counter

from tools.build import library

library.use()

from allthingstalk.connect import recover  # noqa: E402

BOARDS = 10_000
OUTAGES_S = (10, 300, 3600)
_POLL_MS = 10  # the pause between two polls of client.wait()
_SESSION_MS = 3_600_000  # what the sessions had lasted: they were good ones
_SHARES = (50, 90, 100)  # percent
_BAR = 60  # characters
_ROWS = 20


class Result:
    """Tries and connects by second; second 0 begins when the broker is back."""

    def __init__(self, boards, outage_s):
        self.boards = boards
        self.outage_s = outage_s
        self.tries = Counter()
        self.connects = Counter()
        self.back_ms = []  # when each board was back, counted from the broker's return

    def peak(self, counts, after):
        """Return the most in one second, after the return or before it."""
        return max((n for second, n in counts.items() if (second >= 0) == after), default=0)

    def back_s(self, percent):
        """Return after how many seconds so many percent of the boards were back."""
        return sorted(self.back_ms)[-(-len(self.back_ms) * percent // 100) - 1] / 1000

    def even(self):
        """Return the connects per second if all came evenly, as slowly as the API allows.

        Back at the latest half the outage and 0.5 s after the broker, never more than 90 s.
        """
        return self.boards / min(90, self.outage_s / 2 + 0.5)


def simulate(boards, outage_s, jitter=True, seed=1, capacity=0):
    """Let a fleet lose its broker for `outage_s` seconds and come back; return a Result.

    `capacity` is how many connects the broker takes in a second, 0: all.
    """
    bits = random.Random(seed).getrandbits if jitter else lambda n: 1 << (n - 1)
    outage_ms = int(outage_s * 1000)
    result = Result(boards, outage_s)
    due = []
    spread = random.Random(seed)
    for board in range(boards):
        noticed_ms = spread.randrange(_POLL_MS)
        losses = recover.fresh(0)
        recover.session_lost(losses, noticed_ms, _SESSION_MS, True)
        pause_ms = 0
        if not recover.at_once(losses):
            pause_ms = recover.pause_ms(losses, bits, noticed_ms, True, None)
        due.append((noticed_ms + pause_ms, board, losses))
    heapq.heapify(due)
    while due:
        now_ms, board, losses = due[0]
        second = (now_ms - outage_ms) // 1000
        result.tries[second] += 1
        if now_ms >= outage_ms and not (capacity and result.connects[second] >= capacity):
            result.connects[second] += 1
            result.back_ms.append(now_ms - outage_ms)
            heapq.heappop(due)
        else:
            pause_ms = recover.pause_ms(losses, bits, now_ms, True, None)
            heapq.heapreplace(due, (now_ms + pause_ms, board, losses))
    return result


def duration(seconds):
    """Return seconds as a person says it."""
    if seconds >= 3600:
        return f"{seconds / 3600:g} h"
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"


def table(results):
    """Return the lines of the table; `results` are pairs of a label and a Result."""
    head = "outage  jitter  tries/s, away  tries/s, back  connects/s  evenly"
    lines = [head + "".join(f"{f'{p} % back':>12}" for p in _SHARES)]
    for label, r in results:
        lines.append(
            f"{duration(r.outage_s):<7} {label:<7}{r.peak(r.tries, False):>13,}"
            f"{r.peak(r.tries, True):>15,}{r.peak(r.connects, True):>12,}{r.even():>8,.0f}"
            + "".join(f"{r.back_s(p):>10.1f} s" for p in _SHARES)
        )
    return lines


def plot(results):
    """Return the lines of a plot: the busiest second of each stretch, one column per Result."""
    end = max(max(r.connects) for _, r in results) + 1
    stretch = -(-end // _ROWS)
    most = max(r.peak(r.connects, True) for _, r in results)
    width = _BAR // len(results)
    lines = [" seconds  " + "  ".join(f"{'jitter: ' + label:<{width + 7}}" for label, _ in results)]
    for start in range(0, end, stretch):
        cells = []
        for _, r in results:
            n = max(r.connects[s] for s in range(start, start + stretch))
            bar = "#" * -(-n * width // most)
            cells.append(f"{n:>6,} {bar:<{width}}")
        lines.append((f"{start:>8}  " + "  ".join(cells)).rstrip())
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--boards", type=_positive, default=BOARDS, help="(%(default)s)")
    parser.add_argument(
        "--outage", type=_positive, action="append", metavar="S", help="seconds; may be repeated"
    )
    parser.add_argument(
        "--capacity", type=_positive, default=0, help="connects a second that the broker takes"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (%(default)s)")
    args = parser.parse_args()
    pairs = []
    for outage_s in args.outage or OUTAGES_S:
        pairs.append(
            [
                (label, simulate(args.boards, outage_s, label == "yes", args.seed, args.capacity))
                for label in ("yes", "no")
            ]
        )
    print(f"{args.boards:,} boards lose their broker at once; the most in any second")
    print("\n".join(table([result for pair in pairs for result in pair])))
    print("evenly: if all came back at the slowest even pace that the API allows")
    for pair in pairs:
        print(f"\nconnects per second after an outage of {duration(pair[0][1].outage_s)}")
        print("\n".join(plot(pair)))


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too small; it has to be 1 at least")
    return number


if __name__ == "__main__":
    main()
