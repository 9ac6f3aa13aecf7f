"""Runs on the emulated Pico: prints the free heap before and after importing the frozen library.

One JSON list: the version; the free bytes at boot, after what the README's program imports, after
the MQTT session and both engines; the files of the last, which have no "/" in front when frozen.
"""

import gc
import sys

# A Pico has no network: an empty module stands in for its sockets, which nothing here opens.
for name in ("socket", "usocket"):
    sys.modules[name] = type(name, (), {})
gc.collect()
free_bytes = [gc.mem_free(), 0, 0]

from allthingstalk import BooleanAsset, Client, Device, IntegerAsset  # noqa: E402, F401

gc.collect()
free_bytes[1] = gc.mem_free()

import allthingstalk.core.session  # noqa: E402
import umqtt.simple  # noqa: E402
import urequests  # noqa: E402

gc.collect()
free_bytes[2] = gc.mem_free()

import json  # noqa: E402

files = [module.__file__ for module in (allthingstalk.core.session, umqtt.simple, urequests)]
print(json.dumps([sys.version, free_bytes, files]))
