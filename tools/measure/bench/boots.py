"""What it takes from boot to the first publish: connections, round trips, bytes, time.

Ours boots three times: for the first time, when it creates its assets; again, when it finds them;
and with `digest=`, when it knows that they are there.
"""

import dataclasses
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tools.measure.bench_faults.errors import NotRun

from .bed import Bed, Link
from .figures import short, table
from .peers import Peer

REST_S = 0.08  # by then the kernels have sent what they hold back, 40 ms at most
COLUMNS = ("connections", "turns", "round_trips", "up_bytes", "down_bytes", "wire_bytes")


@dataclasses.dataclass
class Boot:
    """One boot.

    Args:
        ms: from the call that connects until the first publish was acknowledged; imports are
            before it.
        connect_ms: of this, until it was on line, subscription included.
        connections, round_trips, up_bytes, down_bytes, wire_bytes: as in Traffic.
        reason: why it was not run; None where it was.
    """

    ms: float | None = None
    connect_ms: float | None = None
    connections: int | None = None
    turns: int | None = None
    round_trips: int | None = None
    up_bytes: int | None = None
    down_bytes: int | None = None
    wire_bytes: int | None = None
    reason: str | None = None


def measure(bed: Bed, peers: list[Peer], broker: str, link: Link) -> dict[str, Boot]:
    """Return each client's boots, by client and kind of boot; clients boot at the same time."""
    with ThreadPoolExecutor(len(peers) if link.delay_ms else 1) as pool:
        found = {}
        for boots in pool.map(lambda peer: _measure(bed, peer, broker, link), peers):
            found |= boots
    return found


def _measure(bed, peer, broker, link):
    # The digest holds for one endpoint: all boots of a device have the same way.
    with bed.way(broker, link, tapped=True) as way:
        if not peer.rest:
            return {peer.name: _boot(bed, peer, way, link, bed.device(), None)}
        device = bed.device(assets=False)
        digest = None if peer.by_rest else str(bed.folder / f"digest-{device.id}")
        found = {f"{peer.name}, first": _boot(bed, peer, way, link, device, None)}
        # Where there is a digest this boot writes it, and costs what one without costs.
        found[f"{peer.name}, later"] = _boot(bed, peer, way, link, device, digest)
        if digest:
            found[f"{peer.name}, digest"] = _boot(bed, peer, way, link, device, digest)
        return found


def _boot(bed, peer, way, link, device, digest):
    before = way.traffic()
    try:
        with bed.running(peer, way, device, digest=digest) as program:
            took = program.ask("boot")
            time.sleep(link.delay_ms / 1000 + REST_S)
            spent = way.traffic() - before
    except NotRun as reason:
        return Boot(reason=str(reason))
    counted = {key: getattr(spent, key) for key in COLUMNS}
    # The proxy delays bytes, and cannot delay TCP's handshake: that is added.
    handshakes_ms = spent.connections * link.delay_ms
    return Boot(
        ms=took["us"] / 1000 + handshakes_ms,
        connect_ms=took["connect_us"] / 1000 + handshakes_ms,
        **counted,
    )


def rows(found: dict[str, Boot]) -> list[tuple[str, ...]]:
    """Return the rows of a table."""
    lines = []
    for name, boot in found.items():
        if boot.reason:
            lines.append((name, f"not run: {boot.reason}"))
            continue
        keys = ("connections", "round_trips", "up_bytes", "down_bytes", "wire_bytes", "ms")
        lines.append((name, *(short(getattr(boot, key)) for key in keys)))
    return lines


def report(found: dict[str, Boot], title: str, say: Callable[[str], None]) -> None:
    """Print a table."""
    head = ("client", "connections", "round trips", "bytes up", "down", "on wire", "ms")
    say(table(title, head, rows(found)))
