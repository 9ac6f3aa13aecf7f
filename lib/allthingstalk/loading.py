"""What is needed once is let go: modules leave the memory when their work is done."""

import gc
import sys

_PACKAGE = "allthingstalk."
# What REST loads, its engine included: it makes room for MQTT.
REST = "asset_object asset_list definition digest rest_assets rest_states".split()
REST += "request exchange dialing secure".split()
REST = [_PACKAGE + name for name in REST] + ["urequests", "requests"]

# What MQTT loads beyond the Client.
MQTT = [_PACKAGE + "session", _PACKAGE + "reader", _PACKAGE + "oversize", "umqtt.simple", "umqtt"]


def passing(names, call):
    """Return `call()`; those of the modules `names` that it loads leave the memory afterwards.

    What was there before stays: somebody else uses it. Names without a dot are top modules.
    """
    loaded = [n for n in names if n not in sys.modules]
    try:
        return call()
    finally:
        unload(loaded)
        gc.collect()


def calling(names, call, *args):
    """Return the result of a function such as "rest_assets.get_assets", see passing()."""
    module, name = call.split(".")

    def load():
        return getattr(__import__(_PACKAGE + module, None, None, (name,)), name)(*args)

    return passing(names, load)


def unload(names):
    """Let go of modules that nobody holds any more."""
    package = sys.modules[_PACKAGE[:-1]]
    for name in names:
        if sys.modules.pop(name, None) and name.startswith(_PACKAGE):
            name = name[len(_PACKAGE) :]
            if hasattr(package, name):
                delattr(package, name)
