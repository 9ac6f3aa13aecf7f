"""Prints at boot the versions of the library, of MicroPython, and of the firmware's build."""

import sys

from .. import __version__


def print_banner():
    """Print one line, such as "allthingstalk 0.1.0, MicroPython 1.29.0, manifest 4f1c09b2aa31".

    The manifest's digest covers all frozen files. Firmware that was not built by `make firmware`
    has none: "no manifest" is printed.
    """
    try:
        from _allthingstalk_build import MANIFEST
    except ImportError:
        MANIFEST = ""
    print(
        "allthingstalk %s, MicroPython %s, %s"
        % (
            __version__,
            ".".join(str(n) for n in sys.implementation.version[:3]),
            "manifest " + MANIFEST[:12] if MANIFEST else "no manifest",
        )
    )
