"""ABCL: values as the fewest bytes, in a layout that the platform knows of the device.

    from allthingstalk import abcl

    client = Client(token, payload=abcl.Format(("temp", "int16", 0.1), ("door", "bit", 0)))
    device.send({"temp": 21.5, "door": True})    # 3 bytes: 00 d7 01

The platform has to be told the layout: `make abcl MAIN=main.py` prints it, to be pasted into the
device's payload formats (AllThingsTalk Binary Conversion Language, seen in the platform's docs).
"""

from struct import pack

from .topics import checked_name

_INTS = {"int8": "b", "uint8": "B", "int16": "h", "uint16": "H"}
_INTS.update({"int32": "i", "uint32": "I", "int64": "q", "uint64": "Q"})
_FLOATS = {"float": "f", "double": "d"}


class Format:
    """A layout: fields in the order of their bytes, each (asset name, type, ...).

    - Types: `int8` to `int64`, `uint8` to `uint64`, with a factor and an offset behind the type, 1
      and 0 by default: what is sent is (value - offset) / factor, rounded. `float` (4 bytes) and
      `double` (8). `bit` with the number of the bit, 0 the least: bits in a row share a byte.
    - `order`: of the bytes of a number, 'big' or 'little'.

    Attributes: `fields`, a list of (asset name, type, number of the first byte, bit or factor,
    offset), and `size` in bytes. Raises ValueError for a layout that cannot be.
    """

    def __init__(self, *fields, order="big"):
        if order not in ("big", "little"):
            raise ValueError("order is big or little, not %r" % (order,))
        self.order = order
        self.fields = []
        self.size = 0
        names, bits = [], 0  # those of the last byte that are taken
        for field in fields:
            try:
                name, kind, one, offset = tuple(field) + (None,) * (4 - len(field))
            except (TypeError, ValueError):
                raise ValueError("a field is (asset name, type, ...), not %r" % (field,))
            checked_name(name)
            if name in names:
                raise ValueError("a field comes once, not %s" % name)
            if kind == "bit":
                one = one or 0
                if not isinstance(one, int) or not 0 <= one < 8 or offset is not None:
                    raise ValueError("%s: a bit is one of 0 to 7" % name)
                if not bits or bits & 1 << one:
                    bits = 0
                    self.size += 1
                bits |= 1 << one
                at = self.size - 1
            else:
                bits, at = 0, self.size
                one, offset = _scale(name, kind, one, offset)
                self.size += len(pack(_INTS.get(kind) or _FLOATS[kind], 0))
            names.append(name)
            self.fields.append((name, kind, at, one, offset))
        if not fields:
            raise ValueError("a layout needs a field: ('temp', 'int16', 0.1)")

    def pack(self, values):
        """Return `values`, a dict of values by asset name, as bytes.

        Raises ValueError for a name that is missing or unknown, and for a value that its field
        cannot hold; TypeError for one of another type.
        """
        out = bytearray(self.size)
        left = list(values)
        mark = ">" if self.order == "big" else "<"
        for name, kind, at, one, offset in self.fields:
            if name not in values:
                raise ValueError("%s: no value; the layout needs all of its fields" % name)
            value = values[name]
            left.remove(name)
            if kind == "bit":
                if not isinstance(value, bool) and value not in (0, 1):
                    raise TypeError("%s takes a bool, got %r" % (name, value))
                out[at] |= bool(value) << one
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value - value != 0:
                raise TypeError("%s takes a finite number, got %r" % (name, value))
            data = _number(name, kind, mark, value, one, offset)
            out[at : at + len(data)] = data
        if left:
            raise ValueError("%s: no such field; there are %s" % (left[0], self.names()))
        return bytes(out)

    def names(self):
        """Return the asset names of the fields, with blanks between."""
        return " ".join([field[0] for field in self.fields])


def _scale(name, kind, factor, offset):
    """Return factor and offset of a field. Raises ValueError."""
    if not isinstance(kind, str) or kind not in _INTS and kind not in _FLOATS:
        raise ValueError(
            "%s: there is no type %r; there are bit %s"
            % (name, kind, " ".join(sorted(list(_INTS) + list(_FLOATS))))
        )
    factor, offset = 1 if factor is None else factor, 0 if offset is None else offset
    for number in (factor, offset):
        wrong = isinstance(number, bool) or not isinstance(number, (int, float))
        if wrong or number - number != 0:  # as of NaN and infinity
            raise ValueError("%s: factor and offset are numbers, not %r" % (name, number))
    if not factor or kind in _FLOATS and (factor, offset) != (1, 0):
        raise ValueError("%s: a factor is not 0, and a float has none" % name)
    return factor, offset


def _number(name, kind, mark, value, factor, offset):
    """Return a number as the bytes of its field. Raises ValueError where it does not fit."""
    if kind in _FLOATS:
        if kind == "float" and abs(value) > 3.4028235e38:
            raise ValueError("%s: %s does not fit a float of 4 bytes" % (name, value))
        return pack(mark + _FLOATS[kind], value)
    value -= offset
    if isinstance(value, int) and isinstance(factor, int):  # exact, whatever a board's floats are
        size = abs(factor)
        whole = (2 * abs(value) + size) // (2 * size)
        value = whole if (value < 0) == (factor < 0) else -whole
    else:
        value /= factor
        if value - value != 0:
            raise ValueError("%s: it is too large after factor and offset" % name)
        whole = int(value)
        value = whole + (value - whole >= 0.5) - (whole - value >= 0.5)
    bits = int(kind.lstrip("uint"))
    low, high = (0, 1 << bits) if kind[0] == "u" else (-1 << bits - 1, 1 << bits - 1)
    if not low <= value < high:
        raise ValueError(
            "%s: it is %d to %d in %s, got %s" % (name, low, high - 1, kind, value)
            + ("" if (factor, offset) == (1, 0) else " after factor and offset")
        )
    return pack(mark + _INTS[kind], value)
