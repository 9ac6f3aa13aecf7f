"""What goes wrong in each scenario, and when."""

import dataclasses
import time
from collections.abc import Callable

from tools.simulate.fault_proxy import FaultProxy

from .brokers import Mosquitto, OwnBroker, wait_for
from .errors import NotRun

LATE_MS = 300
# In the middle of the topic of a PUBLISH, whichever pieces a client writes it in.
CUT_BYTES = 7


def outage(proxy: FaultProxy, broker: Mosquitto | OwnBroker, seconds: float) -> None:
    """The broker is gone for so long; meanwhile connections to it are refused."""
    proxy.refuse()
    broker.kill()
    proxy.cut()
    time.sleep(seconds)
    broker.start()
    proxy.accept()


def cut_packet(proxy: FaultProxy, broker: Mosquitto | OwnBroker, seconds: float) -> None:
    """The link breaks within the next packet of the client."""
    before = proxy.counters
    proxy.cut_after(CUT_BYTES, "server")

    def is_cut():
        now = proxy.counters
        return now.open < before.open or now.connections > before.connections

    if not wait_for(is_cut):
        raise NotRun("it wrote nothing that could be cut")


def half_open(proxy: FaultProxy, broker: Mosquitto | OwnBroker, seconds: float) -> None:
    """The link goes silent for so long, as behind a router that forgot it; then it is reset."""
    proxy.half_open()
    time.sleep(seconds)
    proxy.accept()
    proxy.cut()


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One scenario.

    Args:
        key: what --scenario calls it.
        title: what happens, for the table; `{seconds}` is filled in.
        fault: makes the fault and takes it away again; returns when it is over.
        seconds: how long the fault lasts, where it lasts.
        count: how many values are published.
        at: the number of the value at which the fault begins.
        keepalive_s: the keepalive, where a client has one that it acts upon; None: its own.
        late_ms: how late everything from the broker comes, for the whole run.
    """

    key: str
    title: str
    fault: Callable[[FaultProxy, Mosquitto | OwnBroker, float], None] | None = None
    seconds: float = 0
    count: int = 200
    at: int = 30
    keepalive_s: int | None = None
    late_ms: int = 0

    def heading(self, pause_ms: int) -> str:
        """Return the line over its part of the table."""
        title = self.title.format(seconds=f"{self.seconds:g}", late_ms=self.late_ms)
        return f"{self.key}: {title}; {self.count} values, one each {pause_ms} ms"


SCENARIOS = (
    Scenario("none", "no fault"),
    Scenario("outage", "the broker is killed for {seconds} s and started again", outage, 3),
    Scenario("cut", "the link is cut in the middle of a packet", cut_packet, at=100),
    Scenario(
        "half-open",
        "the link is silent for {seconds} s, then cut; keepalive 4 s",
        half_open,
        6,
        keepalive_s=4,
    ),
    Scenario("late", "what the broker says comes {late_ms} ms late", count=50, late_ms=LATE_MS),
)
