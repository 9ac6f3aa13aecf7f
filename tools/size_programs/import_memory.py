"""Prints the RAM that modules take after their import, one after the other.

Arguments: how many bytes to put into the heap first of all, which shifts what follows; the modules,
each on its own, because MicroPython takes no argument of more than 255 bytes. Prints a JSON list of
[module, bytes of RAM it added or null where it cannot be imported].
"""

import gc
import sys

found = []
before_bytes = 0  # a bare interpreter; the name is there before it is measured
pad = bytearray(int(sys.argv[1]))
for module in sys.argv[2:]:
    found.append([module, 0])
gc.collect()
before_bytes = gc.mem_alloc()
for entry in found:
    try:
        __import__(entry[0])
    except ImportError:  # it needs what only a board has
        entry[1] = None
    gc.collect()
    now_bytes = gc.mem_alloc()
    if entry[1] is not None:
        entry[1] = now_bytes - before_bytes
    before_bytes = now_bytes

import json  # noqa: E402

print(json.dumps(found))
