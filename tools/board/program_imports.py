"""Finds the modules beside a program that it imports, and those that these import.

Read are the import statements, wherever they stand, and `__import__("name")`. What does not lie
beside the program is MicroPython's, an engine, or comes from elsewhere: no question of ours.
"""

import ast
import warnings

from tools.board.pc_files import read

# MicroPython's order where both are there: a package, the source, the compiled module.
_ENDINGS = ("/__init__.py", "/__init__.mpy", ".py", ".mpy")
# Where MicroPython looks, below the program's folder as below the board's "/".
_PLACES = ("", "lib/")


def imports(source, package=()):
    """Return the modules that a source imports, as tuples of names: ("a", "b") for a.b.

    - `package`: of the module itself, which relative imports start from.

    A name that is imported from a module may be a module as well, and counts as one.
    Raises SyntaxError where this PC's Python cannot read the source.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source.decode("utf-8", "replace"))
        except (ValueError, RecursionError, MemoryError) as e:
            raise SyntaxError(str(e)) from None
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = len(package) - node.level + 1
            if above < 0:
                continue
            start = package[:above] if node.level else ()
            module = (*start, *(node.module or "").split(".")) if node.module else start
            found += [module, *((*module, alias.name) for alias in node.names)]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "__import__":
            name = node.args and getattr(node.args[0], "value", None)
            if isinstance(name, str):
                found.append(tuple(name.split(".")))
    return [module for module in found if module]


def beside(folder, main, wanted):
    """Return ({path: file} of the modules that a program imports, [files that cannot be read]).

    - `folder`: where the program lies.
    - `main`: its file.
    - `wanted(path)`: whether a module shall be in it; one that shall not is not read either.

    Paths are on the board, below "/" as below the folder. Raises ContentError.
    """
    found, unread = {}, []
    waiting = [(main, ())]
    while waiting:
        file, package = waiting.pop()
        try:
            modules = imports(read(file), package)
        except SyntaxError:
            unread.append(file)
            continue
        for module in modules:
            for path in _paths(folder, module):
                if "/" + path not in found and wanted("/" + path):
                    found["/" + path] = folder / path
                    if path.endswith(".py"):
                        waiting.append((folder / path, _package(path)))
    return found, unread


def _paths(folder, module):
    """Return the files beside a program that importing a module loads, those of packages first."""
    for place in _PLACES:
        paths = []
        for n in range(1, len(module) + 1):
            start = place + "/".join(module[:n])
            ending = next((e for e in _ENDINGS if (folder / (start + e)).is_file()), None)
            if ending:
                paths.append(start + ending)
            elif not (folder / start).is_dir():
                break
        if paths:
            return paths
    return []


def _package(path):
    """Return the package that a module, by its path, starts its relative imports from."""
    parts = path.removeprefix("lib/").split("/")
    return tuple(parts[:-1])
