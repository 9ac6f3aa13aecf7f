"""Sets the project up: a virtual environment in .venv with the pinned packages.

Run by every make target. Needs only Python >= 3.10 and a package index; does nothing when the
environment is there and tools/requirements.txt has not changed since.
"""

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "tools" / "requirements.txt"
STAMP = VENV / "requirements.sha256"


def fail(text):
    sys.exit(f"setup: {text}")


def run(step, *command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        lines = (result.stderr or result.stdout).strip().splitlines()[-6:]
        # pip lists every version there ever was, in one line.
        fail(step + " failed:\n  " + "\n  ".join(line[:300] for line in lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--force", action="store_true", help="install again from scratch")
    args = parser.parse_args()
    if sys.version_info < (3, 10):
        fail(
            f"Python {sys.version.split()[0]} is too old, 3.10 is the least; "
            "try: make PYTHON=python3.12"
        )
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not args.force and STAMP.exists() and STAMP.read_text() == digest:
        return
    print("setup: making .venv with the pinned packages (once; about a minute)", flush=True)
    try:
        import ensurepip  # noqa: F401  - Debian ships Python without it
    except ImportError:
        fail("this Python cannot make virtual environments; on Debian: apt install python3-venv")
    STAMP.unlink(missing_ok=True)
    run("making .venv", sys.executable, "-m", "venv", "--clear", str(VENV))
    python = VENV / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(
        "installing the packages (is a package index reachable?)",
        str(python),
        *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("-r", str(REQUIREMENTS)),
    )
    STAMP.write_text(digest)


if __name__ == "__main__":
    main()
