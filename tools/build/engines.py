"""Fetches what boards carry as engines: `umqtt.simple`, `urequests`, and `unittest` for tests.

They are on the package index as archives that pip does not install. Each version gets a folder
of its own under build/engines; what is there already is not fetched again. The peers, libraries
that the bench compares with, are fetched by whoever asks for their folder, or with --peers.
"""

import argparse
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ROOT / "build" / "engines"

# The newest that the registries hold, and one older. Newer firmware brings `requests` frozen:
# the unix ports do as well, so it is tested where no urequests is put on the path.
UMQTT_NEW, UMQTT_OLD = ("micropython-umqtt.simple", "1.3.4"), ("micropython-umqtt.simple", "1.3.3")
UREQUESTS_NEW, UREQUESTS_OLD = ("micropython-urequests", "0.9.1"), ("micropython-urequests", "0.8")
UNITTEST = ("micropython-unittest", "0.4")
ALL = (UMQTT_NEW, UMQTT_OLD, UREQUESTS_NEW, UREQUESTS_OLD, UNITTEST)

# The newest of each that the registries hold.
UMQTT_ROBUST = ("micropython-umqtt.robust", "1.0")
UMQTT_SIMPLE2 = ("micropython-umqtt.simple2", "2.2.0")
UMQTT_ROBUST2 = ("micropython-umqtt.robust2", "2.2.0")
MQTT_AS = ("micropython-mqtt-async", "0.7b4")
THINGSBOARD = ("thingsboard-micropython", "0.2.0")
PEERS = (UMQTT_ROBUST, UMQTT_SIMPLE2, UMQTT_ROBUST2, MQTT_AS, THINGSBOARD)


def folder(engine):
    """Return the folder to put on the path for an engine, a (name, version); fetch it once."""
    name, version = engine
    target = ENGINES / f"{name}-{version}"
    if not target.is_dir():
        fetch([engine])
    return target


def sources(engine):
    """Return {path below /lib, such as "umqtt/simple.py": file} of an engine."""
    origin = folder(engine)
    return {path.relative_to(origin).as_posix(): path for path in sorted(origin.rglob("*.py"))}


def index():
    """Return the package index that pip is set to use, None for its default."""
    if "PIP_INDEX_URL" in os.environ:
        return os.environ["PIP_INDEX_URL"]
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
    )
    return asked.stdout.strip() or None


def fetch(engines):
    from pypi_simple import NoSuchProjectError, PyPISimple

    ENGINES.mkdir(parents=True, exist_ok=True)
    endpoint = index()
    with PyPISimple(endpoint) if endpoint else PyPISimple() as client:
        for name, version in engines:
            target = ENGINES / f"{name}-{version}"
            if target.is_dir():
                continue
            wanted = f"{name}-{version}.tar.gz"
            try:
                packages = client.get_project_page(name).packages
            except NoSuchProjectError:
                packages = []
            found = [p for p in packages if p.filename == wanted]
            if not found:
                sys.exit(f"engines: the package index has no {wanted}")
            archive = ENGINES / wanted
            client.download_package(found[0], archive)  # checks the digest
            unpack(archive, target)
            archive.unlink()


def unpack(archive, target):
    """Unpack the modules of an archive: what is not packaging."""
    half = target.with_suffix(".part")
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as tar:
        for member in tar.getmembers():
            parts = Path(member.name).parts[1:]
            if not member.isfile() or not parts or parts[-1] == "setup.py":
                continue
            if not parts[-1].endswith(".py") or ".." in parts or ".egg-info" in parts[0]:
                continue
            path = half.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tar.extractfile(member).read())
    half.rename(target)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", action="store_true", help="the peers of the bench as well")
    wanted = ALL + (PEERS if parser.parse_args().peers else ())
    fetch(wanted)
    for name, version in wanted:
        print(f"{name} {version}: {(ENGINES / f'{name}-{version}').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
