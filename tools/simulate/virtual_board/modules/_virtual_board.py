"""What the stand-ins on the board share: the way to the bridge and what the bridge said at start.

Loaded before boot.py, while the PC's file system is still the interpreter's; never written to.
"""

import os
import sys

LIKE = os.getenv("VB_LIKE") or ""
RESET_CAUSE = int(os.getenv("VB_RESET_CAUSE") or 1)
UNIQUE_ID = os.getenv("VB_UNIQUE_ID") or "e66164084373"

JOINED = os.getenv("VB_JOINED") or ""  # name of the Wi-Fi network in hexadecimal

# Port of the board's own access point -> the port of this PC that stands for it.
AP_PORTS = {
    int(pair.split(":")[0]): int(pair.split(":")[1])
    for pair in (os.getenv("VB_AP_PORTS") or "").split()
}

clock_offset_s = int(os.getenv("VB_CLOCK_OFFSET_S") or 0)

# Opened now: after the flash has been mounted there is no way back to the PC's files.
_state = open(os.getenv("VB_STATE"), "rb")


def report(name, argument=""):
    """Tell the bridge something, inside an APC string that it takes out of the serial stream."""
    sys.stdout.write(f"\x1b_vb:{name};{argument}\x1b\\")


def report_and_wait(name, argument=""):
    """Tell the bridge something that ends this interpreter, and wait for that end."""
    import micropython
    import utime

    micropython.kbd_intr(-1)
    report(name, argument)
    while True:
        utime.sleep_ms(1000)


def access_point_is_up(name=""):
    """Whether a Wi-Fi network is in reach, as told to the bridge from outside; "": any."""
    _state.seek(0)
    up, only = _state.read(1), _state.readline()[:-1]
    return up == b"1" and (not name or only in (b"", name.encode()))


def networks_in_reach():
    """The [name, key or None, dBm, hidden] that the bridge was told of; None: any network."""
    _state.seek(0)
    _state.readline()
    text = _state.read()
    if text == b"null":  # without garbage: it is asked with each poll of a Wi-Fi
        return None
    import json

    return json.loads(text)
