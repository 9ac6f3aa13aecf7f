"""MicroPython's old name of `json`, which old engines import."""

from json import dump, dumps, load, loads  # noqa: F401
