"""What an outbox's file consists of: records of a kind, each with its length and a digest.

Kinds: a value in JSON (V) or in CBOR (C); the numbers of values that are gone (A); when the second
0 of a boot was (T).
"""

import hashlib
import sys
from struct import pack

from micropython import const

HEAD = const(7)  # kind, length of the payload, four bytes of digest
VALUE = ">IBHIHH"  # number, flags, boot, second, ms, length of the name; name and text follow
VALUE_SIZE = const(15)
BOOT = ">HIH"  # boot, second, ms
ON_FILE = const(0x10)  # a flag of a record in the outbox: the file has it
DOUBTFUL = const(0x60)  # ABSOLUTE and TIMELESS: dated by a clock that no time server had checked


def record(kind, payload):
    """Return a record as bytes."""
    head = kind + pack(">H", len(payload))
    return head + hashlib.sha256(head + payload).digest()[:4] + payload


def checked_clock():
    """Return the module board.clock if a time server has answered it in this boot."""
    clock = sys.modules.get("allthingstalk.board.clock")
    return clock if clock and clock.checked else None
