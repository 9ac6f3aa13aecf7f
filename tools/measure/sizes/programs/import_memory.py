"""Prints the RAM that modules take after their import, one after the other.

Arguments: how many bytes to put into the heap first of all, which shifts what follows; the modules,
each on its own, because MicroPython takes no argument of more than 255 bytes. `module:name:name` is
a module of which these names are asked for. Prints as JSON `taken`, a list of [argument, bytes of
RAM it added or null where it cannot be imported], and `loaded`, all modules that are there then.
"""

import gc
import sys

found = []
module = names = name = None
before_bytes = 0  # a bare interpreter; the name is there before it is measured
pad = bytearray(int(sys.argv[1]))
for module in sys.argv[2:]:
    found.append([module, 0])
gc.collect()
before_bytes = gc.mem_alloc()
for entry in found:
    try:
        module, *names = entry[0].split(":")
        module = __import__(module)
        for name in names:
            getattr(module, name)
    except ImportError:  # it needs what only a board has
        entry[1] = None
    names = None
    gc.collect()
    now_bytes = gc.mem_alloc()
    if entry[1] is not None:
        entry[1] = now_bytes - before_bytes
    before_bytes = now_bytes

import json  # noqa: E402

print(json.dumps({"taken": found, "loaded": list(sys.modules)}))
