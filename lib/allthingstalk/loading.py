"""What is needed once is let go: modules leave the memory when their work is done.

Which ones is said by texts such as REST: a list of names would take more than it saves.
"""

import gc
import sys

# What REST loads, its engine included: it makes room for MQTT. Ours begin with a dot.
REST = (
    " .asset_object .asset_list .definition .digest .names .rest_assets .rest_states .request"
    " .exchange .dialing .secure urequests requests "
)


def calling(names, call, *args):
    """Return the result of a function such as "rest_assets.get_assets".

    Those of the modules `names` that it loads leave the memory afterwards. What was there before
    stays: somebody else uses it, or this is a call within such a call.
    """
    if full_name("." + call.rsplit(".", 1)[0]) in sys.modules:
        return _call(call, args)
    gc.collect()  # in one piece: what is loaded now goes again
    loaded = " ".join([name for name in names.split() if full_name(name) not in sys.modules])
    try:
        return _call(call, args)
    finally:
        try:
            unload(loaded)
        except MemoryError:
            gc.collect()
            unload(loaded)
        gc.collect()


def _call(call, args):
    """Call a function. It is gone from the stack then, which else would hold its module."""
    return function(call)(*args)


def function(call):
    """Load the module of a function such as "rest_assets.get_assets" and return the function."""
    module, name = call.rsplit(".", 1)
    return getattr(__import__("allthingstalk." + module, None, None, (name,)), name)


def unload(names):
    """Let go of modules that nobody holds any more."""
    for name in names.split():
        full = full_name(name)
        # MicroPython takes out what failed to load, but its place holds it until it is used again.
        # No jump in between: an interrupt, which comes at one, would find None.
        sys.modules[full] = None
        del sys.modules[full]
        parent, _, child = full.rpartition(".")
        if parent in sys.modules:
            sys.modules[parent].__dict__.pop(child, None)


def full_name(name):
    return "allthingstalk" + name if name[0] == "." else name
