"""A board's `network` on this PC: any Wi-Fi is joined at once; packets take the PC's network."""

from machine import say

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
_ADDRESS = ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")


class WLAN:
    """The Wi-Fi; all objects are one."""

    IF_STA, IF_AP = STA_IF, AP_IF

    _active = False
    _name = None

    def __init__(self, interface=STA_IF):
        if interface == AP_IF:
            raise OSError("a PC opens no access point; try make board")

    def active(self, on=None):
        if on is not None:
            WLAN._active = bool(on)
        return self._active

    def connect(self, ssid, key=None, **_):
        """Join a network; its name is printed, the key never."""
        WLAN._name = ssid
        say(f"wifi joins {ssid}")

    def disconnect(self):
        WLAN._name = None

    def isconnected(self):
        return self._active and self._name is not None

    def status(self, what=None):
        if what == "rssi":
            return -50
        return STAT_GOT_IP if self.isconnected() else STAT_IDLE

    def ifconfig(self, addresses=None):
        return _ADDRESS if self.isconnected() else ("0.0.0.0",) * 4

    def config(self, what=None, **settings):
        """Take any setting; read the name of the network."""
        for name, value in settings.items():
            say(f"wifi {name} = {value}")
        return self._name if what in ("ssid", "essid") else None

    def scan(self):
        return []


def hostname(name=None):
    if name is not None:
        say(f"wifi hostname = {name}")
    return name


def country(code=None):
    if code is not None:
        say(f"wifi country = {code}")
    return code
