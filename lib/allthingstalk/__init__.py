"""AllThingsTalk for MicroPython: turn a board into a device of the AllThingsTalk platform.

Every public name is loaded on first use, so that a program pays only for what it names. The end
of a name tells its module.
"""

__version__ = "0.1.0"

_ENDS = {
    "Asset": "assets",
    "State": "asset_state",
    "Client": "clients",
    "Device": "devices",
    "Exception": "exceptions",
    "Outbox": "outbox",
}


def __getattr__(name):
    for end in _ENDS:
        if name.endswith(end):
            return getattr(__import__("allthingstalk." + _ENDS[end], None, None, (name,)), name)
    if not name.startswith("__"):
        try:
            return __import__("allthingstalk." + name, None, None, ("*",))
        except ImportError:
            pass
    raise AttributeError("module 'allthingstalk' has no attribute '" + name + "'")
