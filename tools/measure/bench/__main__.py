"""The command line of the bench: ``python -m tools.measure.bench``."""

import argparse
import json
import logging
import os
import platform
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from tools.measure.bench_faults.errors import Trouble
from tools.simulate import interpreters

from .bed import Bed
from .figures import LINE_WIDTH
from .peers import NOT_HELD, OURS, PEERS, ROOT
from .pictures import draw
from .sections import SECTIONS, Wanted, headline
from .tap import can_count

BUILD = ROOT / "build"
NOTES = """\
a < b < c: least, median, most of the rounds; clients take turns, so that all meet the same machine.
ours is x times: our rate by the client's, round by round. QoS 1: until all is acknowledged; QoS 0:
until a listener at the broker has the value behind the last one. raw: bare sockets, one write a
packet, nothing kept or checked: the limit. official SDK: publishes by REST, whichever QoS, and
speaks no MQTT over TLS. Shares: ours by the other's; budget and aim are the design's.
Link: proxies on loopback delay bytes, half the delay each way; TLS ends there; umqtt.simple2 and
mqtt_async were not tried over TLS. Over a delay all clients run at the same time.
Wire: TCP_INFO of the broker's side of the connection; on wire: with headers of IPv4 and TCP, and
with acknowledgements. alone: 80 ms apart; burst: 200 at once, where the kernel joins what it can.
Commands: ms from being sent to being heard; quarters: medians of those heard; not heard: still
unread when all should have been. mqtt_async and the SDK listen all the time instead of polling.
Boot: from connect(), imports before it, to the first PUBACK; round trips: TCP handshakes and turns;
ms: with the TCP handshakes that a proxy cannot delay; turns of TLS vary with what crosses.
Not measured: DNS, Wi-Fi, a board's speed.
Growth: memory over what was used before the import; RAM: pages touched, a collection every 4 kB."""


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tools.measure.bench",
        description="How fast MQTT clients for MicroPython are, and what they cost.",
        epilog="Takes about five minutes. Figures go to bench.json, pictures to the folder bench.",
    )
    parser.add_argument("--interpreter", choices=("mp64", "mp32"), default="mp64")
    parser.add_argument("--quick", action="store_true", help="few clients, short: half a minute")
    parser.add_argument(
        "--to", type=Path, default=BUILD, metavar="FOLDER", help="for figures and pictures (build)"
    )
    parser.add_argument(
        "--section", action="append", choices=SECTIONS, help="only this one, may be given again"
    )
    parser.add_argument(
        "--peer",
        action="append",
        choices=[peer.name for peer in PEERS],
        metavar="CLIENT",
        help="ours and this one only, may be given again: "
        + ", ".join(peer.name for peer in PEERS),
    )
    return parser


def measure(wanted: Wanted, sections: list[str], interpreter: list[str]) -> dict:
    """Measure sections of the bench; return what goes to build/bench.json."""
    found = {}
    with Bed(interpreter) as bed:
        found["machine"] = {
            "versions": bed.versions(),
            "clients": {peer.name: peer.version for peer in wanted.peers},
            "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
            "load": os.getloadavg()[0],
        }
        for name in sections:
            found[name] = SECTIONS[name](bed, wanted)
    return found


def _with_version(peer):
    return f"{peer.name} {peer.version}".strip()


def _print(text):
    print(text, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the bench; return the exit status: 0 measured, 1 trouble, 2 wrong usage."""
    parsed = _parser().parse_args(arguments)
    if not can_count():
        print("bench: segments and memory are read from Linux; run it there", file=sys.stderr)
        return 1
    names = parsed.peer and {OURS.name, *parsed.peer}
    peers = tuple(peer for peer in PEERS if not names or peer.name in names)
    logging.disable(logging.CRITICAL)  # connections that break are no news here
    began_s = time.monotonic()
    try:
        parsed.to.mkdir(parents=True, exist_ok=True)
        interpreter = interpreters.find(parsed.interpreter)
        wanted = Wanted(peers, parsed.quick, _print)
        found = measure(wanted, parsed.section or list(SECTIONS), interpreter)
    except (interpreters.Missing, Trouble, OSError, subprocess.SubprocessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    for name, reason in NOT_HELD:
        _print(f"{name}: {reason}")
    _print(NOTES)
    machine = found["machine"]
    _print(f"{parsed.interpreter}: {machine['versions']['interpreter']}")
    _print(textwrap.fill("clients: " + ", ".join(map(_with_version, peers)), LINE_WIDTH))
    _print(f"mosquitto: {machine['versions']['mosquitto']}")
    _print(f"{machine['system']}, load {machine['load']:.1f} at the start")
    if line := headline(found):
        _print(line)
    result = parsed.to / "bench.json"
    result.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    pictures = draw(found, parsed.to / "bench")
    seconds = time.monotonic() - began_s
    _print(f"{seconds:.0f} s; figures: {result}")
    _print(f"{len(pictures)} pictures: {parsed.to / 'bench'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
