"""Wi-Fi that reconnects: several networks, a host name, a static address, no power saving.

    from allthingstalk.board.wifi import WiFi

    wifi = WiFi([("home", "password"), ("phone", "password")])
    wifi.keep(client)    # from now on client.poll() reconnects the Wi-Fi first
    wifi.connect()       # or wait for it, with a time limit

A network that the program manages itself (Ethernet, LTE, its own Wi-Fi) is left alone: nothing
here runs unless a WiFi is created.
"""

from .. import net
from ..overlay import Overlay
from . import rp2_limits

_PAUSE_MS = 1000  # ESP32: connect() too soon after another raises "Wifi Internal Error"
# A restarting router also makes the status "wrong password" or "no such network" (mqtt_as#132):
# an attempt fails only once such a status has lasted for this long.
_DOUBT_MS = 3000


class WiFi:
    """Keeps the station interface connected.

    - `networks`: (name, password) pairs in order of preference; password None or "": an open one,
      else 8 to 63 characters of ASCII or a key of 64 hex digits.
    - `hostname` (1 to 32 characters), `country` (two letters): set before connecting; None leaves
      them unchanged.
    - `address`: (address, mask, gateway, DNS) as text, None for DHCP.
    - `try_s`: seconds that each network is tried before the next one.
    - `log(text)`: gets a line when the state changes, None for silence; never a password.

    Attribute: `up`, whether the board had an address at the last poll. Raises ValueError for an
    invalid network, host name, country or address, ImportError without a module `network`.
    """

    net = net  # source of time

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
        with Overlay("connect"):
            from ..connect.wifi_options import checked_interface, checked_networks

            self._networks = checked_networks(networks)
            country, address = checked_interface(hostname, country, address)
        import network

        if country:
            network.country(country)
        if hostname:
            network.hostname(hostname)
        self._wlan = network.WLAN(network.STA_IF)
        self._address = address
        self._try_ms = int(try_s * 1000)
        self._log = log
        self._looked = False  # whether there is a connection already
        self._at = -1  # index of the network that is tried or connected
        self._further = 1  # how far from there the next attempt is; 0 after a loss
        self._since = None  # ticks when the attempt began, None between attempts
        self._doubt = None  # ticks when the status began to say that the attempt fails
        self._pause_from = None
        self.up = False

    @property
    def name(self):
        """Name of the network that is tried or connected, None before the first attempt."""
        return self._networks[self._at][0] if self._at >= 0 else None

    def keep(self, client):
        """Make `client.poll()` poll the Wi-Fi, and connect only while the board has an address.

        Without one, a DNS look-up can hang a Pico W for good (micropython#18797).
        """
        client.link_up = self.poll

    def connect(self, timeout_s=60):
        """Poll until the board has an address, for `timeout_s` seconds at most.

        Returns whether it has one.
        """
        net = self.net
        start = net.ticks_ms()
        while not self.poll():
            if net.ticks_diff(net.ticks_ms(), start) > timeout_s * 1000:
                return False
            net.sleep_ms(50)
        return True

    def poll(self):
        """Do what is due, without waiting. Returns whether the board has an address."""
        if not self._looked:
            self._look()
        up = self._at >= 0 and self._has_address()
        if up != self.up:
            self.up = up
            self._since = self._doubt = None
            if up:
                self._disable_power_saving()
                self._say("Wi-Fi %s: connected, %s" % (self.name, self.addresses()[0]))
            else:
                self._say("Wi-Fi %s: lost" % self.name)
                self._further = 0
                self._pause_from = self.net.ticks_ms()
        if not up:
            self._go_on()
        return up

    def addresses(self):
        """Return (address, mask, gateway, DNS) as text; "0.0.0.0" for one that is missing."""
        return self._wlan.ifconfig()

    def associated(self):
        """Return whether the access point accepted the board; it may still have no address."""
        return self._wlan.isconnected()

    def _look(self):
        """Take over a network of ours that a soft reset did not end, and leave another."""
        self._looked = True
        if not (self._wlan.active() and self._wlan.isconnected()):
            return
        now = self.net.ticks_ms()
        try:
            found = self._wlan.config("ssid")
        except (OSError, ValueError):  # firmware that does not tell
            found = "?"
        names = [name for name, _ in self._networks]
        if found in names:
            self._at = names.index(found)
            self._since = now
        else:
            self._say("Wi-Fi %s: left, it is none of the networks given" % found)
            self._leave(now)

    def _has_address(self):
        wlan = self._wlan
        return wlan.active() and wlan.isconnected() and self.addresses()[0] != "0.0.0.0"

    def _go_on(self):
        net = self.net
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
        self._at = (self._at + self._further) % len(self._networks)
        self._further = 1
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
        status = self._wlan.status()
        with Overlay("connect"):
            from ..connect.wifi_texts import explain_wifi

            self._say("Wi-Fi %s: %s" % (self.name, explain_wifi(status) or "status %s" % status))
        self._leave(now)

    def _leave(self, now):
        try:
            self._wlan.disconnect()
        except OSError:  # it was not connected
            pass
        self._since = None
        self._pause_from = now

    def _disable_power_saving(self):
        if rp2_limits.WIFI_PM_OFF is not None:
            try:
                self._wlan.config(pm=rp2_limits.WIFI_PM_OFF)
            except (OSError, ValueError):  # firmware without this setting
                pass

    def _say(self, text):
        if self._log:
            self._log(text)


def _is_failure(status):
    """Return whether a WLAN status means failure: negative on rp2, 200 to 299 on ESP32."""
    return status < 0 or 200 <= status < 300
