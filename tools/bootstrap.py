"""Sets the project up: a virtual environment in .venv with the pinned packages.

Run by every make target, with `--tests` where what is in requirements-tests.txt is needed as well.
Needs only Python >= 3.10 and a package index; does nothing when the environment is there and the
requirements have not changed since. pip's settings say where packages come from; where they go is
said here, whatever those settings are.
"""

import argparse
import ast
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "tools" / "requirements.txt"
FOR_TESTS = ROOT / "tools" / "requirements-tests.txt"
STAMP = VENV / "requirements.sha256"  # that .venv is whole; each further file has one beside it
# What has Python look for packages elsewhere, or work otherwise.
PYTHONS = {"PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONOPTIMIZE", "PYTHONINSPECT"}
# Settings of pip that would have it install to another place, or something else, or nothing.
NOT_OURS = {
    *("user", "target", "prefix", "root", "python", "require-virtualenv", "dry-run", "report"),
    *("requirement", "editable", "config-file", "quiet", "verbose", "log"),
}
_SETTING = re.compile(r"(global|install|:env:)\.([\w-]+)=(.+)")
# What pip and venv say, and what that means; the first that is found is meant.
_REASONS = (
    (r"No space left|Errno 28|Disk quota", "the disk is full"),
    (r"Permission denied|Errno 13|Read-only file", "the folder cannot be written to"),
    (r"during configuration|[Cc]onfiguration file", "pip's settings are wrong (pip config list)"),
    (r"SSLError|CERTIFICATE_VERIFY|SSLCert", "the package index's certificate is not trusted here"),
    (r"\b40[137] (Client Error|Unauth|Forb|Prox)", "the package index or a proxy wants a login"),
    (
        r"NewConnection|name resolution|not known|[Tt]imeout|timed out|refused|unreachable|"
        r"ProxyError|Max retries|onnection broken|onnection aborted|RemoteDisconnected",
        "the package index cannot be reached",
    ),
    (r"HASHES|hash.* mismatch", "a package arrived damaged"),
    (r"ResolutionImpossible|onflicting dep", "pip's settings demand other versions (constraint)"),
    (
        r"Failed (to build|building)|subprocess-exited|metadata-gen",
        "a package cannot be built here",
    ),
    (r"from versions: none", "the package index cannot be reached, or has none for this Python"),
    (
        r"No matching distribution|Could not find a version|Requires-Python|not a supported wheel",
        "the package index has no such package for this Python",
    ),
)


def fail(text):
    sys.exit(f"setup: {text}")


def run(step, *command, environ):
    """Run a command and return what it printed; leave with its last words if it fails."""
    result = subprocess.run(
        command, env=environ, capture_output=True, encoding="utf-8", errors="replace"
    )
    if result.returncode:
        said = (result.stderr or result.stdout).strip()
        # pip lists every version there ever was, in one line.
        lines = [line[:300] for line in said.splitlines()[-6:]]
        fail("\n  ".join([f"{step} failed{reason(said)}:", *lines]))
    return result.stdout


def reason(said):
    """Return ", why" of what a command said; nothing where that is not known."""
    for pattern, words in _REASONS:
        if re.search(pattern, said):
            return f", {words}"
    return ""


def plain_environment():
    """Return the environment without what sends Python, or pip, to other packages."""
    left_out = {*PYTHONS, *map(variable, NOT_OURS - {"config-file"})}
    return {name: text for name, text in os.environ.items() if name not in left_out}


def variable(name):
    """Return the variable of the environment that is a setting of pip."""
    return "PIP_" + name.upper().replace("-", "_")


def pip_environment(python):
    """Return the environment for an installation with pip: its settings but those NOT_OURS.

    Those of its files are in it, since there is no other way to take one of them back.
    """
    environ = plain_environment()
    listed = run("reading pip's settings", python, "-m", "pip", "config", "list", environ=environ)
    found = [match.groups() for match in map(_SETTING.fullmatch, listed.splitlines()) if match]
    for section in ("global", "install", ":env:"):  # the later ones come first
        for of, name, text in found:
            if of == section and name not in NOT_OURS:
                environ[variable(name)] = ast.literal_eval(text)
    environ["PIP_CONFIG_FILE"] = os.devnull
    if not has_cache(environ):
        environ["PIP_NO_CACHE_DIR"] = "1"
    return environ


def has_cache(environ):
    """Return whether pip's cache can be: where its folder cannot, a wheel that is built is lost."""
    place = environ.get("PIP_CACHE_DIR") or environ.get("XDG_CACHE_HOME") or os.path.expanduser("~")
    path = Path(os.path.expanduser(place)).absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists()).is_dir()


def digest(requirements):
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def stamp(requirements):
    return VENV / f"{requirements.stem}.sha256"


def is_installed(requirements):
    path = stamp(requirements)
    return path.exists() and path.read_text(encoding="utf-8") == digest(requirements)


def make_environment():
    """Make .venv, without packages."""
    print("setup: making .venv with the pinned packages (once; about a minute)", flush=True)
    try:
        import ensurepip  # noqa: F401  - Debian ships Python without it
    except ImportError:
        fail("this Python cannot make virtual environments; on Debian: apt install python3-venv")
    STAMP.unlink(missing_ok=True)
    make = (sys.executable, "-m", "venv", "--clear", str(VENV))
    run("making .venv", *make, environ=plain_environment())


def install(requirements):
    python = str(VENV / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    run(
        "installing the packages",
        python,
        *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("-r", str(requirements)),
        environ=pip_environment(python),
    )
    stamp(requirements).write_text(digest(requirements), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="Makes .venv with the pinned packages.")
    parser.add_argument("--force", action="store_true", help="install again from scratch")
    parser.add_argument("--tests", action="store_true", help="also the packages of the tests")
    args = parser.parse_args()
    if sys.version_info < (3, 10):
        fail(
            f"Python {sys.version.split()[0]} is too old, 3.10 is the least; "
            "try: make PYTHON=python3.12"
        )
    try:
        if args.force or not is_installed(REQUIREMENTS):
            make_environment()
            install(REQUIREMENTS)
        if args.tests and not is_installed(FOR_TESTS):
            print("setup: adding what tests and docs need (once; about a minute)", flush=True)
            install(FOR_TESTS)
    except OSError as e:
        fail(f"making .venv failed{reason(str(e))}: {e}")


if __name__ == "__main__":
    main()
