"""Fetches the type stubs of the boards, and cuts from them what no board has.

The stubs know each board's modules and calls, but take builtins and a few modules (`json`, `os`,
`re`, `struct`, `sys`) from CPython, with methods such as `str.capitalize`. What real MicroPython
does not list is cut from them. Each board gets a folder of its own under build/stubs: they define
the same modules.
"""

import argparse
import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tools import bootstrap
from tools.simulate import interpreters

ROOT = Path(__file__).resolve().parents[2]
STUBS = ROOT / "build" / "stubs"
STDLIB = "micropython-stdlib-stubs==1.29.0.post2"
# name of the folder -> (package, what `sys.platform` is there)
BOARDS = {
    "esp32": ("micropython-esp32-stubs==1.29.0.post1", "esp32"),
    "pico_w": ("micropython-rp2-rpi-pico-w-stubs==1.29.0.post1", "rp2"),
}
# Modules whose functions are cut; the others' stubs were made on the boards.
CUT = ("builtins", "json", "os", "re", "struct", "sys")
TYPES = "str bytes bytearray int float list dict set frozenset tuple memoryview".split()
# Where the interpreter that is asked, the unix port, is not a board.
BOARD_ONLY = ("dupterm", "dupterm_notify", "sync", "uname")
UNIX_ONLY = ("getenv", "putenv", "unsetenv", "system")
PIP_TIMEOUT_S = 300


class Missing(Exception):
    """The stubs cannot be had here; the text says why."""


def names():
    """Return {module or type: the names real MicroPython lists in it}. Raises Missing."""
    asked = (
        "import json, builtins\n"
        f"found = {{m: dir(__import__(m)) for m in {CUT!r}}}\n"
        f"found.update({{t: dir(getattr(builtins, t)) for t in {TYPES!r}}})\n"
        "print(json.dumps(found))"
    )
    try:
        command = [*interpreters.find("mp64"), "-c", asked]
        out = subprocess.run(command, capture_output=True, check=True, timeout=20).stdout
    except (interpreters.Missing, OSError, subprocess.SubprocessError) as e:
        raise Missing(f"real MicroPython cannot be asked what it has: {e}") from None
    found = json.loads(out)
    found["os"] = [*set(found["os"]).difference(UNIX_ONLY), *BOARD_ONLY]
    return found


def missing_methods(found):
    """Return the methods that CPython's builtin types have, and no type of MicroPython."""
    listed = {name for of_type in TYPES for name in found[of_type]}
    ours = {name for of_type in TYPES for name in dir(getattr(__import__("builtins"), of_type))}
    return {name for name in ours - listed if not name.startswith("_")}


def cut(path, module, found):
    """Replace what MicroPython does not list in a stub file by `pass`."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()

    def visit(nodes, listed, in_class):
        for node in nodes:
            if isinstance(node, ast.If):
                visit(node.body + node.orelse, listed, in_class)
            elif isinstance(node, ast.ClassDef) and not in_class:
                # mypy knows the classes by name; only errors can go without harm.
                if node.name.endswith(("Error", "Warning")) and node.name not in listed:
                    remove(node)
                elif module == "builtins" and node.name in TYPES:
                    visit(node.body, found[node.name], True)
            elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                if node.name not in listed:
                    remove(node)

    def remove(node):
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
        lines[first : node.end_lineno] = [" " * node.col_offset + "pass"] + [""] * (
            node.end_lineno - first - 1
        )

    visit(ast.parse(text).body, found[module], False)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def install(packages, target):
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run(
            [*command, "--no-deps", "--target", str(target), *packages],
            check=True,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PIP_TIMEOUT_S,
            env=bootstrap.pip_environment(sys.executable),
        )
    except (OSError, subprocess.SubprocessError) as e:
        said = (getattr(e, "stderr", None) or str(e)).strip()
        why = bootstrap.reason(said)
        raise Missing(f"{packages[0]} cannot be installed{why}: {said.splitlines()[-1]}") from None


def folder(board):
    """Return the folder with a board's stubs, ready for mypy; made once. Raises Missing."""
    package, _ = BOARDS[board]
    target = STUBS / board
    stamp = target / "made_of"
    made_of = " ".join((package, STDLIB, Path(__file__).read_text(encoding="utf-8")))
    if stamp.exists() and stamp.read_text(encoding="utf-8") == made_of:
        return target
    found = names()
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    install([package, STDLIB], part)
    for module in CUT:
        path = part / "stdlib" / module
        path = path / "__init__.pyi" if path.is_dir() else path.with_suffix(".pyi")
        if path.exists():
            cut(path, module, found)
    if not (part / "umqtt").exists():
        # Pico W firmware freezes no umqtt.simple: the deploy tool puts the same one into /lib.
        shutil.copytree(folder("esp32") / "umqtt", part / "umqtt")
    (part / "made_of").write_text(made_of, encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    return target


def main():
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    try:
        for board in BOARDS:
            print(f"{board}: {folder(board).relative_to(ROOT)}")
    except Missing as e:
        sys.exit(f"board stubs: {e}")


if __name__ == "__main__":
    main()
