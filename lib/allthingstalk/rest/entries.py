"""The entries of a JSON array as they arrive, one in memory at a time, however many there are."""

from micropython import const

_ENTRY_MAX = const(4096)  # bytes of one entry
_LIST_MAX = const(1 << 20)  # bytes; a list that goes on has no end


def entries(read, outer):
    """Yield each object or array in a JSON array as bytes, with blanks behind; None: too long.

    `read(n)` returns the text piece by piece; `outer` is 1 for an array, 2 for one that is a member
    of an object, as in {"data": [...]}. ValueError if it is no such JSON, ends early or does not
    end.
    """
    n = _LIST_MAX
    # One buffer for all: it keeps its size, and JSON may end in blanks.
    entry = bytearray(256)
    size = 0  # of the current entry
    depth = 0  # of braces and brackets
    in_text = escaped = too_long = False
    piece = read(128)
    while piece:
        n -= len(piece)
        if n < 0:
            raise ValueError("the list does not end")
        for c in piece:
            inside = depth > outer
            if in_text:
                if escaped:
                    escaped = False
                elif c == 0x5C:  # backslash
                    escaped = True
                elif c == 0x22:
                    in_text = False
            elif c == 0x22:
                in_text = True
            elif c in b"[{":
                depth += 1
                inside = depth > outer
            elif c in b"]}":
                depth -= 1
            if depth < 1:
                if c == (0x5D if outer == 1 else 0x7D):
                    return
                if c not in b" \t\r\n":
                    raise ValueError("the list is no JSON array")
            if not inside:
                continue
            if size < _ENTRY_MAX:
                if size == len(entry):
                    entry.extend(bytes(64))
                entry[size] = c
                size += 1
            else:
                too_long = True
            if depth == outer:
                for k in range(size, len(entry)):
                    entry[k] = 0x20
                yield None if too_long else entry
                size = 0
                too_long = False
        piece = read(128)
    raise ValueError("the list was cut off")
