"""Finds the serial port that the board is at; every wish that talks to a board asks here first.

python -m tools.board.ports          prints the port of the one board that is plugged in
python -m tools.board.ports PORT     checks a port: is it there, may this user open it
python -m tools.board.ports --list   all serial ports, with what the system knows of them
"""

import argparse
import os
import sys
import time
from pathlib import Path

from serial.tools.list_ports import comports

_LOOK_S = 0.1
_SAY_S = 5
PICO = 0x2E8A
# USB vendor ids of the boards and of the converters on them.
VENDORS = {
    0x303A: "Espressif",
    PICO: "Raspberry Pi",
    0x10C4: "Silicon Labs CP210x",
    0x1A86: "WCH CH340",
    0x0403: "FTDI",
}
NONE_THERE = """no board found: no USB serial port is there.
  - Is the cable one that carries data? Many only charge.
  - ESP32 with a CP210x or CH340 chip: macOS and Windows may need that chip's driver.
  - Pico W fresh from its bag: it has no serial port yet; make flash FIRMWARE=… says how to go on.
  - ESP32 that shows no port: hold BOOT, press and let go RESET, let go BOOT, look again.
Then try again, or name the port: PORT=…"""


class PortError(Exception):
    """No port can be used; the text says why and what to do."""


class NotThere(PortError):
    """There is no such port at this moment."""


def find(port=None, listed=comports):
    """Return the name of the port to use.

    - `port`: what the user gave, or None to look for the one board that is there.
    - `listed`: returns the serial ports of this computer, as pyserial's comports().

    Raises PortError.
    """
    if port:
        return checked(port, listed)
    usb = [p for p in listed() if p.vid is not None]
    # A modem or a GPS mouse is a USB serial port as well: the known chips go first.
    found = [p for p in usb if p.vid in VENDORS] or usb
    if not found:
        raise NotThere(NONE_THERE)
    if len(found) > 1:
        lines = "\n".join(f"  {shown(p)}" for p in found)
        raise PortError(f"{len(found)} boards are plugged in; choose one with PORT=…\n{lines}")
    return checked(found[0].device, listed)


def awaited(port, wait_s, say, listed=comports):
    """Return what `find` does, once it is there: a board's own USB goes while it sleeps deeply.

    - `wait_s`: seconds to wait at most; `say(text)` is told why.

    Raises PortError.
    """
    until = said = None
    while True:
        try:
            return find(port, listed)
        except NotThere as e:
            now = time.monotonic()
            until = until or now + wait_s
            if now >= until:
                raise
            if said is None:
                said = now
                say(f"{e}\nWaiting for {wait_s:.0f} s: a board that sleeps deeply may come back")
            elif now - said >= _SAY_S:
                said = now
                say(f"waiting for a port, {until - now:.0f} s more at most")
            time.sleep(_LOOK_S)


def checked(port, listed=comports):
    """Return a port that can be opened, as far as can be told without opening it. Raises PortError.

    URLs such as socket://… and rfc2217://… pass; pyserial opens them.
    """
    if "://" in port:
        return port
    path, names = Path(port), [p.device for p in listed()]
    if port not in names if os.name == "nt" else not path.exists():
        there = "\n".join(f"  {shown(p)}" for p in listed()) or "  none"
        raise NotThere(f"there is no port {port}; the serial ports here are\n{there}")
    if os.name == "nt":
        return port
    if not path.is_char_device():
        raise PortError(f"{port} is not a serial port, but a file or folder; PORT=… is wrong")
    if not os.access(path, os.R_OK | os.W_OK):
        raise PortError(not_allowed(path))
    return port


def not_allowed(path):
    """Return the words for a port that this user may not open."""
    try:
        group = path.group()
    except (KeyError, OSError):
        group = "dialout"
    return (
        f"this user may not open {path}: it belongs to the group {group}. Add yourself and log in "
        f"again:\n  sudo usermod -a -G {group} $USER"
    )


def shown(port):
    """Return one line about a port: its name, what it says of itself, its serial number."""
    known = VENDORS.get(port.vid)
    words = port.description if port.description not in (None, "n/a", port.device) else ""
    facts = [f"{known}: {words}" if known and words else known or words]
    if port.vid is not None:
        facts.append(f"USB {port.vid:04x}:{port.pid:04x}")
    if port.serial_number:
        facts.append(f"serial number {port.serial_number}")
    return "  ".join([port.device, ", ".join(filter(None, facts))]).rstrip()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("port", nargs="?", metavar="PORT", help="the port to check")
    parser.add_argument("--list", action="store_true", help="list all serial ports")
    args = parser.parse_args()
    if args.list:
        print("\n".join(shown(p) for p in comports()) or "no serial port here")
        return
    try:
        print(find(args.port))
    except PortError as e:
        sys.exit(f"ports: {e}")


if __name__ == "__main__":
    main()
