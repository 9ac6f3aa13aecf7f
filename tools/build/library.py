"""The device library for the tools on this PC: its files, and the library itself as on a board.

The same code checks settings and looks for faults here and there. Call `use()` before the first
import from allthingstalk.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "lib"
NAME = "allthingstalk"


def sources():
    """Return {path below lib/, such as "allthingstalk/core/session.py": its file}."""
    found = (LIB / NAME).rglob("*.py")
    return {path.relative_to(LIB).as_posix(): path for path in sorted(found)}


def module(path):
    """Return the name that a path below lib/ is imported by: "allthingstalk.core.session"."""
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def modules():
    """Return {name in the package: its file}: "core.session"; "core" is that folder's __init__.py.

    The package's own __init__.py is called "__init__".
    """
    return {
        module(name).removeprefix(NAME)[1:] or "__init__": path for name, path in sources().items()
    }


def use(engines_too=False):
    """Put the library and MicroPython's modules on the path.

    - `engines_too`: umqtt.simple and urequests as well, for what talks to a platform.
    """
    paths = [LIB, ROOT / "tests" / "support" / "shims"]
    if engines_too:
        from tools.build import engines

        paths += [engines.folder(e) for e in (engines.UMQTT_NEW, engines.UREQUESTS_NEW)]
    # In this order whatever was there: the shims come before the engines.
    paths = [str(path) for path in paths]
    sys.path[:] = paths + [path for path in sys.path if path not in paths]
