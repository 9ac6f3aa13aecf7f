"""Fetches the log that allthingstalk.flash_log keeps on a board, and prints it.

python -m tools.board.log [--port PORT] [--path /log.txt]
"""

import argparse
import ast
import sys

from tools.board import ports, serial_link

PATH = "/log.txt"
_SILENT_S = 25  # a slow flash
_READ = """
for name in ({old!r}, {path!r}):
    try:
        with open(name, "rb") as f:
            print(f.read())
    except OSError:
        print("b''")
"""


def read(port, path=PATH):
    """Return the lines of a board's log, oldest first. Raises LinkError."""
    with serial_link.connected(port) as transport:
        printed, errors = transport.exec_raw(
            _READ.format(old=path + ".old", path=path), timeout=_SILENT_S
        )
    if errors:
        lines = errors.decode("utf-8", "replace").strip().splitlines()
        raise serial_link.LinkError(f"the board cannot read its log: {lines[-1]}")
    log = b"".join(ast.literal_eval(line) for line in printed.decode().splitlines())
    # A power cut may leave any bytes.
    return [line for line in log.decode("utf-8", "replace").split("\n") if line]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", help="(the one board that is plugged in)")
    parser.add_argument("--path", default=PATH, help="of the log on the board (%(default)s)")
    args = parser.parse_args()
    try:
        port = ports.find(args.port)
        lines = read(port, args.path)
        serial_link.hard_reset(port)
    except (ports.PortError, serial_link.LinkError) as e:
        sys.exit(f"log: {e}")
    if not lines:
        sys.exit(
            f"log: the board has no {args.path}. A program keeps one with "
            "allthingstalk.flash_log.keep(client)"
        )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
