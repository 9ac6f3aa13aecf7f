#!/usr/bin/env python3
"""Fetches what boards carry as engines: `umqtt.simple`, `urequests`, and `unittest` for tests.

They are on the package index as archives that pip does not install. Each version gets a folder
of its own under build/engines; what is there already is not fetched again.
"""

import argparse
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ROOT / "build" / "engines"

# The newest that the registries hold, and one older. Newer firmware brings `requests` frozen:
# the unix ports do as well, so it is tested where no urequests is put on the path.
UMQTT_NEW, UMQTT_OLD = ("micropython-umqtt.simple", "1.3.4"), ("micropython-umqtt.simple", "1.3.3")
UREQUESTS_NEW, UREQUESTS_OLD = ("micropython-urequests", "0.9.1"), ("micropython-urequests", "0.8")
UNITTEST = ("micropython-unittest", "0.4")
ALL = (UMQTT_NEW, UMQTT_OLD, UREQUESTS_NEW, UREQUESTS_OLD, UNITTEST)


def folder(engine):
    """Return the folder to put on the path for an engine, a (name, version); fetch it once."""
    name, version = engine
    target = ENGINES / f"{name}-{version}"
    if not target.is_dir():
        fetch([engine])
    return target


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
    from pypi_simple import PyPISimple

    ENGINES.mkdir(parents=True, exist_ok=True)
    endpoint = index()
    with PyPISimple(endpoint) if endpoint else PyPISimple() as client:
        for name, version in engines:
            target = ENGINES / f"{name}-{version}"
            if target.is_dir():
                continue
            wanted = f"{name}-{version}.tar.gz"
            page = client.get_project_page(name)
            found = [p for p in page.packages if p.filename == wanted]
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
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    fetch(ALL)
    for name, version in ALL:
        print(f"{name} {version}: {(ENGINES / f'{name}-{version}').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
