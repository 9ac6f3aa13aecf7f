"""Overlay: code that is in memory only while it is needed. Modules are unloaded here only.

    with Overlay("rest"):
        from .rest.calls import get_assets

        return get_assets(client, device_id)

What the block loads of the folder leaves with it, and so does what the folder needs in turn: other
folders that come and go, the engines, and modules without state that the program did not load.
"""

import gc
import sys

from micropython import const

_GO = const(
    (
        # Folders, and files without state.
        "calls",
        "connect",
        "declare",
        "doctor",
        "rest",
        "topics",
        "exceptions",
        "history",
        "outbox_read",
        "readings",
        "timestamps",
        "utf8",
    )
)
_ENGINES = const(("umqtt", "urequests", "requests"))


class Overlay:
    """A folder that was there before is not unloaded: somebody else is using it."""

    def __init__(self, folder):
        self.before = None
        if "allthingstalk." + folder not in sys.modules:
            self.before = list(sys.modules)
            gc.collect()  # in one piece: what is loaded now leaves one gap, and no fragments

    def __enter__(self):
        pass

    def __exit__(self, kind, *_):
        # What is raised to the program may be named in an `except`: the class has to stay.
        if self.before is not None:
            unload(_GO, self.before, kind and "exceptions")
            gc.collect()


def unload(folders, before=(), keep=None):
    """Unload folders, and engines, but not what was loaded before, nor the module `keep`."""
    for name in sorted(sys.modules):  # a package first: half a folder is not taken for one in use
        parts = name.split(".")
        goes = before and parts[0] in _ENGINES
        if len(parts) > 1 and parts[0] == "allthingstalk":
            goes = parts[1] in folders and parts[1] != keep
        if goes and name not in before:
            sys.modules.pop(name, None)  # not `del`: on MicroPython the dict would keep the module
            package = sys.modules.get(name[: -len(parts[-1]) - 1])
            if package:
                package.__dict__.pop(parts[-1], None)
