"""Finds the real MicroPython interpreters that the tests and measurements run on.

64 bits: the unix port from the package index, in .venv. 32 bits, where objects have the size
they have on an ESP32 or a Pico W: Debian's i386 unix port, unpacked under build/, nothing
installed. `RUN` names them; `find(name)` returns a command or the reason why there is none.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MP32 = ROOT / "build" / "micropython-i386"
# Two names of one suite: a mirror may have the index of one of them half renewed.
SUITES = ("trixie", "stable")
VERSION = "1.25.0*"
LIBRARIES = "libc6 libffi8 libmbedtls21 libmbedcrypto16 libmbedx509-7".split()
NAMES = ("cpython", "mp64", "mp32")


class Missing(Exception):
    """The interpreter cannot be had here; the text says why."""


def find(name):
    """Return the command line that starts an interpreter. Raises Missing."""
    if name == "cpython":
        return [sys.executable]
    if name == "mp64":
        return [str(find_mp64())]
    return find_mp32()


def find_mp64():
    beside = Path(sys.executable).with_name("micropython")
    found = beside if beside.exists() else shutil.which("micropython")
    if not found:
        raise Missing("no 64-bit MicroPython: its package is for Linux x86-64 and macOS arm64")
    return found


def find_mp32():
    library = MP32 / "usr" / "lib" / "i386-linux-gnu"
    program = MP32 / "usr" / "bin" / "micropython"
    if not program.exists():
        fetch_mp32()
    command = [str(library / "ld-linux.so.2"), "--library-path", str(library), str(program)]
    try:
        subprocess.run([*command, "-c", "pass"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError) as e:
        raise Missing(f"the 32-bit MicroPython does not run on this machine: {e}") from None
    return command


def debian_mirror():
    """Return the address from which this machine gets Debian packages."""
    files = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.*")]
    for path in files:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            found = re.match(r"(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(\S+/debian/?)(?:\s|$)", line)
            if found:
                return found[1]
    raise Missing("no 32-bit MicroPython: this machine has no Debian package source")


def fetch_mp32():
    """Unpack Debian's i386 MicroPython under build/, with an apt state of its own."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Missing("no 32-bit MicroPython: it comes as Debian packages, and there is no apt")
    mirror = debian_mirror()
    work = MP32.with_suffix(".apt")
    failures = []
    for suite in SUITES:
        shutil.rmtree(work, ignore_errors=True)
        try:
            download(work, mirror, suite)
            break
        except (OSError, subprocess.SubprocessError) as e:
            said = (getattr(e, "stderr", None) or b"").decode("utf-8", "replace")
            errors = [line for line in said.splitlines() if line.startswith("E: ")]
            failures.append(f"{suite}: {errors[0][3:] if errors else e}")
    else:
        raise Missing(
            "no 32-bit MicroPython: its Debian packages cannot be fetched; " + "; ".join(failures)
        )
    (work / "root").rename(MP32)
    shutil.rmtree(work)


def download(work, mirror, suite):
    """Fetch the packages of a suite and unpack them into `work`/root. Raises what apt does."""
    for sub in ("lists/partial", "cache/archives/partial", "root"):
        (work / sub).mkdir(parents=True)
    sources = work / "sources.list"
    sources.write_text(f"deb [arch=i386] {mirror} {suite} main\n", encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": work / "lists",
        "Dir::Cache": work / "cache",
        "APT::Architecture": "i386",
        "APT::Architectures": "i386",
        # apt's own user cannot enter a home folder
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
    }
    apt = ["apt-get", "-q"] + [f"-o{key}={value}" for key, value in options.items() if value]
    wanted = [f"micropython={VERSION}", *LIBRARIES]
    for command in ([*apt, "update"], [*apt, "download", *wanted]):
        subprocess.run(command, cwd=work, check=True, capture_output=True, timeout=300)
    for package in work.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(work / "root")], check=True)


def main():
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    for name in NAMES:
        try:
            version = "import sys; print(sys.implementation, sys.maxsize)"
            out = subprocess.run(
                [*find(name), "-c", version],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
            )
            print(f"{name}: {out.stdout.strip()}")
        except Missing as e:
            print(f"{name}: {e}")


if __name__ == "__main__":
    main()
