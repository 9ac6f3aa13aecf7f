"""CBOR (RFC 8949): values to bytes and back, in as few bytes as they take.

    from allthingstalk import cbor

    cbor.dumps({"temperature": 21.5})

Places are tag 103, an array of latitude, longitude and altitude; times tag 0 or 1; values with a
time of their own tag 120, an array of the values, a time and a place (the two tags are the
platform's own and are in IANA's registry of CBOR tags).
"""

from struct import pack, unpack

from .timestamps import from_unix, parse
from .utf8 import check

_DEEPEST = 16  # arrays and maps in each other; deeper ones are refused: each takes of the stack
_PLACE = ("latitude", "longitude", "altitude")
_END = object()  # what ends an item of unknown length


def dumps(value):
    """Return `value` as CBOR bytes.

    It is None, bool, int of any size, finite float, str, bytes, and lists, tuples and dicts of
    them; a dict of `latitude`, `longitude` and perhaps `altitude` alone becomes tag 103. Raises
    TypeError for other types, ValueError for a float that is not finite and text that is no UTF-8.
    """
    out = bytearray()
    append(out, value)
    return bytes(out)


def append(out, value):
    """Append `value` to `out`, a bytearray. Raises TypeError and ValueError as dumps() does."""
    if value is None or value is True or value is False:
        out.append(0xF6 if value is None else 0xF5 if value else 0xF4)
    elif isinstance(value, int):
        _write_int(out, value)
    elif isinstance(value, float):
        _write_float(out, value)
    elif isinstance(value, str):
        data = value.encode()
        check(data)
        append_head(out, 0x60, len(data))
        out.extend(data)
    elif isinstance(value, (bytes, bytearray)):
        append_head(out, 0x40, len(value))
        out.extend(value)
    elif isinstance(value, (list, tuple)):
        append_head(out, 0x80, len(value))
        for entry in value:
            append(out, entry)
    elif isinstance(value, dict):
        _write_dict(out, value)
    else:
        raise TypeError("%s cannot be sent as CBOR" % type(value).__name__)


def append_head(out, kind, n):
    """Append the head of an item to `out`: its major type in the upper bits of `kind`, and `n`."""
    if n < 24:
        out.append(kind | n)
    else:
        size = 0 if n < 1 << 8 else 1 if n < 1 << 16 else 2 if n < 1 << 32 else 3
        out.append(kind | 24 + size)
        out.extend(n.to_bytes(1 << size, "big"))


def append_time(out, at):
    """Append to `out` the time `at`, ISO 8601 text: tag 1 in whole seconds, else tag 0.

    A float of seconds would lose milliseconds on boards whose floats have 32 bits.
    """
    ms = parse(at)
    if ms % 1000:
        out.append(0xC0)
        append(out, at)
    else:
        out.append(0xC1)
        append(out, ms // 1000)


def _write_int(out, n):
    kind, n = (0, n) if n >= 0 else (0x20, -1 - n)
    if n < 1 << 64:
        append_head(out, kind, n)
        return
    out.append(0xC3 if kind else 0xC2)  # a bignum (section 3.4.3)
    size = 9
    while n >> 8 * size:
        size += 1
    append_head(out, 0x40, size)
    out.extend(n.to_bytes(size, "big"))


def _write_float(out, value):
    if value - value != 0:
        raise ValueError("%s is no finite number" % value)
    data = pack(">f", value) if abs(value) <= 3.4028235e38 else b""
    if not data or unpack(">f", data)[0] != value:
        out.append(0xFB)
        out.extend(pack(">d", value))
        return
    half = _half(unpack(">I", data)[0])
    if half is None:
        out.append(0xFA)
        out.extend(data)
    else:
        out.append(0xF9)
        out.extend(pack(">H", half))


def _half(bits):
    """Return the bits of a float of 32 bits as those of one of 16; None if that loses something."""
    sign, exponent, fraction = bits >> 16 & 0x8000, (bits >> 23 & 0xFF) - 127, bits & 0x7FFFFF
    if exponent == -127 and not fraction:
        return sign
    if -14 <= exponent <= 15 and not fraction & 0x1FFF:
        return sign | exponent + 15 << 10 | fraction >> 13
    shift = -1 - exponent  # a subnormal one is a multiple of 2**-24
    if 14 <= shift <= 23:
        fraction |= 0x800000
        if not fraction & (1 << shift) - 1:
            return sign | fraction >> shift
    return None


def _write_dict(out, value):
    if 2 <= len(value) <= 3 and len([key for key in _PLACE if key in value]) == len(value):
        if "altitude" not in value or len(value) == 3:
            out.extend(b"\xd8\x67")
            append_head(out, 0x80, len(value))
            for key in _PLACE[: len(value)]:
                append(out, value[key])
            return
    append_head(out, 0xA0, len(value))
    for key in value:
        if not isinstance(key, str):
            raise TypeError("the keys of an object are text, got %r" % (key,))
        append(out, key)
        append(out, value[key])


def item_end(data, i):
    """Return where the item that begins at offset `i` of `data` ends; raises as loads()."""
    reader = _Reader(data)
    reader.at = i
    reader.item(_DEEPEST)
    return reader.at


def loads(data):
    """Return what CBOR bytes `data` say; ValueError for anything else, and for what follows them.

    Places become a dict, times ISO 8601 text, tag 120 a dict of `value`, `at` and `place`; other
    tags are passed over.
    """
    reader = _Reader(bytes(data))
    value = reader.item(_DEEPEST)
    if value is _END or reader.at != len(reader.data):
        raise ValueError("CBOR that goes on after its end")
    return value


class _Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, n):
        """Return the next `n` bytes."""
        start = self.at
        if n > len(self.data) - start:
            raise ValueError("CBOR that ends too early")
        self.at = start + n
        return self.data[start : self.at]

    def item(self, left):
        """Return the next item, _END for what ends one of unknown length; `left`: levels."""
        if not left:
            raise ValueError("CBOR that is nested too deeply")
        first = self.take(1)[0]
        kind, n = first >> 5, first & 31
        if kind == 7:
            return self.simple(n)
        if 24 <= n <= 27:
            n = int.from_bytes(self.take(1 << n - 24), "big")
        elif n == 31 and 2 <= kind <= 5:
            n = -1  # until _END
        elif n > 27:
            raise ValueError("CBOR with a length that does not exist")
        if kind == 0:
            return n
        if kind == 1:
            return -1 - n
        if kind < 4:
            return self.string(kind, n, left)
        if kind == 4:
            return list(self.items(n, left))
        if kind == 5:
            return self.map(n, left)
        return self.tag(n, left)

    def simple(self, n):
        if n == 31:
            return _END
        if 20 <= n <= 23:
            return (False, True, None, None)[n - 20]  # 23 is undefined
        if n == 25:
            bits = unpack(">H", self.take(2))[0]
            exponent, fraction = bits >> 10 & 31, bits & 0x3FF
            if exponent == 31:
                raise ValueError("CBOR with a number that is not finite")
            value = (fraction | 0x400 if exponent else fraction) * 2.0 ** (max(exponent, 1) - 25)
            return -value if bits & 0x8000 else value
        if n == 26 or n == 27:
            value = unpack(">f" if n == 26 else ">d", self.take(4 if n == 26 else 8))[0]
            if value - value != 0:
                raise ValueError("CBOR with a number that is not finite")
            return value
        raise ValueError("CBOR with a simple value that nobody knows")

    def items(self, n, left):
        """Yield `n` items; for -1 those up to _END."""
        while n:
            value = self.item(left - 1)
            if value is _END:
                if n < 0:
                    return
                raise ValueError("CBOR with an end where none may be")
            yield value
            if n > 0:
                n -= 1

    def string(self, kind, n, left):
        if n >= 0:
            data = self.take(n)
        else:
            data = b""
            for piece in self.items(-1, left):
                if not isinstance(piece, bytes if kind == 2 else str):
                    raise ValueError("CBOR with a string of something else")
                data += piece.encode() if isinstance(piece, str) else piece
        if kind == 2:
            return data
        check(data)
        return str(data, "utf-8")

    def map(self, n, left):
        found, key = {}, None
        for entry in self.items(2 * n if n > 0 else n, left):
            if key is None:
                if not isinstance(entry, str):
                    raise ValueError("CBOR with a key that is no text")
                key = entry
            else:
                found[key] = entry
                key = None
        if key is not None:
            raise ValueError("CBOR with a key without a value")
        return found

    def tag(self, n, left):
        value = self.item(left - 1)
        if value is _END:
            raise ValueError("CBOR with an end where none may be")
        if n == 0:
            parse(value if isinstance(value, str) else "")  # ValueError if it is no time
        elif n == 1:
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise ValueError("CBOR with a time that is no number")
            return from_unix(value)
        elif n == 2 or n == 3:
            if not isinstance(value, bytes):
                raise ValueError("CBOR with a large number that is no bytes")
            value = int.from_bytes(value, "big")
            return value if n == 2 else -1 - value
        elif n == 103 and not isinstance(value, list):
            raise ValueError("CBOR with a place that is no array")
        elif n == 103 or n == 120 and isinstance(value, list):
            names = _PLACE if n == 103 else ("value", "at", "place")
            return dict([pair for pair in zip(names, value) if pair[1] is not None or n == 120])
        return {"value": value} if n == 120 else value
