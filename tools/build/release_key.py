"""Makes the key that signs releases: make release-key. The private half stays on this PC."""

import argparse
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tools.board.pc_files import ContentError
from tools.build.release import KEY, load_key


def public(key):
    """Return the public half of a key as a program has it: 64 hex digits."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def make(path):
    """Make a private key in a new file that nobody else may read, and return it.

    Raises FileExistsError.
    """
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
        f.write(text)
    return key


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--key", type=Path, default=KEY, help="the file (%(default)s)")
    args = parser.parse_args()
    try:
        key = load_key(args.key) if args.key.exists() else make(args.key)
    except (ContentError, OSError) as e:
        sys.exit(f"release-key: {e}")
    print(f"{args.key}: keep it, and a copy where it cannot be lost; it goes nowhere else")
    print("in the program:")
    print(f'KEY = "{public(key)}"')


if __name__ == "__main__":
    main()
