"""Text in UTF-8, strictly, and JSON in it. Loaded for text beyond ASCII, and for escapes.

MicroPython's str and json let through what no other UTF-8 reader takes: halves of surrogate pairs
and sequences that are too long. The platform acknowledges such a value and ignores it.
"""

import json


def check(text, size=None):
    """Raise ValueError unless the first `size` bytes of a text, or all, are UTF-8 (RFC 3629)."""
    left, low, high = 0, 0x80, 0xBF  # bytes to come of a character, bounds of the next one
    for i in range(len(text) if size is None else size):
        c = text[i]
        if left:
            if not low <= c <= high:
                break
            left, low, high = left - 1, 0x80, 0xBF
        elif 0xC2 <= c <= 0xF4:
            left = 1 if c < 0xE0 else 2 if c < 0xF0 else 3
            low = 0xA0 if c == 0xE0 else 0x90 if c == 0xF0 else 0x80
            high = 0x9F if c == 0xED else 0x8F if c == 0xF4 else 0xBF
        elif c > 0x7F:
            break
    else:
        if not left:
            return
    raise ValueError("text that is no UTF-8, such as half of a surrogate pair")


def loads(text):
    r"""Return what JSON in UTF-8 says, as bytes or text; pairs such as \ud83d\ude00 are joined.

    ValueError for text that is no JSON or no UTF-8, and for halves of pairs (RFC 8259, section
    8.2).
    """
    text = text.encode() if isinstance(text, str) else bytes(text)
    if text and max(text) > 127:
        check(text)
    i = text.find(b"\\")
    while i >= 0:
        high, size = _escaped(text, i), 2
        if high >> 11 == 0x1B:  # half of a pair: 0xD800 to 0xDFFF
            low = _escaped(text, i + 6)
            if high >> 10 != 0x36 or low >> 10 != 0x37:
                raise ValueError("text that is no UTF-8: half of a surrogate pair")
            c = 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF)
            letter = bytes((0xF0 | c >> 18, 0x80 | c >> 12 & 63, 0x80 | c >> 6 & 63, 0x80 | c & 63))
            text, size = text[:i] + letter + text[i + 12 :], 4
        i = text.find(b"\\", i + size)
    return json.loads(str(text, "utf-8"))


def _escaped(text, i):
    """Return the number of an escape of the form \\uXXXX at an offset, else 0."""
    if text[i : i + 2] == b"\\u":
        try:
            return int(text[i + 2 : i + 6], 16)
        except ValueError:  # the JSON reader says so
            pass
    return 0
