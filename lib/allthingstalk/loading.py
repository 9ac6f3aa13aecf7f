"""What is needed once is let go: modules leave the memory when their work is done."""

import gc
import sys

_PACKAGE = "allthingstalk."
# What REST loads, its engine included: it makes room for MQTT.
REST = tuple(_PACKAGE + n for n in ("definition", "rest", "asset_list", "exchange", "secure"))
REST += ("urequests", "requests")


def passing(names, call):
    """Return `call()`; those of the modules `names` that it loads leave the memory afterwards.

    What was there before stays: somebody else uses it. Names without a dot are top modules.
    """
    loaded = [n for n in names if n not in sys.modules]
    try:
        return call()
    finally:
        package = sys.modules[_PACKAGE[:-1]]
        for name in loaded:
            if sys.modules.pop(name, None) and name.startswith(_PACKAGE):
                name = name[len(_PACKAGE) :]
                if hasattr(package, name):
                    delattr(package, name)
        gc.collect()
