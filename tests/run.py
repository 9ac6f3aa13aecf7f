"""Runs the whole suite: unit, contract on three interpreters with several engines, then the rest.

    python -m tests.run [--only FOLDER] [--interpreter mp32] [NAME ...]

FOLDER is one of tests/, NAME picks files by a part of their name. Ends with one line of counts;
skips say why.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from pathlib import Path

from tools.build import board_folder, engines
from tools.simulate import interpreters

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
PORTABLE = ("unit", "contract")  # on every interpreter, with unittest
HERE = ("device", "tools", "browser", "soak", "packaging", "docs")  # with pytest
SUPPORT = TESTS / "support"
COMPILED = ROOT / "build" / "compiled"
SHIMS = SUPPORT / "shims"
REPORT = ROOT / "build" / "tests.xml"
FILE_TIMEOUT_S = 240
FILES_AT_A_TIME = 5
# Tests that fail beside others may want for time: so many are run once more alone, and named.
ONCE_MORE = 3

# interpreter, umqtt.simple, urequests (None: the `requests` that is frozen into the interpreter);
# `compiled` is 32 bits with the library as it goes onto boards; the tests are sources there too.
# 32 bits has the sources with the oldest engines and the compiled library with the newest.
CONFIGURATIONS = (
    ("cpython", engines.UMQTT_NEW, engines.UREQUESTS_NEW),
    ("cpython", engines.UMQTT_OLD, engines.UREQUESTS_OLD),
    ("mp64", engines.UMQTT_NEW, None),
    ("mp64", engines.UMQTT_OLD, engines.UREQUESTS_NEW),
    ("mp32", engines.UMQTT_OLD, engines.UREQUESTS_OLD),
    ("compiled", engines.UMQTT_NEW, None),
)
# The files that take longest, and prove nothing of an engine: once on each interpreter, and first,
# for no processor to be idle at the end.
LONG = ("test_interrupts", "test_ctrl_c", "test_damaged_bytes", "test_outbox_file", "test_updating")
# Those of pytest that take longest, for the same reason first, the longest of all before.
SLOW = (
    *("test_setup_portal_hostile", "test_update_power_cut", "test_update", "test_update_trial"),
    *("test_setup_portal", "test_soak", "test_provision", "test_deploy_rescue"),
    *("test_doctor_board", "test_examples", "test_faults_counted", "test_a_boards_life"),
    *("test_reentry", "test_bootstrap", "test_power_cut", "test_console", "test_board_run"),
    *("test_board_alone", "test_deploy", "test_deploy_program", "test_setup_portal_board"),
    *("test_sizes", "test_page", "test_bench", "test_device", "test_device_lifecycle"),
    *("test_terminals", "test_rabbitmq", "test_deploy_flash", "test_update_fleet"),
)


class Tally:
    def __init__(self):
        self.passed = self.failed = 0
        self.skips = []  # (what, why)
        self.second_try = []  # tests that failed beside others, and passed alone

    def add(self, passed, failed, skips=()):
        self.passed += passed
        self.failed += failed
        self.skips += skips


def engine_paths(umqtt, urequests):
    return [str(engines.folder(e)) for e in (umqtt, urequests) if e]


def environment(interpreter, umqtt, urequests):
    """Return the environment in which a program sees the library and its engines."""
    paths = [str(ROOT / "lib"), str(SUPPORT)] + engine_paths(umqtt, urequests)
    if interpreter == "compiled":
        paths[0] = str(COMPILED / "lib")
    if interpreter == "cpython":
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join([paths[0], str(SHIMS), *paths[1:]])}
        # The library loads modules again and again: from source each time takes twice as long.
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        return environ
    paths += [str(engines.folder(engines.UNITTEST)), ".frozen"]
    return {**os.environ, "MICROPYPATH": os.pathsep.join(paths)}


def label(interpreter, umqtt, urequests):
    rest = "urequests " + urequests[1] if urequests else "requests (frozen)"
    return f"{interpreter}, umqtt.simple {umqtt[1]}, {rest}"


def run_unit_file(command, environ, interpreter, path):
    """Run one file, in a folder of its own; return (passed, failed, skips, output, seconds).

    `skips` are pairs of a test and the reason.
    """
    if interpreter == "cpython":
        variable, arguments = "PYTHONPATH", ["-m", "unittest", "-v", path.stem]
    else:
        variable = "MICROPYPATH"
        arguments = ["-c", f"import unittest; unittest.main('{path.stem}')"]
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [*command, *arguments],
                env={**environ, variable: f"{path.parent}{os.pathsep}{environ[variable]}"},
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=FILE_TIMEOUT_S,
            )
        out, code = done.stdout.decode("utf-8", "replace"), done.returncode
    except subprocess.TimeoutExpired as e:
        out, code = (e.stdout or b"").decode("utf-8", "replace") + "\ntimed out", 1
    ran = re.search(r"^Ran (\d+) tests?", out, re.M)
    total = int(ran[1]) if ran else 0
    failed = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", out))
    # MicroPython's unittest leaves with sys.exit(False), which some versions take for an error.
    if not failed and (not total or not re.search(r"^OK", out, re.M) or code not in (0, 1)):
        failed, total = 1, max(total, 1)
    skips = re.findall(r"^(\w+) .*skipped:? ['\"]?(.*?)['\"]?$", out, re.M)
    return total - failed - len(skips), failed, skips, out, time.monotonic() - started


def failures(output):
    """Return the lines of a run that say what failed."""
    return [line for line in output.splitlines() if not line.endswith((" ok", " ... ok"))][:80]


def chosen(folders, names):
    files = [f for folder in folders for f in sorted((TESTS / folder).glob("test_*.py"))]
    return [f for f in files if not names or any(Path(n).name in f.name for n in names)]


def run_portable(tally, folders, names, only_interpreter):
    """Run files on every interpreter; all are given out at once, for no processor to be idle."""
    files = sorted(chosen(folders, names), key=lambda file: file.stem not in LONG)
    jobs, had = [], set()  # (configuration's name, file, what runs it); interpreters
    for configuration in CONFIGURATIONS if files else ():
        interpreter = configuration[0]
        if only_interpreter and interpreter != only_interpreter:
            continue
        name = label(*configuration)
        try:
            command = interpreters.find("mp32" if interpreter == "compiled" else interpreter)
            if interpreter == "compiled":
                board_folder.build(COMPILED)
        except interpreters.Missing as e:
            tally.add(0, 0, [(name, str(e))])
            print(f"{name}: skipped, {e}", flush=True)
            continue
        run_file = partial(run_unit_file, command, environment(*configuration), interpreter)
        for file in files:
            if file.stem not in LONG or interpreter not in had:
                jobs.append((name, file, partial(run_file, file)))
        had.add(interpreter)
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        done = zip(jobs, pool.map(lambda job: job[2](), jobs))
        for name, group in groupby(done, key=lambda pair: pair[0][0]):
            report(tally, name, {job[1]: result for job, result in group})


def report(tally, name, results):
    """Count and print what the files of one configuration came to."""
    for file, (passed, failed, skips, out, _) in results.items():
        tally.add(passed, failed, [(f"{file.stem}.{test}, {name}", why) for test, why in skips])
        if failed:
            print(f"--- {file.name} on {name}\n" + "\n".join(failures(out)))
    passed, failed = (sum(result[i] for result in results.values()) for i in (0, 1))
    longest = max(results, key=lambda file: results[file][4])
    shown = f"longest: {longest.stem}, {results[longest][4]:.0f} s"
    print(f"{name}: {passed} passed, {failed} failed; {shown}", flush=True)


def place(file):
    """Return the place of a file of pytest in the order of the run."""
    return SLOW.index(file.stem) if file.stem in SLOW else len(SLOW)


def run_here(tally, folders, names):
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    targets = [str(f) for f in sorted(chosen(folders, names), key=place)]
    if not targets:
        return
    # Most of these tests wait most of the time, and each has ports and folders of its own.
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={REPORT}"]
    command += ["-n", str(FILES_AT_A_TIME), "--dist", "loadfile", "--no-loadscope-reorder"]
    code = subprocess.run([*command, *targets], cwd=ROOT).returncode
    if not REPORT.exists():
        tally.add(0, 1)
        return
    suite = ElementTree.parse(REPORT).getroot().find("testsuite")
    total, failures, errors, skipped = (
        int(suite.get(k)) for k in ("tests", "failures", "errors", "skipped")
    )
    skips = [
        (case.get("name"), case.find("skipped").get("message"))
        for case in suite.iter("testcase")
        if case.find("skipped") is not None
    ]
    failed = failures + errors
    if code not in (0, 1, 5) and not failed:
        failed = 1
    elif 0 < failed <= ONCE_MORE:
        names = [
            f"{case.get('classname').replace('.', '/')}.py::{case.get('name')}"
            for case in suite.iter("testcase")
            if case.find("failure") is not None or case.find("error") is not None
        ]
        print("once more, alone:", *names, flush=True)
        again = [sys.executable, "-m", "pytest", "-q", *names]
        if subprocess.run(again, cwd=ROOT).returncode == 0:
            tally.second_try, failed = names, 0
    tally.add(total - skipped - failed, failed, skips)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", choices=(*PORTABLE, *HERE), metavar="FOLDER")
    parser.add_argument("--interpreter", choices=(*interpreters.NAMES, "compiled"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="a part of a file's name")
    args = parser.parse_args()
    # Started in the background of a shell script, we would ignore Ctrl-C, and so would what the
    # tests start and stop with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tally = Tally()
    folders = [args.only] if args.only else [*PORTABLE, *HERE]
    run_portable(tally, [f for f in folders if f in PORTABLE], args.names, args.interpreter)
    run_here(tally, [f for f in folders if f in HERE], args.names)
    for what, why in tally.skips:
        print(f"skipped: {what}: {why}")
    for what in tally.second_try:
        print(f"passed at the second try only: {what}")
    if not tally.passed + tally.failed + len(tally.skips):
        print(f"no test file has a name with {' or '.join(args.names)} in it")
    print(f"{tally.passed} passed, {tally.failed} failed, {len(tally.skips)} skipped")
    sys.exit(bool(tally.failed or not tally.passed))


if __name__ == "__main__":
    main()
