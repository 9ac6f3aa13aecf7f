"""Prints the RAM that modules take after their import, one after the other, and all together.

Arguments: an image of a read-only file system to run them from in place, or `-`; the modules,
each on its own, because MicroPython takes no argument of more than 255 bytes.
Prints a JSON list of [module, bytes of RAM it added].
"""

import gc
import sys

image, *modules = sys.argv[1:]
if image != "-":
    import vfs

    with open(image, "rb") as f:
        image = f.read()
    vfs.mount(vfs.VfsRom(image), "/rom")
    sys.path[:] = ["/rom"]
found = []
before_bytes = 0  # a bare interpreter; the name is there before it is measured
for module in modules:
    found.append([module, 0])
gc.collect()
before_bytes = gc.mem_alloc()
for entry in found:
    __import__(entry[0])
    gc.collect()
    now_bytes = gc.mem_alloc()
    entry[1] = now_bytes - before_bytes
    before_bytes = now_bytes

import json  # noqa: E402

print(json.dumps(found))
