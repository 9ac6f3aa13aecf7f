"""Builds what `mip install` reads: package.json of the source, and an index in build/mip.

    python -m tools.build.mip_index                  build/mip, to be served by any web server
    python -m tools.build.mip_index --package-json   package.json anew, after a module came or went

The index has the layout that mip and mpremote take with --index: sources for `py`, compiled files
for .mpy version 6. The package allthingstalk is the core; each optional part is a package of its
own that depends on it. The engines are in the index too, so that it is complete by itself.
"""

import argparse
import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.build import engines, library
from tools.build.compiling import compile_file

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "build" / "mip"
PACKAGE_JSON = ROOT / "package.json"
NAME = library.NAME
MPY = "6"
_HASH_CHARS = 8  # of the SHA-256 that a file is named by
_ENGINES = {"umqtt.simple": engines.UMQTT_NEW, "urequests": engines.UREQUESTS_NEW}

# The parts that the core works without, each a package: its files and folders ("board", or
# "board.clock" for one file of a folder), the parts it needs, what for. A file that comes under a
# folder that stands here goes with it; what stands nowhere is the core.
PARTS = {
    "board": (
        ["board"],
        [],
        "run(program), settings, Wi-Fi, clock, watchdog, status LED, safe mode",
    ),
    "update": (
        ["update", "updating", "release", "rest.get"],
        [],
        "signed updates over the air, on trial until they have proven themselves",
    ),
    "setup-portal": (
        ["portal", "board.setup_portal"],
        ["board", "doctor"],
        "sets a board up from a phone: an access point and a page",
    ),
    "doctor": (["doctor"], ["board"], "says on the board what is wrong, and what to do"),
    "outbox-file": (["outbox_file"], [], "an outbox that survives reset and power cut"),
}


@dataclass
class Package:
    """A package of the index: `modules` is {path below /lib: path of the source}."""

    name: str
    version: str
    description: str
    modules: dict
    deps: list


def version():
    """Return the version of the library."""
    text = library.modules()["__init__"].read_text(encoding="utf-8")
    return re.search(r'^__version__ = "(.*?)"', text, re.M)[1]


def part_of(module):
    """Return the part that a module such as "board.clock" belongs to, None for the core."""
    found = [
        (len(entry), part)
        for part, (entries, _, _) in PARTS.items()
        for entry in entries
        if (module + ".").startswith(entry + ".")
    ]
    return max(found)[1] if found else None


def modules_of(part):
    """Return the names of the modules of a part, those of the core for None."""
    return [module for module in library.modules() if part_of(module) == part]


def core():
    """Return the names of the modules of the core."""
    return modules_of(None)


def package_json():
    """Return the text of package.json: the whole library as source, for a local folder or a URL."""
    urls = [[name, "lib/" + name] for name in library.sources()]
    content = {
        "version": version(),
        "urls": urls,
        "deps": [[name, "latest"] for name in _ENGINES],
    }
    lines = ",\n".join("    " + json.dumps(url) for url in content["urls"])
    return (
        "{\n"
        f'  "version": {json.dumps(content["version"])},\n'
        f'  "urls": [\n{lines}\n  ],\n'
        f'  "deps": {json.dumps(content["deps"])}\n'
        "}\n"
    )


def packages():
    """Return the Packages of the index."""
    now = version()

    def files(part):
        wanted = {library.modules()[module] for module in modules_of(part)}
        return {name: path for name, path in library.sources().items() if path in wanted}

    found = [
        Package(
            NAME,
            now,
            "a board as a device of the AllThingsTalk platform",
            files(None),
            [[name, "latest"] for name in _ENGINES],
        )
    ]
    for part, (_, needs, description) in PARTS.items():
        deps = [[NAME, now], *([f"{NAME}-{need}", now] for need in needs)]
        found.append(Package(f"{NAME}-{part}", now, description, files(part), deps))
    for name, engine in _ENGINES.items():
        sources = engines.sources(engine)
        found.append(Package(name, engine[1], "an engine, as it is published", sources, []))
    return found


def put_file(to, data):
    """Put a file into the index under its hash and return the hash."""
    short = hashlib.sha256(data).hexdigest()[:_HASH_CHARS]
    path = to / "file" / short[:2] / short
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return short


def put_package(to, package, flavour):
    """Put a package into the index: flavour is "py", or the version of .mpy files."""
    hashes = []
    with tempfile.TemporaryDirectory() as folder:
        for name, source in package.modules.items():
            path = source
            if flavour != "py":
                path = Path(folder) / "module.mpy"
                compile_file(source, path, library.module(name))
                name = name.removesuffix(".py") + ".mpy"
            hashes.append([name, put_file(to, path.read_bytes())])
    content = {"v": 1, "version": package.version, "hashes": hashes, "deps": package.deps}
    folder = to / "package" / flavour / package.name
    folder.mkdir(parents=True, exist_ok=True)
    for name in (package.version, "latest"):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def build(to=INDEX):
    """Make the index anew and return its Packages."""
    shutil.rmtree(to, ignore_errors=True)
    found = packages()
    for package in found:
        for flavour in ("py", MPY):
            put_package(to, package, flavour)
    entries = [
        {
            "name": package.name,
            "version": package.version,
            "author": "",
            "description": package.description,
            "license": "Apache-2.0" if package.name.startswith(NAME) else "MIT",
            "versions": {flavour: [package.version] for flavour in ("py", MPY)},
        }
        for package in found
    ]
    (to / "index.json").write_text(
        json.dumps({"v": 2, "packages": entries}, indent=1), encoding="utf-8"
    )
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--package-json", action="store_true", help="write package.json, no index")
    parser.add_argument("--to", type=Path, default=INDEX, help="folder of the index (build/mip)")
    args = parser.parse_args()
    if args.package_json:
        PACKAGE_JSON.write_text(package_json(), encoding="utf-8")
        print(f"{PACKAGE_JSON}: version {version()}, {len(library.modules())} modules")
        return
    for package in build(args.to):
        print(f"{package.name} {package.version}: {len(package.modules)} modules")
    print(f"{args.to}: serve it, and mpremote mip install --index URL allthingstalk")


if __name__ == "__main__":
    main()
