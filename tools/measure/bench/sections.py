"""The sections of the bench: each measures, prints its tables, and returns figures for the JSON."""

import dataclasses
from collections.abc import Callable

from tools.simulate import interpreters

from . import boots, by_file, growth, latency, rates, shares, wire
from .bed import Bed, Link
from .figures import Spread
from .peers import BY_HAND, LIMIT, LIMIT_ONE, OURS, OURS_CBOR, Peer

LINKS = (Link(50), Link(200), Link(0, True), Link(50, True), Link(200, True))
BOOT_LINKS = (Link(), *LINKS)
DELAYED_ROUND_S = 1.5


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is to be measured.

    Args:
        peers: the clients.
        quick: whether a look at few clients is enough: for a test.
        say: prints a text.
    """

    peers: tuple[Peer, ...]
    quick: bool = False
    say: Callable[[str], None] = print

    def those(self, quick: tuple[Peer, ...], but: tuple[Peer, ...] = ()) -> list[Peer]:
        """Return the clients without `but`; of a quick look only those in `quick`."""
        asked = quick if self.quick else self.peers
        return [peer for peer in self.peers if peer in asked and peer not in but]

    def over(self, link: Link, quick: tuple[Peer, ...]) -> list[Peer]:
        """Return the clients that can use a link."""
        return [peer for peer in self.those(quick) if peer.tls or not link.tls]


def rate(bed: Bed, wanted: Wanted) -> dict:
    """Publishes a second at QoS 1 and 0, against each broker, and the shares of the design."""
    found, shown = {}, {}
    peers = wanted.those((OURS, BY_HAND, LIMIT))
    for broker in bed.ports:
        for qos in (1, 0):
            course = rates.Course(broker, qos, rounds=2 if wanted.quick else 5)
            # The listener of QoS 0 hears topics of assets, of which CBOR has none.
            able = [peer for peer in peers if qos or peer is not OURS_CBOR]
            counted = rates.measure(bed, able, course)
            title = f"Rate: publishes a second at QoS {qos}, {broker}"
            rates.report(counted, title, wanted.say)
            share = shares.measured(counted, qos)
            found[f"{broker}, QoS {qos}"] = {**_rates(counted), "share": share}
            if broker == bed.broker:  # the local platform is the limit of what it is asked
                shown |= share
    shares.report(shown, bed.broker, wanted.say)
    return found


def _rates(counted):
    return {
        "per_s": {name: dataclasses.asdict(each) for name, each in counted.items()},
        "ratio": {
            name: dataclasses.asdict(spread) for name, spread in rates.ratios(counted).items()
        },
    }


def files(bed: Bed, wanted: Wanted) -> dict:
    """Where the time of one of our publishes goes, by source file."""
    limits = {"count": 500, "rounds": 2} if wanted.quick else {}
    found = {qos: by_file.measure(bed, qos, **limits) for qos in (1, 0)}
    title = f"Files: microseconds of one publish by file, {bed.broker}"
    by_file.report(found, title, wanted.say)
    return {
        f"QoS {qos}": {"publish_us": each.publish_us, "share": each.shares, "us": each.us}
        for qos, each in found.items()
    }


def segments(bed: Bed, wanted: Wanted) -> dict:
    """Segments and bytes of a publish."""
    found = {}
    peers = wanted.those((OURS, BY_HAND))
    for qos in (1, 0):
        counted = wire.measure(bed, peers, bed.broker, qos)
        wire.report(counted, f"Wire: what a publish takes at QoS {qos}, {bed.broker}", wanted.say)
        found[f"QoS {qos}"] = _plain(counted)
    return found


def link(bed: Bed, wanted: Wanted) -> dict:
    """Publishes a second and time to connect over TLS and over slow links."""
    found = {}
    for each in LINKS[1:2] if wanted.quick else LINKS:
        peers = wanted.over(each, (OURS, LIMIT_ONE))
        course = rates.Course(
            bed.broker,
            link=each,
            rounds=2 if wanted.quick else 5,
            round_s=DELAYED_ROUND_S if each.delay_ms else 0.25,
            connects=True,
        )
        counted = rates.measure(bed, peers, course)
        rates.report(counted, f"Link: {each}, QoS 1, {bed.broker}", wanted.say, connects=True)
        found[str(each)] = _rates(counted)
    return found


def late(bed: Bed, wanted: Wanted) -> dict:
    """How late commands are heard."""
    found = {}
    peers = wanted.those((OURS, BY_HAND), but=(LIMIT, LIMIT_ONE, OURS_CBOR))
    courses = [(bed.broker, *course) for course in latency.COURSES]
    courses += [(broker, *latency.COURSES[2]) for broker in list(bed.ports)[1:]]
    for broker, per_s, poll_ms in [courses[2]] if wanted.quick else courses:
        seconds = 1 if wanted.quick else 3
        counted = latency.measure(bed, peers, broker, per_s, poll_ms, seconds)
        title = f"Commands: {per_s} a second for {seconds} s, polled each {poll_ms} ms, {broker}"
        latency.report(counted, title, wanted.say)
        found[f"{per_s}/s, {poll_ms} ms, {broker}"] = _plain(counted)
    return found


def boot(bed: Bed, wanted: Wanted) -> dict:
    """What it takes from boot to the first publish."""
    found = {}
    for each in BOOT_LINKS[:1] if wanted.quick else BOOT_LINKS:
        peers = wanted.over(each, (OURS, BY_HAND))
        counted = boots.measure(bed, peers, bed.broker, each)
        boots.report(counted, f"Boot: to the first publish, {each}, {bed.broker}", wanted.say)
        found[str(each)] = _plain(counted)
    return found


def grow(bed: Bed, wanted: Wanted) -> dict:
    """What ours costs as work grows."""
    name, interpreter = "mp32", None
    try:
        interpreter = interpreters.find(name)
    except interpreters.Missing as missing:
        wanted.say(f"Growth: {missing}; measured with the interpreter of the rest instead\n")
        name, interpreter = "64 bits", bed.interpreter
    found = {}
    for dimension in growth.DIMENSIONS:
        points = growth.measure(bed, interpreter, dimension, wanted.quick)
        growth.report(points, f"Growth: {dimension.title}, {name}, {bed.broker}", wanted.say)
        found[dimension.key] = [dataclasses.asdict(point) for point in points]
    return found


def _plain(counted):
    return {name: dataclasses.asdict(each) for name, each in counted.items()}


def headline(found: dict) -> str | None:
    """Return the one ratio that is promised: to umqtt.simple's rate at QoS 1."""
    for title, section in found.get("rate", {}).items():
        if title.endswith("QoS 1") and BY_HAND.name in section["ratio"]:
            spread = Spread(**section["ratio"][BY_HAND.name])
            return f"QoS 1, {title.split(',')[0]}: {spread.text()} times umqtt.simple's rate"
    return None


SECTIONS = {
    "rate": rate,
    "files": files,
    "wire": segments,
    "link": link,
    "commands": late,
    "boot": boot,
    "growth": grow,
}
