"""The board's own access point: its name, its password, on and off."""

import os

from ..board import rp2_limits

PASSWORD = "/setup_password"
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32, without those that look alike


def new_password():
    """Return ten random letters and digits, 50 bits."""
    return "".join([_LETTERS[b & 31] for b in os.urandom(10)])


def kept_password():
    """Return the password in the file, after making it where there is none."""
    try:
        with open(PASSWORD) as f:
            found = f.read().strip()
        checked(found)
        return found
    except (OSError, ValueError):  # an empty file, too: half of one that was being written
        found = new_password()
    try:
        with open(PASSWORD, "w") as f:
            f.write(found)
    except OSError as e:
        print("allthingstalk: the set-up password is not kept:", e)
    return found


def checked(password):
    """Raise ValueError for a password that WPA2 cannot have."""
    raw = password.encode()
    if not 8 <= len(raw) <= 63 or min(raw) < 32 or max(raw) > 126:
        raise ValueError('password is 8 to 63 characters of ASCII, or "" for an open access point')


def name():
    """Return the access point's name, which ends with the last digits of the chip's number."""
    import machine

    return "AllThingsTalk-%02x%02x" % tuple(machine.unique_id()[-2:])


def interface():
    """Return the WLAN of the access point. Raises OSError where there is none."""
    import network

    return network.WLAN(network.AP_IF)


def switch_on(ap, essid, password):
    """Switch the access point on; `password` "" for an open one. Raises OSError."""
    import network

    ap.active(False)  # a soft reset does not end one: it would keep its old name
    options = {"essid": essid}
    if password:
        options["password"] = password
        if hasattr(network, "AUTH_WPA2_PSK"):  # an rp2 takes WPA2 by itself
            options["security"] = network.AUTH_WPA2_PSK
    else:
        options["security"] = 0
    try:
        # An rp2 needs to know before it is switched on, an ESP32 may need to be on.
        ap.config(**options)
        ap.active(True)
    except OSError:
        ap.active(True)
        ap.config(**options)
    if rp2_limits.WIFI_PM_OFF is not None:
        ap.config(pm=rp2_limits.WIFI_PM_OFF)


def scan():
    """Return (name, dBm, is open) of the networks in reach, each once, the strongest first."""
    import network

    station = network.WLAN(network.STA_IF)
    strongest = {}
    try:
        station.active(True)
        for found in station.scan():
            try:
                essid = str(found[0], "utf-8")
            except ValueError:  # settings.json is text
                continue
            hidden = not essid or min(found[0]) < 32 or 127 in found[0]
            if not hidden and found[3] > strongest.get(essid, (-999, 0))[0]:
                strongest[essid] = (found[3], found[4] == 0)
    except OSError as e:
        print("allthingstalk: no list of Wi-Fi networks:", e)
    return sorted([(n,) + strongest[n] for n in strongest], key=lambda n: -n[1])
