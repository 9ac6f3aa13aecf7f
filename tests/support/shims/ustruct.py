"""MicroPython's old name of `struct`, which old engines import."""

from struct import calcsize, pack, pack_into, unpack, unpack_from  # noqa: F401
