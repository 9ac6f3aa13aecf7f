"""Random numbers that are the same on every interpreter: a seed makes a run repeatable.

MicroPython's `random` has another generator than CPython's, and none of them may be shared: what
the library draws for its jitter must not change which fault comes next.
"""


class Dice:
    """L'Ecuyer's combined generator for 16-bit machines: no product leaves a 31-bit integer.

    `seed` is a whole number from 0 on; `stream` tells the generators of one run apart.
    """

    def __init__(self, seed, stream=0):
        self._a = 1 + (seed * 7 + stream * 101) % 32362
        self._b = 1 + (seed // 7 + stream * 211) % 31726
        self._c = 1 + (seed * 3 + stream * 307) % 31656
        for _ in range(20):
            self._draw()

    def _draw(self):
        """Return 1 to 32362."""
        self._a = self._a * 157 % 32363
        self._b = self._b * 146 % 31727
        self._c = self._c * 142 % 31657
        z = self._a - self._b
        if z > 706:
            z -= 32362
        z += self._c
        return z + 32362 if z < 1 else z

    def below(self, n):
        """Return 0 to n - 1, for n up to 1,000,000,000."""
        if n < 16000:
            return self._draw() % n
        return ((self._draw() - 1) * 32362 + self._draw() - 1) % n

    def between(self, low, high):
        """Return `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def chance(self, percent):
        """Return whether something of that probability happens."""
        return self.below(100) < percent

    def pick(self, choices):
        """Return one of a tuple."""
        return choices[self.below(len(choices))]

    def getrandbits(self, n):
        """Return `n` random bits, 14 at most: what the library asks its network for."""
        return self.below(1 << n)
