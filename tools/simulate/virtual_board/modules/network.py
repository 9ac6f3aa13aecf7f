"""Two Wi-Fi interfaces: a station whose access point can go away and come back, and one of its own.

Any network name (or one, where the bridge was told which) and any key are accepted; where it was
told of networks, only those, with their keys. The link comes up 100 ms after connect(), and again
by itself after the access point has been away, as on an ESP32. It outlasts a soft reset, on which
neither port ends the Wi-Fi. The numbers are those of the esp32 port with --like esp32, else those
of the rp2 port (stubs micropython-esp32-stubs and micropython-rp2-rpi-pico-w-stubs).

The board's own access point is this PC's loopback: whoever connects to `portal_address` is in it.
"""

from binascii import hexlify as _hexlify
from binascii import unhexlify as _unhexlify

import _virtual_board as _board
import utime as _time

STA_IF = 0
AP_IF = 1
if _board.LIKE == "esp32":
    STAT_IDLE = 1000
    STAT_CONNECTING = 1001
    STAT_GOT_IP = 1010
    STAT_BEACON_TIMEOUT = 200
    STAT_NO_AP_FOUND = 201
    STAT_WRONG_PASSWORD = 202
    STAT_CONNECT_FAIL = STAT_ASSOC_FAIL = 203
    STAT_HANDSHAKE_TIMEOUT = 204
    _PM = (0, 1, 2)
else:
    STAT_IDLE = 0
    STAT_CONNECTING = 1
    STAT_GOT_IP = 3
    STAT_CONNECT_FAIL = -1
    STAT_NO_AP_FOUND = -2
    STAT_WRONG_PASSWORD = -3
    _PM = (16, 10555714, 17)

_LINK_UP_MS = 100
_NO_NETWORK_MS = 1000
_NO_ADDRESS = ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")
_ADDRESS = ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")
AP_ADDRESS = "127.0.0.1"
_KEY_LATE_MS = 500

_hostname = "virtual-board"
_country = "XX"
_interfaces = {}


class WLAN:
    """One of the two Wi-Fi interfaces; the same object for every call with the same number."""

    IF_STA = STA_IF
    IF_AP = AP_IF
    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = _PM

    def __new__(cls, interface=STA_IF):
        if interface not in (STA_IF, AP_IF):
            raise ValueError("unknown Wi-Fi interface")
        if interface not in _interfaces:
            self = super().__new__(cls)
            self._interface = interface
            self._active = False
            self._joined = False
            self._wrong_key = False
            self._since_ms = 0
            self._was_up = True
            name = "" if interface == STA_IF else "virtual-board"
            self._settings = {"ssid": name, "pm": cls.PM_PERFORMANCE, "channel": 1, "txpower": 20}
            _interfaces[interface] = self
            if interface == STA_IF and _board.JOINED:
                self._settings["ssid"] = _unhexlify(_board.JOINED).decode()
                self._active = self._joined = True
                self._since_ms = _time.ticks_add(_time.ticks_ms(), -_LINK_UP_MS)
        return _interfaces[interface]

    def __init__(self, interface=STA_IF):
        pass

    def active(self, on=None):
        if on is None:
            return self._active
        if self._active and not on:
            self.disconnect()
        if self._interface == AP_IF and bool(on) != self._active:
            _board.report(
                "own-access-point",
                _hexlify(self._settings["ssid"].encode() if on else b"").decode(),
            )
        self._active = bool(on)
        return self._active

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not self._active:
            raise OSError("WiFi Not Started")
        if ssid is not None:
            self._settings["ssid"] = ssid if isinstance(ssid, str) else ssid.decode()
        known = _board.networks_in_reach()
        if known is not None:
            keys = {network[0]: network[1] for network in known}
            self._wrong_key = keys.get(self._settings["ssid"], key) != key
        self._joined = True
        self._since_ms = _time.ticks_ms()
        _board.report("join", _hexlify(self._settings["ssid"].encode()).decode())

    def disconnect(self):
        if self._joined:
            self._joined = False
            _board.report("offline")

    def _age_ms(self):
        """How long the link has been wanted with the access point in the present state."""
        up = self._in_reach()
        if up != self._was_up:
            self._since_ms = _time.ticks_ms()
        self._was_up = up
        return _time.ticks_diff(_time.ticks_ms(), self._since_ms)

    def _in_reach(self):
        name = self._settings["ssid"]
        known = _board.networks_in_reach()
        if known is not None and name not in [network[0] for network in known]:
            return False
        return _board.access_point_is_up(name)

    def isconnected(self):
        if self._interface == AP_IF:
            return False
        if self._wrong_key:
            return False
        return self._joined and self._age_ms() >= _LINK_UP_MS and self._in_reach()

    def status(self, what=None):
        if what == "rssi":
            return -50
        if what is not None:
            raise ValueError("unknown status param")
        if not self._joined:
            return STAT_IDLE
        if self.isconnected():
            return STAT_GOT_IP
        if not self._in_reach() and self._age_ms() > _NO_NETWORK_MS:
            return STAT_NO_AP_FOUND
        if self._wrong_key and self._age_ms() > _KEY_LATE_MS:
            return STAT_WRONG_PASSWORD
        return STAT_CONNECTING

    def scan(self):
        if not self._active:
            raise OSError("WiFi Not Started")
        if not _board.access_point_is_up():
            return []
        known = _board.networks_in_reach()
        if known is not None:
            return [
                (
                    b"" if hidden else name.encode(),
                    b"\x02\x00\x00\x00\x00\x01",
                    1,
                    dbm,
                    3 if key else 0,
                    hidden,
                )
                for name, key, dbm, hidden in known
            ]
        name = self._settings["ssid"] or "virtual-network"
        return [(name.encode(), b"\x02\x00\x00\x00\x00\x01", 1, -50, 3, False)]

    def config(self, what=None, **settings):
        for name, value in settings.items():
            if name == "hostname":
                hostname(value)
            else:
                self._settings[{"essid": "ssid", "password": "key"}.get(name, name)] = value
        if what in ("mac", "hostname"):
            return hostname() if what == "hostname" else b"\x02\x00" + _mac_tail()
        if what == "essid":
            what = "ssid"
        if what is None:
            return None
        if what not in self._settings:
            raise ValueError("unknown config param")
        return self._settings[what]

    def ifconfig(self, addresses=None):
        if addresses is None and self._interface == AP_IF:
            return (AP_ADDRESS, "255.255.255.0", AP_ADDRESS, AP_ADDRESS)
        if addresses is None:
            return _ADDRESS if self.isconnected() else _NO_ADDRESS
        return None

    def ipconfig(self, what=None, **settings):
        addresses = self.ifconfig()
        if what == "addr4":
            return addresses[:2]
        if what == "gw4":
            return addresses[2]
        if what == "has_dhcp4":
            return self.isconnected()
        if what is not None:
            raise ValueError("unknown config param")
        return None


def _mac_tail():
    return _unhexlify(_board.UNIQUE_ID[:8])


def reachable():
    """Whether sockets work: the access point is there, and a Wi-Fi that is in use is connected.

    A program that never touches WLAN counts as wired, so that a small script needs no Wi-Fi.
    """
    if not _board.access_point_is_up():
        return False
    station = _interfaces.get(STA_IF)
    return station is None or station.isconnected()


def has_access_point():
    """Whether the board's own access point is on."""
    own = _interfaces.get(AP_IF)
    return own is not None and own.active()


def hostname(name=None):
    """Read or set the name that the board gives itself on the network."""
    global _hostname
    if name is not None:
        _hostname = name
    return _hostname


def country(code=None):
    """Read or set the two-letter code of the country."""
    global _country
    if code is not None:
        if len(code) != 2:
            raise ValueError("country must be two letters")
        _country = code
    return _country


def ipconfig(what=None, **settings):
    """Read or set what holds for all interfaces; names are resolved by the PC."""
    if what == "dns":
        return "127.0.0.1"
    if what == "prefer":
        return 4
    if what is not None:
        raise ValueError("unknown config param")
    return None
