"""What the heap tells of itself, to the block: for the programs that are measured.

The peak is measured by painting: all free memory is filled with a pattern, garbage is collected
before each allocation (which then takes the lowest gap that is large enough), and what was painted
and is painted still at the end was never needed. The heap up to there is the smallest one in which
the same can run, and it is the same from run to run: nothing depends on when garbage is collected.
"""

import gc
import sys

import uctypes

BLOCK_BYTES = 32 if sys.maxsize > 0x7FFFFFFF else 16
PAINT = 0xA5


def held_bytes():
    """Return what is in use after a collection."""
    gc.collect()
    return gc.mem_alloc()


def largest_free():
    """Return the largest bytearray that can be had after a collection.

    Found by asking for less and less: one that was had and dropped might be kept by what is left
    of its address on the stack.
    """
    gc.collect()
    size = gc.mem_free() // BLOCK_BYTES * BLOCK_BYTES
    while True:
        try:
            return bytearray(size)
        except MemoryError:
            size -= BLOCK_BYTES


class Peak:
    """Paints the free memory, and from now on has garbage collected before each allocation."""

    def __init__(self):
        gc.threshold(
            -1
        )  # painting takes slices: no collection for each, where this is not the first
        self._size, self._address = self._paint()
        for depth in range(1, 20):
            _scrub(depth)
            gc.collect()
            if gc.mem_free() >= self._size:
                break
        else:
            raise RuntimeError("the painted memory is held by something")
        self._total = gc.mem_alloc() + gc.mem_free()
        gc.threshold(BLOCK_BYTES)

    def _paint(self):
        area = largest_free()
        pattern = bytes([PAINT]) * BLOCK_BYTES
        for i in range(0, len(area), BLOCK_BYTES):
            area[i : i + BLOCK_BYTES] = pattern
        # One more: the address itself would be taken for a pointer, and the area kept for ever.
        return len(area), uctypes.addressof(area) + 1

    def bytes(self):
        """Return the bytes of heap, from its beginning, that were needed up to now."""
        area = uctypes.bytearray_at(self._address - 1, self._size)
        i = self._size
        while i and area[i - 1] == PAINT:
            i -= 1
        return self._total - self._size + i


def _scrub(depth):
    """Overwrite what is left on the stack: an old address there would hold the painted area."""
    numbers = (depth, depth + 1, depth + 2, depth + 3)
    if depth:
        _scrub(depth - 1)
    return numbers
