"""The command line of the bench: ``python -m tools.measure.bench_faults``."""

import argparse
import dataclasses
import json
import logging
import subprocess
import sys
from pathlib import Path

from tools.simulate import interpreters
from tools.simulate.local_platform import LocalPlatform

from . import runs, table
from .brokers import MOSQUITTO, Mosquitto, OwnBroker
from .clients import CLIENTS, NOT_HELD
from .errors import NotRun, Trouble
from .scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parents[3]
RESULT = ROOT / "build" / "bench_faults.json"


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tools.measure.bench_faults",
        description="What MQTT clients for MicroPython lose when the network fails, in one table.",
        epilog="Takes about eight minutes; the figures also go to build/bench_faults.json.",
    )
    parser.add_argument("--interpreter", choices=("mp64", "mp32"), default="mp64")
    parser.add_argument(
        "--scenario",
        action="append",
        choices=[scenario.key for scenario in SCENARIOS],
        help="only this one, may be given again (all)",
    )
    parser.add_argument(
        "--client",
        action="append",
        choices=[client.name for client in CLIENTS],
        help="only this one, may be given again (all)",
    )
    parser.add_argument(
        "--broker",
        choices=("mosquitto", "own"),
        default="mosquitto" if MOSQUITTO else "own",
        help="mosquitto, or the local platform's own (%(default)s)",
    )
    return parser


def bench(shared: runs.Bench, clients, scenarios, say=print) -> dict:
    """Run clients through scenarios, and print each line as soon as it is known.

    Returns {scenario: {client: figures, or the reason why it was not run}}.
    """
    found = {}
    for scenario in scenarios:
        say(scenario.heading(runs.PAUSE_MS))
        say(table.header())
        rows = found[scenario.key] = {}
        for client in clients:
            try:
                outcome = shared.run(client, scenario)
            except NotRun as reason:
                rows[client.name] = str(reason)
                say(table.not_run(client.name, str(reason)))
            else:
                rows[client.name] = dataclasses.asdict(outcome)
                say(table.row(client, outcome))
        say("")
    return found


def _version(interpreter):
    asked = "import sys; print(sys.version.split('; ')[-1], 'bits:', len(bin(sys.maxsize)) - 1)"
    done = subprocess.run(
        [*interpreter, "-c", asked],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=20,
    )
    return done.stdout.strip()


def _print(text):
    print(text, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the bench; return the exit status: 0 measured, 1 trouble, 2 wrong usage."""
    parsed = _parser().parse_args(arguments)
    clients = [c for c in CLIENTS if c.name in (parsed.client or [c.name])]
    scenarios = [s for s in SCENARIOS if s.key in (parsed.scenario or [s.key])]
    mosquitto = parsed.broker == "mosquitto"
    if mosquitto and not MOSQUITTO:
        print("bench: mosquitto is not installed; --broker own does without it", file=sys.stderr)
        return 1
    # Connections that break are no news here.
    logging.disable(logging.CRITICAL)
    try:
        interpreter = interpreters.find(parsed.interpreter)
        with LocalPlatform() as platform:
            shared = runs.Bench(interpreter, platform, mosquitto)
            found = bench(shared, clients, scenarios, _print)
    except (interpreters.Missing, Trouble, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    for name, reason in NOT_HELD:
        _print(table.not_run(name, reason))
    _print(table.NOTES.format(limit=runs.LIMIT_S, hear=runs.HEAR_S))
    broker = Mosquitto.version() if mosquitto else OwnBroker.version()
    _print(f"{parsed.interpreter}: {_version(interpreter)}; broker: {broker}")
    _print("QoS 1 on loopback, through the fault proxy; each client as its own pages tell users to")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
