"""The clients that are compared: which program each has, and what it can do."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

from tools.build import engines
from tools.measure.bench_faults.clients import HERE as FAULTS
from tools.measure.bench_faults.clients import Client
from tools.simulate import interpreters

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
SHIMS = (HERE / "shims", FAULTS / "shims")
_SIMPLE = engines.UMQTT_NEW
SDK_VERSION = "0.3.0"


@dataclasses.dataclass(frozen=True)
class Peer:
    """One client in the bench.

    Args:
        name: what the tables and --peer call it.
        program: the module in `programs`.
        libraries: what is on its path, each a (name, version) of `tools.build.engines`.
        told: further settings for its program.
        paths: further folders on its path, where it runs on CPython.
        cpython: whether it runs on CPython instead of MicroPython.
        tls: whether it can speak MQTT over TLS here.
        rest: whether it speaks REST as well.
        by_rest: whether it publishes by REST.
        driver: the module in `programs` that answers the bench's calls.
    """

    name: str
    program: str
    libraries: tuple[tuple[str, str], ...] = ()
    told: dict = dataclasses.field(default_factory=dict)
    paths: tuple[Path, ...] = ()
    cpython: bool = False
    tls: bool = True
    rest: bool = False
    by_rest: bool = False
    driver: str = "driver"

    def start(self, interpreter: list[str], ours: Path) -> tuple[list[str], dict[str, str]]:
        """Return command line and environment of its program.

        Args:
            interpreter: the command line of a MicroPython.
            ours: the folder that holds this project's library, compiled.

        Raises:
            NotRun: its library cannot be had here.
        """
        if self.cpython:
            path = [PROGRAMS, *self.paths, *(engines.folder(each) for each in self.libraries)]
            environ = {"PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONUNBUFFERED": "1"}
            command = interpreters.find("cpython")
        else:
            paths = (ours, *SHIMS) if self.program == OURS.program else SHIMS
            library = Client(self.name, self.driver, self.libraries, "", paths)
            environ, command = {"MICROPYPATH": library.path(PROGRAMS)}, interpreter
        return [*command, str(PROGRAMS / f"{self.driver}.py")], {**os.environ, **environ}

    @property
    def version(self) -> str:
        """Return the version of its library, or what stands for one."""
        if self.program == "peer_ours":
            return "this tree"
        if self.program == "peer_sdk":
            return SDK_VERSION
        return self.libraries[-1][1] if self.libraries else ""


OURS = Peer("allthingstalk", "peer_ours", (_SIMPLE,), rest=True)
OURS_CBOR = Peer("allthingstalk CBOR", "peer_ours", (_SIMPLE,), {"payload": "cbor"}, rest=True)
BY_HAND = Peer("umqtt.simple", "peer_umqtt", (_SIMPLE,), {"module": "umqtt.simple"})
LIMIT = Peer("raw window 32", "peer_raw", told={"window": 32})
LIMIT_ONE = Peer("raw one at a time", "peer_raw", told={"window": 1})
OURS_CPYTHON = Peer(
    "allthingstalk CPython",
    "peer_ours",
    (_SIMPLE, engines.UREQUESTS_NEW),
    paths=(ROOT / "lib", ROOT / "tests" / "support" / "shims"),
    cpython=True,
    rest=True,
)
SDK = Peer(
    "official SDK CPython",
    "peer_sdk",
    cpython=True,
    tls=False,
    rest=True,
    by_rest=True,
)
PEERS = (
    OURS,
    OURS_CBOR,
    BY_HAND,
    Peer(
        "umqtt.robust",
        "peer_umqtt",
        (_SIMPLE, engines.UMQTT_ROBUST),
        {"module": "umqtt.robust"},
    ),
    Peer("umqtt.simple2", "peer_simple2", (engines.UMQTT_SIMPLE2,), tls=False),
    Peer("mqtt_async", "peer_async", (engines.MQTT_AS,), tls=False),
    LIMIT,
    LIMIT_ONE,
    OURS_CPYTHON,
    SDK,
)  # fmt: skip
# A client that the tables name all the same, and why it cannot run here.
NOT_HELD = (("mqtt_as", "no registry holds it; mqtt_async, made from it, stands for it"),)


def chosen(names: list[str] | None, fits: Callable[[Peer], bool]) -> list[Peer]:
    """Return the peers of these names, or all, as far as they fit a measurement."""
    return [peer for peer in PEERS if fits(peer) and (not names or peer.name in names)]
