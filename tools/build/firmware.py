"""Builds firmware with the library frozen in, out of a MicroPython source tree and its tool chain.

    python -m tools.build.firmware BOARD --micropython TREE   into build/firmware
    python -m tools.build.firmware BOARD --micropython TREE --check   only say what is missing

Where something is missing it says what and what to do, and leaves with 2: it downloads nothing.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.board import boards
from tools.build import firmware_needs, manifest

ROOT = Path(__file__).resolve().parents[2]

OUT = ROOT / "build" / "firmware"
BUILD_MODULE = "_allthingstalk_build.py"
# What the build makes, by port, in its folder.
PRODUCTS = {"esp32": "firmware.bin", "rp2": "firmware.uf2"}
# Set for the make that called us, these would reach the port's Makefile and win over what it sets.
LEFT_OUT = (
    "MAKEFLAGS",
    "MFLAGS",
    "MAKEOVERRIDES",
    "MAKELEVEL",
    "BOARD",
    "BOARD_DIR",
    "BOARD_VARIANT",
    "BUILD",
    "FROZEN_MANIFEST",
    "MICROPY_FROZEN_MANIFEST",
    "USER_C_MODULES",
    "PORT",
)


class BuildError(Exception):
    """The firmware was not built; the text says why."""


def library_version():
    """Return __version__ of the library in lib/."""
    source = (ROOT / "lib" / "allthingstalk" / "__init__.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__version__":
            return ast.literal_eval(node.value)
    raise BuildError("lib/allthingstalk/__init__.py has no __version__")


def environment(environ=os.environ):
    """Return the environment for the port's make: without what our own make was given."""
    kept = {name: value for name, value in environ.items() if name not in LEFT_OUT}
    # On the command line CMAKE_ARGS would replace the Makefile's own, the board among them.
    arguments = kept.get("CMAKE_ARGS", "") + " -DFETCHCONTENT_FULLY_DISCONNECTED=ON"
    return {**kept, "CMAKE_ARGS": arguments.strip()}


def write_build_module(board, tree, folder):
    """Write the module that tells the board what it runs; return the manifest's digest.

    The module itself is not in the digest. Raises manifest.ManifestError.
    """
    path = folder / BUILD_MODULE
    path.unlink(missing_ok=True)
    digest = manifest.digest(manifest.of_board(board, tree).files)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(f'VERSION = "{library_version()}"\nMANIFEST = "{digest}"\n', encoding="utf-8")
    return digest


def make(folder, variables, jobs, environ):
    """Run make in a folder, given NAME=value. Raises BuildError."""
    command = ["make", "-C", str(folder), f"-j{jobs}", *variables]
    status = subprocess.run(command, env=environment(environ)).returncode
    if status:
        raise BuildError(f"make failed in {folder} with status {status}; what it says is above")


def build(board, tree, jobs=1, out=OUT, environ=os.environ):
    """Build a board's firmware and return the path of the image.

    - `board`: a boards.Board; `tree`: MicroPython's source tree, with all that it needs.
    - `jobs`: how many compilers at a time.

    Raises BuildError, manifest.ManifestError.
    """
    folder = out / board.name
    digest = write_build_module(board, tree, folder)
    print(f"firmware: library {library_version()}, manifest {digest[:12]}", flush=True)
    product = folder / "tree" / PRODUCTS[board.port]
    product.unlink(missing_ok=True)
    variables = [f"BOARD_DIR={board.folder}", f"BOARD={board.name}", f"BUILD={folder / 'tree'}"]
    try:
        # Not every release builds its compiler by itself before it is needed.
        if "MICROPY_MPYCROSS" not in environ and not firmware_needs.built_compiler(tree):
            make(tree / "mpy-cross", [], jobs, environ)
        make(tree / "ports" / board.port, variables, jobs, environ)
    finally:
        # A build by hand later on must not tell a digest of today.
        (folder / BUILD_MODULE).unlink(missing_ok=True)
    if not product.is_file():
        raise BuildError(f"make said that all is well, but there is no {product}")
    image = out / board.image
    shutil.copy(product, image)
    return image


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="\n".join(["boards:", *boards.table(boards.all_boards().values())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("board", metavar="BOARD", help="a board of the table below")
    parser.add_argument("--micropython", type=Path, metavar="TREE", help="MicroPython's sources")
    parser.add_argument("--check", action="store_true", help="build nothing")
    parser.add_argument("--any-version", action="store_true", help="not only the pinned releases")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="compilers at a time")
    args = parser.parse_args()
    try:
        board = boards.find(args.board)
    except boards.UnknownBoard as e:
        sys.exit(f"firmware: {e}")
    wanted = boards.micropython_versions()
    if args.micropython is None:
        sys.exit(
            f"firmware: {board.stock} is built from MicroPython's sources, which are not a part of "
            f"this project: give MICROPYTHON=<a clone or archive of release {wanted[0]}>"
        )
    tree = args.micropython.expanduser().resolve()
    missing = firmware_needs.find(board, tree, wanted, args.any_version)
    if missing:
        things = "1 thing is" if len(missing) == 1 else f"{len(missing)} things are"
        lines = [f"firmware: {things} missing for {board.stock}; nothing was built or downloaded"]
        print("\n".join([*lines, *(f"- {one}" for one in missing)]), file=sys.stderr)
        sys.exit(2)
    print(f"firmware: {board.stock} with MicroPython {firmware_needs.tree_version(tree)}")
    if args.check:
        return
    try:
        image = build(board, tree, args.jobs)
    except (BuildError, manifest.ManifestError) as e:
        sys.exit(f"firmware: {e}")
    print(f"firmware: {image}, {image.stat().st_size} bytes")


if __name__ == "__main__":
    main()
