"""A local stand-in for the AllThingsTalk platform: REST, MQTT and a command line, no account.

Start it with ``python -m tools.simulate.local_platform serve``, or inside a program::

    from tools.simulate.local_platform import LocalPlatform

    with LocalPlatform() as platform:
        device = platform.create_device("Window")

What real servers do, and what goes wrong, is switched on: see ``manners`` and ``faults``.

``LocalPlatform`` is loaded on first use, so that the small commands need not load the servers.
"""

__all__ = ["LocalPlatform"]


def __getattr__(name):
    if name == "LocalPlatform":
        from .server import LocalPlatform

        return LocalPlatform
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
