"""Prints the ABCL definition of a program's layout, to be pasted into the platform.

    python -m tools.board.abcl_definition main.py

The layout is found in the program's text, as abcl.Format(...) of constants; nothing of it is run.
"""

import argparse
import ast
import json
import sys
from pathlib import Path

from tools.build import library

library.use()

from allthingstalk import abcl  # noqa: E402

_FORMAT = "allthingstalk.abcl.Format"


class LayoutError(Exception):
    """There is no layout that can be read; the text says why."""


def definition(layout):
    """Return the platform's JSON for an abcl.Format (seen in the platform's docs)."""
    return {"sense": [_statement(layout, *field) for field in layout.fields]}


def _statement(layout, name, kind, at, one, offset):
    if kind == "bit":
        return {"asset": name, "value": {"byte": at, "bit": one, "type": "boolean"}}
    size = {"float": 4, "double": 8}.get(kind) or int(kind.lstrip("uint")) // 8
    value = {"byte": at, "bytelength": size, "byteorder": layout.order}
    value["type"] = "number" if kind in ("float", "double") else "integer"
    if value["type"] == "integer" and kind[0] == "i":
        value["signed"] = True
    if (one, offset) != (1, 0) and value["type"] == "integer":
        value["calculation"] = _calculation(one, offset)
    return {"asset": name, "value": value}


def _calculation(factor, offset):
    """Return what makes the value of what was sent: dividing by 10 is exact, times 0.1 is not."""
    inverse = round(1 / factor)
    exact = factor < 1 and abs(factor * inverse - 1) < 1e-12
    text = f"val / {inverse}" if exact else f"val * {factor}"
    if not offset:
        return text
    return f"{text} {'-' if offset < 0 else '+'} {abs(offset)}"


def _names(tree):
    """Return all names that a program has for abcl.Format, by its imports."""
    names = set()
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else ():
            module = getattr(node, "module", None)
            path = f"{module}.{alias.name}" if module else alias.name
            own = alias.asname or alias.name
            if alias.name == "*" and _FORMAT.startswith(f"{module}."):
                names.add(_FORMAT[len(module) + 1 :])
            elif (_FORMAT + ".").startswith(path + "."):
                names.add(own + _FORMAT[len(path) :])
    return names


def layouts(source, place):
    """Return the layouts in a program's text, in their order. Raises LayoutError."""
    try:
        tree = ast.parse(source)
    except SyntaxError as e:
        raise LayoutError(f"{place}, line {e.lineno}: {e.msg}") from None
    found, names = [], _names(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in names:
            continue
        try:
            fields = [ast.literal_eval(argument) for argument in node.args]
            options = {k.arg: ast.literal_eval(k.value) for k in node.keywords}
            found.append((node.lineno, abcl.Format(*fields, **options)))
        except (ValueError, TypeError) as e:
            raise LayoutError(
                f"{place}, line {node.lineno}: this layout cannot be read ({e}); its fields have "
                "to be constants"
            ) from None
    return [layout for _, layout in sorted(found, key=lambda pair: pair[0])]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", type=Path, help="file that holds abcl.Format(...)")
    args = parser.parse_args()
    if args.program.is_dir():
        folder = "" if args.program == Path(".") else f"{args.program} is a folder: "
        sys.exit(f"abcl: {folder}name the file that holds abcl.Format(...): make abcl MAIN=main.py")
    try:
        found = layouts(args.program.read_text(encoding="utf-8"), args.program)
        if not found:
            raise LayoutError(f"{args.program} has no Format(...) of allthingstalk.abcl")
    except OSError as e:
        sys.exit(f"abcl: {args.program} cannot be read: {e.strerror}")
    except (UnicodeError, LayoutError) as e:
        sys.exit(f"abcl: {e}")
    for layout in found:
        print(json.dumps(definition(layout), indent=1))


if __name__ == "__main__":
    main()
