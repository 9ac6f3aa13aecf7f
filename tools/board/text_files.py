"""Reads the text files that people make for the tools: settings.json, .env, devices.csv.

Editors and spreadsheets save them in several encodings. Those that say which one they are in are
read, with any line ends; the others have to be UTF-8, since a guess would end up as a wrong
password on a board.
"""

import codecs
import contextlib
import json
import re
from pathlib import Path

_STRING = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?', re.DOTALL)

# That of UTF-32 begins like that of UTF-16: it comes first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class InputError(ValueError):
    """What was given cannot be used; the text says where and why, and shows no secret."""


def read(path):
    """Return the text of a file, its line ends as they are. Raises InputError."""
    try:
        data = Path(path).read_bytes()
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror}") from None
    except ValueError:  # a NUL in the name
        raise InputError("there is no file of that name") from None
    return decoded(data, path)


def decoded(data, name):
    """Return bytes as text; `name`: where they are from. Raises InputError."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise InputError(
            f"{name}, line {line}: no text in {encoding.upper().removesuffix('-SIG')}. "
            "Save it as UTF-8 (a spreadsheet calls it CSV UTF-8)"
        ) from None
    if "\0" in text:
        raise InputError(f"{name} is no text in UTF-8: save it as such")
    return text


def json_object(text, name):
    """Return the object in a JSON text as (dict, {key: "name, line n"}). Raises InputError.

    A key that is there twice is refused: MicroPython and CPython need not choose the same.
    """
    places = {}
    for string, is_key, line in _strings(text):
        if is_key:
            places.setdefault(string, []).append(f"{name}, line {line}")

    def once(pairs):
        values = dict(pairs)
        for key in values if len(values) < len(pairs) else ():
            if [k for k, _ in pairs].count(key) > 1:
                where = places.get(key, [name])[-1]
                raise InputError(f"{where}: '{shown(key)}' is there twice")
        return values

    try:
        values = json.loads(text, object_pairs_hook=once)
    except InputError:
        raise
    except json.JSONDecodeError as e:
        raise InputError(
            f"{name} is no JSON (line {e.lineno}, column {e.colno}): {e.msg}. Mend it there"
        ) from None
    except RecursionError:
        raise InputError(f"{name} is no JSON that a board can read: brackets in brackets") from None
    except ValueError:  # a number of more digits than CPython takes
        raise InputError(f"{name} has a number that is too long") from None
    if not isinstance(values, dict):
        raise InputError(f"{name}: not an object with keys")
    return values, {key: found[0] for key, found in places.items()}


def shown(key):
    """Return a key as it may be printed: a token that stands in its place may not."""
    return key if key.replace("-", "_").isidentifier() and len(key) <= 32 else "***"


def _strings(text):
    """Yield (string, whether it is a key, its line) for the strings in a JSON text."""
    line, at = 1, 0
    for found in _STRING.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        with contextlib.suppress(ValueError):
            yield json.loads(found[1]), bool(found[2]), line
