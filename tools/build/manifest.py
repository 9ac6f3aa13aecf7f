"""Reads the manifest of a board as MicroPython's build does: which files become frozen modules.

    python -m tools.build.manifest BOARD MICROPYTHON   what it freezes, out of that source tree

For checks without a tool chain, and for the digest that firmware carries. MicroPython's own
reader is a part of its source tree and comes as no package.
"""

import argparse
import hashlib
import os
import sys
from contextlib import contextmanager
from pathlib import Path

from tools.board import boards

# The folders of micropython-lib in which require() looks, in this order.
LIBRARIES = ("micropython", "python-stdlib", "python-ecosys")


class ManifestError(Exception):
    """A manifest cannot be read; the text says which and why."""


class Options:
    """What a manifest sees as `options`: the keywords of the include() that led to it."""

    def __init__(self, given):
        self._given, self._defaults = given, {}

    def defaults(self, **defaults):
        self._defaults = defaults

    def __getattr__(self, name):
        return self._given.get(name, self._defaults.get(name))


class Manifest:
    """The frozen files of a manifest and of all that it includes.

    - `variables`: what stands for $(NAME) in paths: MPY_DIR, MPY_LIB_DIR, PORT_DIR, BOARD_DIR.

    `files` is {name on the board: path of the source}, `required` the packages of micropython-lib
    in the order in which they were asked for.
    """

    def __init__(self, variables):
        self.files = {}
        self.required = []
        self._variables = variables
        self._libraries = {}
        self._seen = set()
        self._here = Path.cwd()
        for library in LIBRARIES:
            self.add_library(library, f"$(MPY_LIB_DIR)/{library}")

    def read(self, path):
        """Read a manifest and return self. Raises ManifestError."""
        self.include(str(path))
        return self

    def path(self, text):
        """Return the path that a manifest means, relative to the one being read."""
        for name, value in self._variables.items():
            text = text.replace(f"$({name})", str(value))
        if "$(" in text:
            raise ManifestError(f"{text} has a variable that the build does not know")
        return Path(os.path.normpath(self._here / text))

    @contextmanager
    def _inside(self, folder):
        # Manifests may use relative paths with os.path too: the build changes its folder as well.
        before, self._here = self._here, folder
        working = os.getcwd()
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(working)
            self._here = before

    def include(self, manifest, **options):
        if not isinstance(manifest, str):
            for one in manifest:
                self.include(one, **options)
            return
        path = self.path(manifest)
        if path.is_dir():
            path = path / "manifest.py"
        if path in self._seen:
            return
        self._seen.add(path)
        try:
            code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
            with self._inside(path.parent):
                exec(code, self._names(options))
        except ManifestError:
            raise
        except Exception as e:
            raise ManifestError(f"{path}: {type(e).__name__}: {e}") from e

    def _names(self, options):
        return {
            "include": self.include,
            "require": self.require,
            "add_library": self.add_library,
            "package": self.package,
            "module": self.module,
            "freeze": self.freeze,
            "freeze_as_mpy": self.freeze,
            "freeze_as_str": self.freeze,
            "freeze_mpy": self.freeze,
            "metadata": lambda **_: None,
            "c_module": lambda _: None,  # compiled, not frozen
            "options": Options(options),
        }

    def add_library(self, library, library_path, prepend=False):
        entry = {library: self.path(library_path)}
        self._libraries = {**entry, **self._libraries} if prepend else {**self._libraries, **entry}

    def require(self, name, version=None, pypi=None, library=None, **options):
        self.required.append(name)
        if library is not None and library not in self._libraries:
            raise ManifestError(f"require({name!r}) names an unknown library, {library!r}")
        folders = [self._libraries[library]] if library else self._libraries.values()
        for folder in folders:
            found = sorted(folder.glob(f"**/{name}/manifest.py"))
            if found:
                self.include(str(found[0]), **options)
                return
        raise ManifestError(
            f"require({name!r}): no such package in {', '.join(map(str, folders))}; is the "
            "submodule lib/micropython-lib there?"
        )

    def _add(self, base, name):
        source = base / name
        if not source.is_file():
            raise ManifestError(f"{source} is to be frozen and does not exist")
        key = Path(name).as_posix()
        if self.files.setdefault(key, source) != source:
            raise ManifestError(f"{key} is frozen twice: {self.files[key]} and {source}")

    def _add_all(self, base, below, suffixes):
        found = [p for p in sorted((base / below).rglob("*")) if p.suffix in suffixes]
        if not found:
            raise ManifestError(f"nothing to freeze in {base / below}")
        for path in found:
            self._add(base, path.relative_to(base))

    def package(self, package_path, files=None, base_path=".", opt=None):
        base = self.path(base_path)
        if files is None:
            self._add_all(base, package_path, (".py",))
        else:
            for name in files:
                self._add(base, Path(package_path, name))

    def module(self, module_path, base_path=".", opt=None):
        self._add(self.path(base_path), module_path)

    def freeze(self, path, script=None, opt=None):
        base = self.path(path)
        scripts = [""] if script is None else [script] if isinstance(script, str) else script
        for name in scripts:
            if (base / name).is_dir():
                self._add_all(base, name, (".py", ".mpy"))
            else:
                self._add(base, name)


def variables(board, tree):
    """Return what stands for $(NAME) when a Board is built in a MicroPython source tree."""
    tree = Path(tree).resolve()
    return {
        "MPY_DIR": tree,
        "MPY_LIB_DIR": tree / "lib" / "micropython-lib",
        "PORT_DIR": tree / "ports" / board.port,
        "BOARD_DIR": board.folder,
    }


def of_board(board, tree):
    """Return the Manifest of a Board in a MicroPython source tree. Raises ManifestError."""
    return Manifest(variables(board, tree)).read(board.folder / "manifest.py")


def digest(files):
    """Return the SHA-256 over names and contents of {name: path}, in hexadecimal."""
    total = hashlib.sha256()
    for name in sorted(files):
        content = files[name].read_bytes()
        total.update(f"{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("board", metavar="BOARD", help="a board of tools/board/boards.py")
    parser.add_argument("tree", metavar="MICROPYTHON", type=Path, help="MicroPython's source tree")
    args = parser.parse_args()
    try:
        files = of_board(boards.find(args.board), args.tree).files
    except (ManifestError, boards.UnknownBoard) as e:
        sys.exit(f"manifest: {e}")
    for name in sorted(files):
        print(f"{files[name].stat().st_size:7} {name}")
    print(f"{len(files)} files, digest {digest(files)}")


if __name__ == "__main__":
    main()
