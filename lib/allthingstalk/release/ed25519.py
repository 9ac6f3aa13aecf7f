"""Verifies an Ed25519 signature (RFC 8032, section 5.1) over a message that is short.

Integers of MicroPython's own do the arithmetic. Nothing here is secret, so that it may take a time
that depends on the numbers.
"""

from micropython import const

_P = (1 << 255) - 19
_L = (1 << 252) + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, _P >> 2, _P)  # of -1, modulo P
_ROUNDS = const(80)


def verify(key, message, signature, beat=None):
    """Return whether `signature` (64 bytes) is one of `message` by the public `key` (32 bytes).

    `message`: 47 bytes at most, for one block of SHA-512 to hold all that is hashed. `beat()` is
    called now and then: on a board it takes seconds, and a watchdog may wait.
    """
    s = int.from_bytes(signature[32:], "little")
    minus_a = _decoded(key)
    if len(signature) != 64 or len(message) > 47 or s >= _L or minus_a is None:
        return False
    h = _sha512(signature[:32] + key + message) % _L
    base = _decoded(b"\x58" + b"\x66" * 31)
    base = (_P - base[0], base[1], 1, (_P - base[3]) % _P)
    both = _sum(base, minus_a)
    point = (0, 1, 1, 0)
    for bit in range(252, -1, -1):  # s * base - h * a, both multiplied in one go
        point = _sum(point, point)
        if beat and bit & 15 == 0:
            beat()
        more = (None, base, minus_a, both)[(s >> bit & 1) | (h >> bit & 1) << 1]
        if more:
            point = _sum(point, more)
    inverse = pow(point[2], _P - 2, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255) == int.from_bytes(signature[:32], "little")


def _decoded(key):
    """Return minus the point that a key is the encoding of, in extended coordinates; None: none."""
    y = int.from_bytes(key, "little")
    odd, y = y >> 255, y & (1 << 255) - 1
    if len(key) != 32 or y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    v3 = v * v * v % _P
    x = u * v3 * pow(u * v3 * v3 * v % _P, (_P - 5) >> 3, _P) % _P
    if (v * x * x - u) % _P:
        x = x * _ROOT % _P
    if (v * x * x - u) % _P or not x and odd:
        return None
    if x & 1 == odd:
        x = _P - x
    return x, y, 1, x * y % _P


def _sum(p, q):
    """Add two points on -x*x + y*y = 1 + D*x*x*y*y (RFC 8032, section 5.1.4)."""
    x1, y1, z1, t1 = p
    x2, y2, z2, t2 = q
    a = (y1 - x1) * (y2 - x2) % _P
    b = (y1 + x1) * (y2 + x2) % _P
    c = 2 * _D * t1 * t2 % _P
    d = 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _sha512(data):
    """Return SHA-512 (RFC 6234) of up to 111 bytes as the number that Ed25519 reads in it."""
    mask = (1 << 64) - 1
    data += b"\x80" + bytes(125 - len(data)) + (8 * len(data)).to_bytes(2, "big")
    words = [int.from_bytes(data[i : i + 8], "big") for i in range(0, 128, 8)]  # the last 16
    prime, start = 2, []
    for _ in range(8):
        start.append(_root(prime << 128, 2) & mask)
        prime = _prime_after(prime)
    state = start[:]

    def turned(x, *by):
        found = 0
        for n in by:
            found ^= x >> n | x << 64 - n
        return found & mask

    prime = 2
    for i in range(_ROUNDS):
        word = words[i & 15]
        if i > 15:
            x, y = words[i + 1 & 15], words[i + 14 & 15]
            x = turned(x, 1, 8) ^ x >> 7
            y = turned(y, 19, 61) ^ y >> 6
            word = words[i & 15] = (word + x + words[i + 9 & 15] + y) & mask
        a, b, c, d, e, f, g, h = state
        x = h + turned(e, 14, 18, 41) + (e & f ^ ~e & g) + word
        x += _root(prime << 192, 3) & mask
        y = turned(a, 28, 34, 39) + (a & b ^ a & c ^ b & c)
        state = [(x + y) & mask, a, b, c, (d + x) & mask, e, f, g]
        prime = _prime_after(prime)
    digest = b"".join([(x + y & mask).to_bytes(8, "big") for x, y in zip(start, state)])
    return int.from_bytes(digest, "little")


def _prime_after(n):
    while True:
        n += 1
        if all([n % i for i in range(2, int(n**0.5) + 1)]):
            return n


def _root(n, power):
    """Return the whole part of the square or cube root of n; SHA-512's constants are such."""
    low, high = 0, 1 << 80
    while low < high:
        middle = (low + high + 1) >> 1
        if middle**power <= n:
            low = middle
        else:
            high = middle - 1
    return low
