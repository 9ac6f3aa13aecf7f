"""Runs the soak: 30 days of random faults in virtual time, the same on every interpreter.

    python -m tests.soak.run                  seed 1, 30 days, on each interpreter
    python -m tests.soak.run --seed 7 --days 5 --interpreter mp32
    python -m tests.soak.run --poll-ms 1000   a program that polls each second, whatever happens

MicroPython gets the library as .mpy, as a board does. Leaves with 1 if a promise was not kept, or
if two interpreters differ.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import run
from tests.support.device_process import CONFIGURATIONS
from tools.build import board_folder
from tools.simulate import interpreters

ROOT = Path(__file__).resolve().parents[2]

SOAK = ROOT / "tests" / "soak"
# Room for the accounts of the soak itself, in which a leak would still be seen by its bytes.
HEAP = {"mp32": ("-X", "heapsize=256k"), "mp64": ("-X", "heapsize=400k")}
TIME_LIMIT_S = 580
MOST_DAYS = 37  # then the virtual milliseconds outgrow 32 bits, in which the ledger keeps them


class Outcome:
    """How a run ended: `code`, its `output`, the `line` on it, seconds of processor time."""

    def __init__(self, code, output, seconds):
        self.code = code
        self.output = output
        self.line = output.split("\n")[0]
        self.seconds = seconds


class Soaks:
    """Starts soaks. `folder` takes the library's .mpy files; it can be used again and again."""

    def __init__(self, folder):
        self._folder = Path(folder)
        self._compiled = False

    def run(self, interpreter, *arguments, before=""):
        """Run soak.main with these numbers and return an Outcome. Raises Missing.

        `before` is Python that runs first, to break something on purpose.
        """
        command = interpreters.find(interpreter)
        source = f"import soak\n{before}\nsoak.main{arguments}"
        started = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [*command, *HEAP.get(interpreter, ()), "-c", source],
            env=self._environment(interpreter),
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIME_LIMIT_S,
        )
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime
        return Outcome(done.returncode, done.stdout.decode("utf-8", "replace").strip(), seconds)

    def _environment(self, interpreter):
        environ = run.environment(*run.CONFIGURATIONS[CONFIGURATIONS[interpreter]])
        if interpreter == "cpython":
            environ["PYTHONPATH"] += os.pathsep + str(SOAK)
            # The library lets its modules go and loads them again: not from source each time.
            environ["PYTHONPYCACHEPREFIX"] = str(self._folder)
            environ.pop("PYTHONDONTWRITEBYTECODE", None)
            return environ
        compiled = self._folder / "compiled"
        if not self._compiled:
            board_folder.put_library(compiled)
            self._compiled = True
        paths = [str(compiled), environ["MICROPYPATH"], str(SOAK)]
        return {**environ, "MICROPYPATH": os.pathsep.join(paths)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=_number, default=1, help="of all randomness (%(default)s)")
    parser.add_argument("--days", type=_number, default=30, help="(%(default)s)")
    parser.add_argument("--poll-ms", type=_number, default=0, help="0: as needed (%(default)s)")
    parser.add_argument("--interpreter", choices=interpreters.NAMES, help="one of them only")
    args = parser.parse_args()
    if not 1 <= args.days <= MOST_DAYS:
        parser.error(f"--days {args.days} is out of range: give 1 to {MOST_DAYS}")
    lines, failed = {}, False
    with tempfile.TemporaryDirectory() as folder:
        soaks = Soaks(folder)
        for name in [args.interpreter] if args.interpreter else interpreters.NAMES:
            try:
                outcome = soaks.run(name, args.seed, args.days, args.poll_ms)
            except interpreters.Missing as reason:
                print(f"{name}: left out, {reason}")
                continue
            print(f"{name}, {outcome.seconds:.1f} s: {outcome.output}", flush=True)
            failed = failed or outcome.code != 0
            lines[outcome.line] = name
    if not lines:
        sys.exit("no interpreter to run it on")
    if len(lines) > 1:
        sys.exit("the interpreters differ: the same seed has to give the same line on each")
    if failed:
        sys.exit("failed: see above")
    print("passed: what never arrived was dropped by a full outbox, and counted")


def _number(text):
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return number


if __name__ == "__main__":
    main()
