"""From what a program reported and a listener heard to the figures of the table."""

import collections
import dataclasses
import re
from collections.abc import Iterable

# The lines of programs/reporting.py.
_CALL = re.compile(r"call \d+ (\d+)")
_BACK = re.compile(r"back \d+ (\d+) ([01])")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The figures of one run.

    Args:
        published: values whose call returned without an error.
        delivered: different values that the listener got.
        twice: different values that it got more than once.
        lost: values that it never got, those that were never given for want of time included.
        call_ms: the longest that one call held up the program.
        loop_ms: the longest that one turn of its loop took beyond its pause.
        stuck: "call" or "loop" where the program had not come back from the longest of them when
            time was up; else None.
        back_s: from the end of the fault to the first value not seen before; None: none came.
        heard: whether a command was heard at the end.
        ended: what the program said last if it ended by itself, which none should; else None.
    """

    published: int
    delivered: int
    twice: int
    lost: int
    call_ms: float
    loop_ms: float
    stuck: str | None
    back_s: float | None
    heard: bool
    ended: str | None = None


def count(
    wanted: int,
    lines: Iterable[tuple[float, str]],
    deliveries: Iterable[tuple[float, int]],
    fault_end_s: float | None,
    end_s: float,
    pause_ms: int,
    ended: str | None = None,
) -> Outcome:
    """Return the figures of one run.

    Args:
        wanted: how many values were to be published, numbered from 0.
        lines: what the program printed, each with the time at which it came, in seconds.
        deliveries: numbers of the values that arrived, each with its time in seconds.
        fault_end_s: when the fault was over; None if there was none, or it lasted for ever.
        end_s: when the run was over.
        pause_ms: the pause of the program's loop.
        ended: see Outcome.
    """
    deliveries = list(deliveries)
    times = collections.Counter(number for _, number in deliveries)
    lines = list(lines)
    calls = _Calls(lines, end_s, pause_ms, running=ended is None)
    return Outcome(
        published=calls.accepted,
        delivered=len(times),
        twice=sum(n > 1 for n in times.values()),
        lost=sum(number not in times for number in range(wanted)),
        call_ms=calls.call_ms,
        loop_ms=calls.loop_ms,
        stuck=calls.stuck,
        back_s=_back_s(deliveries, fault_end_s),
        heard=any(text == "heard" for _, text in lines),
        ended=ended,
    )


def _back_s(deliveries, fault_end_s):
    if fault_end_s is None:
        return None
    before = {number for at, number in deliveries if at <= fault_end_s}
    after = [at for at, number in deliveries if at > fault_end_s and number not in before]
    return min(after) - fault_end_s if after else None


class _Calls:
    """How long the calls and the turns of the loop took, from the lines of the program."""

    def __init__(self, lines, end_s, pause_ms, running):
        self.accepted = 0
        self.call_ms = self.loop_ms = 0.0
        called_us = None
        over = False
        begun_s = end_s
        for came_s, text in lines:
            if report := _CALL.fullmatch(text):
                at_us = int(report[1])
                if called_us is not None:
                    self._turn((at_us - called_us) / 1000 - pause_ms)
                called_us, begun_s, over = at_us, came_s, False
            elif (report := _BACK.fullmatch(text)) and called_us is not None:
                self.accepted += int(report[2])
                self.call_ms = max(self.call_ms, (int(report[1]) - called_us) / 1000)
                over = True
            elif text == "done":
                called_us = None
        self.stuck = None
        waited_ms = (end_s - begun_s) * 1000 - pause_ms
        # In the middle of its values when time was up: what it waits for has no end yet.
        if running and called_us is not None and waited_ms > self.loop_ms:
            self.stuck = "loop" if over else "call"
            self._turn(waited_ms)
            if not over:
                self.call_ms = waited_ms + pause_ms

    def _turn(self, beyond_ms):
        self.loop_ms = max(self.loop_ms, beyond_ms)
