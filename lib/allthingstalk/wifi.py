"""Wi-Fi that stays up: several networks, a host name, a static address, power saving off.

    wifi = WiFi([("home", "password"), ("phone", "password")])
    wifi.keep(client)    # from now on client.poll() looks after the Wi-Fi first
    wifi.connect()       # or by hand, with a time limit

A network that the program manages itself (Ethernet, LTE, its own Wi-Fi) is left alone: nothing
here runs unless a WiFi is made.
"""

from . import transport

_PAUSE_MS = 1000  # the ESP32 says "Wifi Internal Error" if connect() follows too soon on another
# A wrong password and a missing network are also said while a router restarts (mqtt_as#132), so
# one answer like that ends the try only when it stays for so long.
_DOUBT_MS = 3000
# Pico W: goes deaf after idling unless power saving is off (micropython#9455).
_RP2_NO_POWER_SAVING = 0xA11140


class WiFi:
    """Keeps the station interface connected.

    - `networks`: (name, password) pairs in order of preference; password None for an open one.
    - `hostname`, `country` (two letters): set before connecting; None leaves them.
    - `address`: (address, mask, gateway, DNS) as text, None for DHCP.
    - `try_s`: seconds that each network is given before the next one has its turn.
    - `log(text)`: gets a line when the state changes, None for silence; never a password.
    """

    _net = transport  # where time comes from

    def __init__(
        self,
        networks,
        *,
        hostname=None,
        country=None,
        address=None,
        try_s=15,
        log=print,
    ):
        self._networks = [_checked(pair) for pair in networks]
        if not self._networks:
            raise ValueError("networks is empty: give [('name', 'password')]")
        import network

        if country:
            network.country(country)
        if hostname:
            network.hostname(hostname)
        self._wlan = network.WLAN(network.STA_IF)
        self._address = address
        self._try_ms = int(try_s * 1000)
        self._log = log
        self._at = -1  # which network is being tried
        self._since = None  # ticks of the start of the try, None between tries
        self._doubt = None  # ticks since when the status says that it fails
        self._pause_from = None
        self.up = False

    @property
    def name(self):
        """The name of the network that is tried or connected, None before the first try."""
        return self._networks[self._at][0] if self._at >= 0 else None

    def keep(self, client):
        """Let `client.poll()` look after the Wi-Fi: without an address no name is asked for.

        A DNS call without one can hang a Pico W for good (micropython#18797).
        """
        client.link_up = self.poll

    def connect(self, timeout_s=60):
        """Poll until the board has an address, `timeout_s` at most; return whether it has."""
        net = self._net
        start = net.ticks_ms()
        while not self.poll():
            if net.ticks_diff(net.ticks_ms(), start) > timeout_s * 1000:
                return False
            net.sleep_ms(50)
        return True

    def poll(self):
        """Do what is due, without waiting; return whether the board has an address."""
        up = self._has_address()
        if up != self.up:
            self.up = up
            self._since = self._doubt = None
            if up:
                self._save_no_power()
                self._say("Wi-Fi %s: connected, %s" % (self.name, self._wlan.ifconfig()[0]))
            else:
                self._say("Wi-Fi %s: lost" % self.name)
                self._at -= 1  # the same network first
                self._pause_from = self._net.ticks_ms()
        if not up:
            self._go_on()
        return up

    def _has_address(self):
        wlan = self._wlan
        return wlan.active() and wlan.isconnected() and wlan.ifconfig()[0] != "0.0.0.0"

    def _go_on(self):
        net = self._net
        now = net.ticks_ms()
        if self._since is None:
            if self._pause_from is None or net.ticks_diff(now, self._pause_from) >= _PAUSE_MS:
                self._begin(now)
            return
        failing = _is_failure(self._wlan.status())
        if not failing:
            self._doubt = None
        elif self._doubt is None:
            self._doubt = now
        long_enough = failing and net.ticks_diff(now, self._doubt) >= _DOUBT_MS
        if long_enough or net.ticks_diff(now, self._since) >= self._try_ms:
            self._give_up(now)

    def _begin(self, now):
        self._at = (self._at + 1) % len(self._networks)
        self._since = now
        self._doubt = None
        wlan = self._wlan
        try:
            wlan.active(True)
            if self._address:
                wlan.ifconfig(self._address)
            wlan.connect(*self._networks[self._at])
        except OSError as e:
            self._say("Wi-Fi %s: %s" % (self.name, e))
            self._give_up(now)

    def _give_up(self, now):
        from .explain import explain_wifi

        status = self._wlan.status()
        self._say("Wi-Fi %s: %s" % (self.name, explain_wifi(status) or "status %s" % status))
        try:
            self._wlan.disconnect()
        except OSError:  # it was not connected
            pass
        self._since = None
        self._pause_from = now

    def _save_no_power(self):
        import sys

        try:
            if sys.platform == "rp2":
                self._wlan.config(pm=_RP2_NO_POWER_SAVING)
        except (OSError, ValueError):  # firmware that has no such setting
            pass

    def _say(self, text):
        if self._log:
            self._log(text)


def _is_failure(status):
    """Return whether a status says that connecting failed: rp2 < 0, ESP32 200 to 299."""
    return status < 0 or 200 <= status < 300


def _checked(pair):
    if isinstance(pair, (tuple, list)) and len(pair) == 2:
        name, password = pair
        if isinstance(name, str) and 0 < len(name.encode()) <= 32:
            if password is None or (isinstance(password, str) and 8 <= len(password) <= 64):
                return name, password
    raise ValueError(
        "a network is (name, password): a name of 1 to 32 bytes, a password of 8 to 64 characters "
        "or None"
    )
