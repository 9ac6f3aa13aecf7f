"""Puts the library into a board's ROMFS partition, from where it runs in place: six times less RAM.

    python -m tools.board.romfs [--port PORT]         build the image and deploy it
    python -m tools.board.romfs --build FILE.romfs    build it, without a board

Only some firmware has such a partition (mpremote romfs query); where there is none this says so,
and `make deploy` is the way. The library in ROMFS comes before one in /lib.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

from tools.board import found_files, ports, serial_link, wanted_files

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "build" / "library.romfs"


class RomfsError(Exception):
    """The image cannot be deployed; the text says why and what to do."""


def build(path):
    """Write an image of the library and its engines; return its bytes. Raises LinkError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (wanted_files.library() | wanted_files.engines()).items():
            target = Path(folder + name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        serial_link.mpremote(None, "romfs", "-o", str(path), "build", folder)
    return path.stat().st_size


def partition_bytes(query):
    """Return the size of the first ROMFS partition in what `mpremote romfs query` printed.

    Raises RomfsError where there is none.
    """
    found = re.search(r"ROMFS0 partition has size (\d+) bytes", query)
    if found:
        return int(found[1])
    if "not enabled" in query:
        what = "this firmware was built without ROMFS"
    elif "No ROMFS" in query:
        what = "this board's flash has no ROMFS partition"
    else:
        what = f"mpremote did not say how large the partition is: {query.strip()}"
    raise RomfsError(
        f"{what}. The library can go into the file system instead (make deploy), or into the "
        "firmware (make firmware), where it runs in place as well"
    )


def deploy(port, path=IMAGE):
    """Build the image and write it into the board's partition. Raises RomfsError, LinkError.

    Return what to say at the end: a firmware that has the library needs no partition.
    """
    query = serial_link.mpremote(port, "romfs", "query")
    try:
        room = partition_bytes(query)
    except RomfsError:
        version = frozen(port)
        if version is None:
            raise
        return (
            f"the library ({version}) is in this board's firmware, where it runs in place already: "
            "nothing is needed; make deploy brings the programs"
        )
    size = build(path)
    print(f"{path}: {size} bytes, for a partition of {room} bytes", flush=True)
    if size > room:
        raise RomfsError("the library is larger than the partition: use make deploy")
    serial_link.mpremote(port, "romfs", "deploy", str(path))
    serial_link.mpremote(port, "soft-reset")
    return "the library runs from ROMFS now; make deploy brings the programs"


def frozen(port):
    """Return the version of the library in the board's firmware, None if there is none."""
    lines = []
    with serial_link.connected(port) as transport:
        serial_link.run(transport, found_files.firmware_code(), lines.append)
        serial_link.restart(transport)
    return found_files.in_firmware(lines).get("allthingstalk")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", help="serial port of the board (the one that is plugged in)")
    parser.add_argument("--build", type=Path, metavar="FILE", help="only build the image")
    args = parser.parse_args()
    try:
        if args.build:
            print(f"{args.build}: {build(args.build)} bytes")
            return
        print(deploy(ports.find(args.port)))
    except (ports.PortError, serial_link.LinkError, RomfsError) as e:
        sys.exit(f"romfs: {e}")


if __name__ == "__main__":
    main()
