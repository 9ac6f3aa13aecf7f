"""Refuses a program that no MicroPython can compile, with file and line, before a board gets it.

The judge is mpy-cross, MicroPython's own compiler. Refused besides is what it takes and what then
goes wrong on the board: it reads each byte beyond ASCII outside of texts as a letter, so that a
byte order mark, a curly quote or a blank of a web page becomes part of a name that nobody defined.
"""

import codecs
import io
import re
import tokenize
import unicodedata
import warnings

from tools.board.boards import CHIPS
from tools.board.pc_files import ContentError
from tools.build import compiling

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAVE = 'save it as UTF-8 without BOM (byte order mark; "UTF-8" in most editors)'
_BYTES = re.compile(r"[rR]?[bB][rR]?[\"']")
_CHARACTER = re.compile(r"invalid (?:non-printable )?character .*?\(?U\+([0-9A-F]+)")
MPY = 6  # version of the .mpy files that mpy-cross makes, and that MicroPython loads since 1.23
# Functions in machine code compile for their kind of chip only.
ALL_ARCHES = ("", *sorted({arch for _, arch, _ in CHIPS.values()}))


def check(name, source, arch=None):
    """Refuse the source of a module if it does not compile. Raises ContentError.

    - `name`: the file, as messages shall call it.
    - `source`: its bytes.
    - `arch`: mpy-cross -march of the board; None where the board is not known yet.
    """
    if source.startswith(codecs.BOM_UTF8):
        raise ContentError(
            f"{name}, line 1: the file begins with a byte order mark (BOM), which MicroPython "
            f"takes for the first letter of the program: {_SAVE}"
        )
    if source.startswith(_UTF_16):
        raise ContentError(f"{name} is UTF-16, which MicroPython does not read: {_SAVE}")
    _check_encoding(name, source)
    reason = compiling.refusal(source, ALL_ARCHES if arch is None else ("", arch))
    python = _python_says(source)
    if reason:
        line, said = reason
        raise ContentError(_in_words(name, source, line, said, python))
    if python:
        _check_character(name, *python)


def check_compiled(name, data):
    """Refuse a .mpy file that a board would not load. Raises ContentError."""
    if data[:2] != b"M" + bytes([MPY]):
        raise ContentError(
            f"{name} is no .mpy of version {MPY}, which is what boards load: compile it with "
            "today's mpy-cross, or put its source there"
        )


def _check_encoding(name, source):
    """Refuse bytes that are no UTF-8, unless in comments or bytes. Raises ContentError."""
    try:
        source.decode("utf-8")
        return
    except UnicodeDecodeError:
        pass
    try:
        # As Latin-1 each byte is a character, and is the byte again.
        for token in tokenize.generate_tokens(io.StringIO(source.decode("latin-1")).readline):
            if token.type != tokenize.COMMENT and not _BYTES.match(token.string):
                try:
                    token.string.encode("latin-1").decode("utf-8")
                except UnicodeDecodeError as e:
                    line = token.start[0] + token.string.encode("latin-1")[: e.start].count(b"\n")
                    raise ContentError(
                        f"{name}, line {line}: the byte 0x{e.object[e.start]:02x} is no UTF-8, "
                        "which all text of MicroPython is (the file is Latin-1 perhaps): save it "
                        "as UTF-8"
                    ) from None
    except (tokenize.TokenError, SyntaxError):
        pass  # the compiler will say where


def _python_says(source):
    """Return (line, text) of what this PC's Python has against a source, None if nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # As text: what its first lines say of its encoding is nothing to MicroPython.
            compile(source.decode("utf-8", "replace"), "program", "exec", dont_inherit=True)
    except SyntaxError as e:
        return e.lineno, e.msg
    except (ValueError, RecursionError, MemoryError) as e:
        return None, str(e)
    return None


def _check_character(name, line, text):
    """Refuse a blank, quote or the like that Python does not know. Raises ContentError.

    MicroPython takes any character beyond ASCII for a letter, and some programs may rest on that.
    """
    found = _CHARACTER.match(text)
    if found and unicodedata.category(chr(int(found[1], 16)))[0] in "PZC":
        raise ContentError(
            f"{name}, line {line}: {text}. It came along with copied text perhaps: type it anew. "
            "MicroPython would take it for a letter of a name, and fail when it runs"
        )


def _in_words(name, source, line, said, python):
    place = f"{name}, line {line}" if line else name
    text = f"{place}: MicroPython cannot compile it, mpy-cross says: {said}"
    lines = re.split(rb"\r\n|\r|\n", source)
    if line and line <= len(lines) and (shown := lines[line - 1].strip()):
        shown = shown.decode("utf-8", "replace")[:100]
        text += f"\n    {''.join(c if c.isprintable() else '?' for c in shown)}\n"
    else:
        text += ". "
    if b"\0" in source:
        return text + f"The file holds NUL bytes, it is UTF-16 perhaps: {_SAVE}"
    if python is None:
        return text + "Python on this PC takes it: MicroPython does not have all that CPython has"
    where, why = python
    return text + f"Python on this PC says{f' of line {where}' if where else ''}: {why}"
