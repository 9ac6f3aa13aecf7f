"""Checks the style of all Python files, and that the library calls only what boards have.

    python -m tools.check                 everything
    python -m tools.check --types FILE    the board check alone, of a file or folder

Style: ruff check and ruff format --check. Board check: mypy with the stubs of an ESP32 and of a
Pico W in place of CPython's, then a look for methods that no type of MicroPython has, because
mypy does not follow values whose type is not known. Leaves with 1 if anything was found.
"""

import argparse
import ast
import os
import re
import subprocess
import sys
from pathlib import Path

from tools.check import board_stubs

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "lib" / "allthingstalk"
STYLED = ("lib", "tests", "tools", "boards", "examples")
# What the stubs are here for: modules, names and arguments that a board does not have. The other
# kinds of errors ask for annotations, which the library leaves out to stay small and readable.
OFF = (
    "assignment",  # a class default of None or () that an instance or a subclass replaces
    "union-attr",  # the same: None until connected
    "index",
    "has-type",
    "var-annotated",
    "abstract",  # a stub that lost a method CPython's has: bytearray.insert
    "no-redef",  # `try: import usocket as socket / except ImportError: import socket`
)
# Where the stubs or mypy are wrong about a board: a message, and why it may stand.
ACCEPTED = (
    (r'named "(atexit|traceback)"', "CPython's own; imported behind a guard"),
    (r'module named "_allthingstalk_build"', "made by `make firmware`; the banner does without"),
    (r'has no attribute "verify_mode"', "every board has it, its stub does not"),
    (r'"Asset" has no attribute "title"', "made of the name by __getattr__ where it is not set"),
    (r'"(Loop|Assignments)" has no attribute', "parts of a Client, which has it"),
    (r'"Exception" has no attribute "status"', "the class was compared by name"),
    (
        r'"None" has no attribute|"len" has incompatible type "None"|for in \("None"\)'
        r'|"next" matches argument type "None"',
        "a class default of None that an instance or a subclass replaces",
    ),
    (r'"isinstance" has incompatible type "object"', "a table of types and tuples of types"),
)


def style():
    """Run ruff over the tree; return whether it has nothing to say."""
    folders = [folder for folder in STYLED if (ROOT / folder).is_dir()]
    clean = True
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--quiet", *folders]
        clean = subprocess.run(ruff, cwd=ROOT).returncode == 0 and clean
    return clean


def type_errors(board, path):
    """Return mypy's complaints about a file or folder as it runs on a board, one line each.

    Raises board_stubs.Missing where the stubs cannot be had.
    """
    stubs = board_stubs.folder(board)
    command = [sys.executable, "-m", "mypy", "--config-file=", "--custom-typeshed-dir", str(stubs)]
    command += ["--cache-dir", str(ROOT / "build" / "mypy" / board)]
    # sys.platform of the board: mypy leaves out what is behind a test for another one.
    command += ["--python-version", "3.10", "--platform", board_stubs.BOARDS[board][1]]
    command += ["--check-untyped-defs", "--follow-imports", "silent", "--no-error-summary"]
    command += ["--hide-error-context", "--no-color-output", "--allow-redefinition"]
    command += [f"--disable-error-code={code}" for code in OFF]
    search = os.pathsep.join([str(stubs), str(LIBRARY.parent)])
    done = subprocess.run(
        [*command, str(path)],
        env={**os.environ, "MYPYPATH": search},
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    lines = [line for line in done.stdout.splitlines() if ": error: " in line]
    if done.returncode > 1 or (done.returncode and not done.stdout):
        raise RuntimeError("mypy failed: " + (done.stderr or done.stdout).strip())
    return [
        line
        for line in lines
        if not line.startswith(str(stubs.relative_to(ROOT)))
        and not any(re.search(accepted, line) for accepted, _ in ACCEPTED)
    ]


def shown(file):
    return file.relative_to(ROOT) if file.is_relative_to(ROOT) else file


def method_errors(path):
    """Return the uses of methods that no builtin type of MicroPython has, one line each."""
    missing = board_stubs.missing_methods(board_stubs.names())
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    own = set()  # names that the library gives to members of its own
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                own.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                own.add(node.attr)
    return [
        f'{shown(file)}:{node.lineno}: error: no type of MicroPython has the method "{node.attr}"'
        for file, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in missing - own
    ]


def types(path):
    """Print what the board check finds in a file or folder; return whether it is clean."""
    clean = True
    for board in board_stubs.BOARDS:
        errors = type_errors(board, path)
        print("\n".join([*errors, f"{board}: {len(errors)} errors in calls and modules"]))
        clean = clean and not errors
    errors = method_errors(path)
    print("\n".join([*errors, f"methods that MicroPython lacks: {len(errors)}"]))
    return clean and not errors


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--types", type=Path, metavar="FILE", help="only the board check, of FILE")
    args = parser.parse_args()
    try:
        if args.types:
            clean = types(args.types.resolve())
        else:
            clean = style()
            print("style: " + ("clean" if clean else "see above; `ruff format` mends the layout"))
            clean = types(LIBRARY) and clean
    except board_stubs.Missing as e:
        sys.exit(f"check: the board check could not be made: {e}")
    sys.exit(not clean)


if __name__ == "__main__":
    main()
