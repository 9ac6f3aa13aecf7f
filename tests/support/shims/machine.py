"""MicroPython's `machine` on CPython: what the library's own tests need of it."""

from machine_timer import Timer  # noqa: F401
