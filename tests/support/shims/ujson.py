"""MicroPython's `json` under its old name, on CPython: `dump` writes into streams of bytes."""

import json
from json import load, loads  # noqa: F401


def dumps(value):
    """Return JSON text as MicroPython writes it: letters beyond ASCII as they are."""
    return json.dumps(value, ensure_ascii=False)


def dump(value, stream):
    """Write JSON text as MicroPython does, UTF-8 into a stream of bytes."""
    stream.write(dumps(value).encode())
