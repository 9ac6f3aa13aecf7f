"""Reads and writes what provisioning keeps on a board: /settings.json and the roots /ca.der.

The files go to the board inside one program: they are written under temporary names, read back,
and renamed if all of them are right. A cable pulled at any moment leaves each file old or new.
"""

import ast
import contextlib
import hashlib
import json

from tools.board import deploy, serial_link, text_files

SETTINGS = "/settings.json"
ROOTS = "/ca.der"
_SILENT_S = 25  # a slow flash; mpremote waits for 10 s

_READ = """
def read(name):
    try:
        with open(name, "rb") as f:
            return f.read()
    except OSError:
        return None
print([read(name) for name in {names}])
"""
_WRITE = """
import hashlib, os
def digest(name):
    with open(name, "rb") as f:
        return hashlib.sha256(f.read()).digest()
files = {files}
for name, data in files:
    with open(name + ".new", "wb") as f:
        f.write(data)
right = all([digest(n + ".new") == hashlib.sha256(d).digest() for n, d in files])
for name, _ in files:
    if not right:
        os.remove(name + ".new")
        continue
    os.rename(name + ".new", name)
for name in {stale}:
    if right:
        try:
            os.remove(name)
        except OSError:
            pass
print([digest(name) for name, _ in files] if right else [])
"""


class BoardError(Exception):
    """The board does not take the files; the text says why and what to do."""


def read(port):
    """Return (settings as a dict, bytes of the roots), None for what is missing or no JSON object.

    Raises LinkError, BoardError.
    """
    with serial_link.connected(port) as transport:
        text, roots = _exec(transport, _READ.format(names=(SETTINGS, ROOTS)))
    values = None
    with contextlib.suppress(text_files.InputError):
        values, _ = text_files.json_object(text_files.decoded(text or b"", SETTINGS), SETTINGS)
    return values, roots


def as_json(values):
    """Return settings as the bytes of their file: a key a line, no escapes MicroPython lacks."""
    return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def write(port, values, roots=None, restart=True, stale=()):
    """Write the settings, and the roots where there are some; return [(name, bytes)] of it.

    - `roots`: DER, one after the other; none leaves the board's.
    - `stale`: names of files that are of no use with these settings, to be removed.
    - `restart`: reset the chip afterwards, so that no Wi-Fi, watchdog or timer of before is left.

    Raises LinkError, BoardError; the board's files are then as they were, or all new.
    """
    # The settings last: they are what a start looks for.
    files = ([(ROOTS, roots)] if roots else []) + [(SETTINGS, as_json(values))]
    with serial_link.connected(port) as transport:
        digests = _exec(transport, _WRITE.format(files=files, stale=list(stale)))
        if digests != [hashlib.sha256(data).digest() for _, data in files]:
            raise BoardError("the files did not arrive as they were sent: run it again")
    if restart:
        serial_link.hard_reset(port)
    return [(name, len(data)) for name, data in files]


def _exec(transport, code):
    printed, errors = transport.exec_raw(code, timeout=_SILENT_S)
    if errors:
        # Only the last line: the traceback before it could hold a line of the program.
        raise BoardError(deploy.in_words(errors.decode("utf-8", "replace")))
    return ast.literal_eval(printed.decode())
