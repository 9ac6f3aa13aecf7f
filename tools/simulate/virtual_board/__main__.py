"""The command line of the virtual board."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys

from .bridge import Bridge
from .events import sentence
from .settings import DEFAULT_FLASH_SIZE, Settings, VirtualBoardError, checked_settings

_COMMANDS = "wifi down, wifi up [NAME], networks JSON, reset, power-cut, quit"


class _Parent:
    """Whoever started this: commands come on standard input, events go to standard output."""

    def __init__(self, events: bool) -> None:
        self.events = events
        self._held = b""
        self.bridge: Bridge | None = None

    def emit(self, event: str, **fields: object) -> None:
        """Write one event: as JSON for a program, else as a line for a reader."""
        if self.events:
            line = json.dumps({"event": event, **fields})
        else:
            line = sentence(event, fields)
        if line:
            print(line, flush=True)

    def read_commands(self) -> bool:
        """Obey what has been typed; False when nothing more can come."""
        try:
            data = os.read(0, 4096)
        except OSError:
            data = b""
        if not data:
            if self.events:
                raise SystemExit(0)
            return False
        *lines, self._held = (self._held + data).split(b"\n")
        for line in lines:
            self._obey(line.decode("utf-8", "replace").strip())
        return True

    def _obey(self, command: str) -> None:
        if command == "quit":
            raise SystemExit(0)
        if command.startswith("wifi up"):
            self.bridge.wifi(True, command[len("wifi up") :].strip())
        elif command == "wifi down":
            self.bridge.wifi(False)
        elif command.startswith("networks "):
            try:
                self.bridge.networks(json.loads(command[len("networks ") :]))
            except ValueError:
                self.emit("warning", text='networks [["name", "its key or null", -50, false], …]')
        elif command == "reset":
            self.bridge.reset()
        elif command == "power-cut":
            self.bridge.power_cut()
        elif command:
            self.emit("warning", text=f"unknown command {command!r}; there are: {_COMMANDS}")
        if self.events:
            self.emit("done")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.simulate.virtual_board",
        description="A MicroPython board made of a pseudo-terminal and the Unix port, which the "
        "unmodified mpremote takes for a real one. Ctrl-C ends it.",
        epilog=f"While it runs it obeys, typed on standard input: {_COMMANDS}.",
    )
    parser.add_argument(
        "--flash",
        required=True,
        help="the board's flash: a folder, or a littlefs image; made where it is missing",
    )
    parser.add_argument(
        "--littlefs", action="store_true", help="make a littlefs image where FLASH is missing"
    )
    parser.add_argument(
        "--size", default=DEFAULT_FLASH_SIZE, help="of the flash (default %(default)s)"
    )
    parser.add_argument("--link", help="a name for the serial port, such as build/board")
    parser.add_argument(
        "--heap", help="bytes a program finds free, such as 201k (default 256k, or as --like says)"
    )
    parser.add_argument(
        "--like",
        choices=("pico-w", "esp32"),
        help="heap, numbers and limits of that board (the heap times 1.55, as the 64-bit "
        "interpreter needs that much more)",
    )
    parser.add_argument(
        "--micropython", help="the interpreter (default: beside this Python, else on PATH)"
    )
    parser.add_argument(
        "--events",
        action="store_true",
        help="for programs: events as JSON lines, and the end when standard input ends",
    )
    return parser


def _introduce(settings: Settings, bridge: Bridge) -> None:
    name = settings.link or bridge.port
    print(f"The virtual board is at {name}" + (f" ({bridge.port})" if settings.link else ""))
    print(f"  mpremote connect {name} fs ls")
    print(f"  mpremote connect {name} repl")
    print(f"Commands here: {_COMMANDS}; Ctrl-C ends it.", flush=True)


def main() -> int:
    """Run a virtual board until Ctrl-C, SIGTERM, `quit`, or an error."""
    arguments = vars(_parser().parse_args())
    parent = _Parent(arguments.pop("events"))
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(0))
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)  # in the background, there are no commands
    try:
        settings = checked_settings(**arguments)
        bridge = parent.bridge = Bridge(settings, parent.emit)
        try:
            bridge.open()
            if not parent.events:
                _introduce(settings, bridge)
            bridge.serve(0, parent.read_commands)
        finally:
            bridge.close()
    except VirtualBoardError as error:
        if parent.events:
            parent.emit("error", text=str(error))
        else:
            print(f"virtual board: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        # Nobody is left to tell; without this, Python would try again at its end and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
