"""MicroPython's `json` under its old name, on CPython: `dump` writes into streams of bytes."""

import json
from json import dumps, load, loads  # noqa: F401


def dump(value, stream):
    """Write JSON text as MicroPython does, UTF-8 into a stream of bytes."""
    stream.write(json.dumps(value).encode())
