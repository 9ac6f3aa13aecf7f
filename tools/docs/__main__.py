"""Builds the docs as a site with search: `make docs`. Warnings are errors, and links are checked.

    python -m tools.docs                   build/docs
    python -m tools.docs --serve           and shows it: in a folder of files there is no search

What is made from the code into docs/when-something-fails.md is written anew first.
"""

import argparse
import os
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tools.docs import failures

ROOT = Path(__file__).resolve().parents[2]


def build(to):
    """Build the site in a folder; return mkdocs' exit status, what it says is printed."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--clean"]
    command += ["--config-file", str(Path(__file__).with_name("mkdocs.yml")), "--site-dir", str(to)]
    # The theme says in ten lines that it will have a successor: no warning of ours.
    return subprocess.run(command, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}).returncode


def serve(folder):
    """Serve a folder to this PC until Ctrl-C."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/  Ctrl-C ends it", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "docs", help="(build/docs)")
    parser.add_argument("--serve", action="store_true", help="show them on this PC until Ctrl-C")
    args = parser.parse_args()
    to = args.to.resolve()
    failures.write()
    status = build(to)
    if status:
        sys.exit(status)
    print(f"{to / 'index.html'}; with search: make docs DOCS_OPTIONS=--serve", flush=True)
    if args.serve:
        serve(to)


if __name__ == "__main__":
    main()
