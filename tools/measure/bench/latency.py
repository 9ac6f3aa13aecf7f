"""How late commands are heard, at several rates and poll periods, and whether they pile up.

Commands carry the time at which they were sent; the client's program, on the same machine, takes
the difference with its own clock. All clients listen at the same time, to commands of their own.
"""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable

from tools.measure.bench_faults.errors import NotRun

from .bed import Bed
from .commands import commander
from .figures import percentile, short, table
from .peers import Peer

STAMPS = 10**9  # as in programs/driver.py
SLACK_MS = 300
# Commands a second, poll period in ms.
COURSES = ((10, 10), (10, 100), (40, 100), (200, 100), (10, 1000), (40, 1000))


@dataclasses.dataclass
class Late:
    """What one client heard at one rate and poll period.

    Args:
        sent, heard: commands.
        p50_ms, p99_ms: how late they were; of those that were heard.
        first_ms, last_ms: median of the first and of the last quarter of those heard: where these
            differ, commands pile up.
        reason: why it was not run; None where it was.
    """

    sent: int = 0
    heard: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    first_ms: float | None = None
    last_ms: float | None = None
    reason: str | None = None


def measure(
    bed: Bed, peers: list[Peer], broker: str, per_s: int, poll_ms: int, seconds: float
) -> dict[str, Late]:
    """Return what each client heard of `seconds` of commands."""
    found = {peer.name: Late() for peer in peers}
    with contextlib.ExitStack() as stack:
        programs, devices = {}, []
        for peer in peers:
            device = bed.device()
            try:
                way = stack.enter_context(bed.way(broker))
                program = stack.enter_context(bed.running(peer, way, device))
                program.ask("connect")
            except NotRun as reason:
                found[peer.name].reason = str(reason)
                continue
            programs[peer.name] = program
            devices.append(device.id)
        listen_ms = int(seconds * 1000) + poll_ms + SLACK_MS
        answers = {}
        threads = [
            threading.Thread(target=_listen, args=(program, name, poll_ms, listen_ms, answers))
            for name, program in programs.items()
        ]
        for thread in threads:
            thread.start()
        sent = _send(bed, broker, devices, per_s, seconds)
        for thread in threads:
            thread.join()
    for name, answer in answers.items():
        found[name] = _counted(answer, sent)
    return found


def _listen(program, name, poll_ms, for_ms, answers):
    try:
        answers[name] = program.ask("listen", poll_ms=poll_ms, for_ms=for_ms)["late_us"]
    except NotRun as reason:
        answers[name] = str(reason)


def _send(bed, broker, devices, per_s, seconds):
    """Send to all devices at this rate; return how many went to each."""
    count = int(per_s * seconds)
    with commander(bed.platform, bed.ports[broker]) as send:
        began_s = time.monotonic()
        for number in range(count):
            time.sleep(max(0, began_s + number / per_s - time.monotonic()))
            for device in devices:
                send(device, time.time_ns() // 1000 % STAMPS)
    return count


def _counted(late_us, sent):
    if isinstance(late_us, str):
        return Late(reason=late_us)
    late_ms = [us / 1000 for us in late_us]
    if not late_ms:
        return Late(sent=sent)
    quarter = max(len(late_ms) // 4, 1)
    return Late(
        sent=sent,
        heard=len(late_ms),
        p50_ms=percentile(late_ms, 50),
        p99_ms=percentile(late_ms, 99),
        first_ms=percentile(late_ms[:quarter], 50),
        last_ms=percentile(late_ms[-quarter:], 50),
    )


def rows(found: dict[str, Late]) -> list[tuple[str, ...]]:
    """Return the rows of a table."""
    lines = []
    for name, late in found.items():
        if late.reason:
            lines.append((name, f"not run: {late.reason}"))
            continue
        figures = (late.p50_ms, late.p99_ms, late.first_ms, late.last_ms)
        lines.append((name, *map(short, figures), f"{late.sent - late.heard} of {late.sent}"))
    return lines


def report(found: dict[str, Late], title: str, say: Callable[[str], None]) -> None:
    """Print a table."""
    head = ("client", "p50 ms", "p99 ms", "first quarter", "last quarter", "not heard")
    say(table(title, head, rows(found)))
