"""Makes the device library importable in a tool on this PC, as it runs on a board.

The same code checks settings and looks for faults here and there. Call `use()` before the first
import from allthingstalk.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def use(engines_too=False):
    """Put the library and MicroPython's modules on the path.

    - `engines_too`: umqtt.simple and urequests as well, for what talks to a platform.
    """
    paths = [ROOT / "lib", ROOT / "tests" / "shims"]
    if engines_too:
        from tools import engines

        paths += [engines.folder(e) for e in (engines.UMQTT_NEW, engines.UREQUESTS_NEW)]
    sys.path[:0] = [str(path) for path in paths if str(path) not in sys.path]
