"""Overlay: code that is in memory only while it is needed. The one place where modules are unloaded.

    with Overlay("rest"):
        from .rest.calls import get_assets

        return get_assets(client, device_id)

What the block loads of the folder leaves with it, and so does what the folder needs in turn: other
folders that come and go, the engines, and modules without state that the program did not load.
"""

import gc
import sys

_FOLDERS = ("connect", "declare", "rest", "exceptions", "timestamps")
_ENGINES = ("umqtt", "urequests", "requests")


class Overlay:
    """`folder` is not unloaded if it was there before: somebody else is using it."""

    def __init__(self, folder):
        self._nested = "allthingstalk." + folder in sys.modules
        self._before = list(sys.modules)
        if not self._nested:
            gc.collect()  # in one piece: what is loaded now leaves one gap, and no splinters

    def __enter__(self):
        return self

    def __exit__(self, kind, e, trace):
        # An exception that goes to the program may be named in `except` later: same class, please.
        self.unload(kind is not None)

    def unload(self, keep_exceptions=False):
        """Unload what was loaded since; who still holds a function keeps its module alive."""
        if self._nested:
            return
        for name in list(sys.modules):
            parts = name.split(".")
            if name in self._before:
                continue
            if parts[0] in _ENGINES or parts[0] == "allthingstalk" and parts[-1] != parts[0]:
                if parts[0] in _ENGINES or parts[1] in _FOLDERS:
                    if not (keep_exceptions and parts[1:] == ["exceptions"]):
                        _drop(name)
        gc.collect()


def unload(folder):
    """Unload a folder that was imported without an Overlay."""
    for name in list(sys.modules):
        if (name + ".").startswith("allthingstalk." + folder + "."):
            _drop(name)


def _drop(name):
    # MicroPython's dict keeps a deleted value until its slot is used again: overwrite it first.
    # Interrupts come at jumps only, so there is none between the two lines.
    sys.modules[name] = None
    del sys.modules[name]
    package, _, module = name.rpartition(".")
    if package in sys.modules:
        sys.modules[package].__dict__.pop(module, None)
