"""What is needed once is let go: modules leave the memory when their work is done."""

import gc
import sys


def let_go(*modules):
    """Forget modules of this package, and collect their memory. They are loaded again if needed."""
    package = sys.modules.get("allthingstalk")
    for name in modules:
        if sys.modules.pop("allthingstalk." + name, None) and hasattr(package, name):
            delattr(package, name)
    gc.collect()
