"""Runs on the emulated Pico: the free heap before and after importing the library, and a signature.

Prints one JSON list: the version; the free bytes at boot, after what the README's program imports,
after the MQTT session and both engines; the files of the last, which have no "/" in front when
frozen; the milliseconds, by the chip's clock, that the verification of an Ed25519 signature takes.
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
import time  # noqa: E402
from binascii import unhexlify  # noqa: E402

from allthingstalk.release.ed25519 import verify  # noqa: E402

# RFC 8032, section 7.1, test 1: of the empty message.
KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
SIGNATURE = (
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)
began = time.ticks_ms()
assert verify(unhexlify(KEY), b"", unhexlify(SIGNATURE))
verified_ms = time.ticks_diff(time.ticks_ms(), began)
files = [module.__file__ for module in (allthingstalk.core.session, umqtt.simple, urequests)]
print(json.dumps([sys.version, free_bytes, files, verified_ms]))
