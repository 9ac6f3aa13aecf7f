"""Packs a program into one signed file, for boards that fetch it: make release VERSION=1.2.0.

The library's docs/updates.md says how it is used; lib/allthingstalk/updating reads it on a board.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

from cryptography.exceptions import InvalidKey, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tools.board import program_check, program_files, program_imports, wanted_files
from tools.board.pc_files import ContentError, read
from tools.build.firmware import library_version

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "releases"
KEY = Path("release.key")
FIRST = "allthingstalk release 1"
TRIAL_S = 300
_VERSION = re.compile(r"[0-9]+(\.[0-9]+){0,3}")
_NAME_MAX = 128  # of updating/files.py
_UPDATE = "allthingstalk.update"


def pack(files, version, key, boards=(), trial_s=TRIAL_S):
    """Return a release as bytes.

    - `files`: {path: bytes}, as "/main.py".
    - `key`: the private key, an Ed25519PrivateKey.
    - `boards`: names of those that it is for; none: for all.
    - `trial_s`: seconds in which a start has to have a good session.
    """
    lines = [FIRST, f"version {version}"]
    lines += [f"library {library_version()}", f"micropython {wanted_files.LEAST_TEXT}"]
    if boards:
        lines.append("boards " + " ".join(boards))
    lines.append(f"seconds {trial_s}")
    for path, data in files.items():
        lines.append(f"{len(data)} {hashlib.sha256(data).hexdigest()} {path[1:]}")
    head = "".join(line + "\n" for line in lines).encode()
    signature = key.sign(hashlib.sha256(head).digest()).hex()
    return head + f"signature {signature}\n\n".encode() + b"".join(files.values())


def program(main, with_library=False):
    """Return ({path: bytes} of a program, lines that say what stays here). Raises ContentError."""
    found, lines = program_files.find(main)
    files = program_files.contents(found)
    for path, source in files.items():
        if path.endswith(".py"):
            program_check.check(found[path], source, None)
        elif path.endswith(".mpy"):
            program_check.check_compiled(found[path], source)
    long = [path[1:] for path in files if len(path) > _NAME_MAX + 1]
    if long:
        raise ContentError(f"boards take names of {_NAME_MAX} characters at most: rename {long[0]}")
    if not any(_offers(data) for path, data in files.items() if path.endswith(".py")):
        raise ContentError(
            f"nothing in {main} imports {_UPDATE}: boards would take this release back after its "
            "trial, and could not be updated again; call update.offer() in it"
        )
    return files | (wanted_files.library() if with_library else {}), lines


def _offers(source):
    found = {".".join(module) for module in program_imports.imports(source)}
    return _UPDATE in found or "allthingstalk.update.offer" in found


def load_key(path):
    """Return the private key in a file. Raises ContentError."""
    try:
        key = load_pem_private_key(read(path), None)
    except (ValueError, TypeError, InvalidKey, UnsupportedAlgorithm) as e:
        raise ContentError(f"{path} is no private key: {e}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ContentError(f"{path} is no Ed25519 key: make release-key makes one")
    return key


def _boards(text):
    """Return the names of boards in a text, without what our own firmware puts before them."""
    return [wanted_files.find_board(name).stock for name in text.replace(",", " ").split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--version", required=True, help="such as 1.2.0; higher than the last one")
    parser.add_argument("--main", required=True, help="the program: its file or its folder")
    parser.add_argument("--key", type=Path, default=KEY, help="the private key (%(default)s)")
    parser.add_argument("--boards", default="", help="names of the boards it is for (all)")
    parser.add_argument("--library", action="store_true", help="bring the library along")
    parser.add_argument(
        "--trial", type=int, default=TRIAL_S, help="seconds for a good session (%(default)s)"
    )
    parser.add_argument("--to", type=Path, default=FOLDER, help="the folder (build/releases)")
    args = parser.parse_args()
    try:
        if not _VERSION.fullmatch(args.version):
            raise ContentError(f"{args.version!r} is no version: give VERSION=1.2.0")
        if args.trial < 30:
            raise ContentError("a trial of less than 30 s ends before most boards are on line")
        if not args.key.exists():
            raise ContentError(f"there is no {args.key}: make release-key makes one, once")
        key = load_key(args.key)
        files, lines = program(args.main, args.library)
        data = pack(files, args.version, key, _boards(args.boards), args.trial)
    except ContentError as e:
        sys.exit(f"release: {e}")
    for line in lines:
        print(line)
    args.to.mkdir(parents=True, exist_ok=True)
    path = args.to / args.version
    path.write_bytes(data)
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    print(f"{shown}: {len(files)} file{'s'[: len(files) - 1]}, {len(data)} bytes")
    print(f"the command that starts it: update = {args.version}")


if __name__ == "__main__":
    main()
