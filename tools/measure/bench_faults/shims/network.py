"""`network` as far as mqtt_async asks for it: a Wi-Fi that is always in reach.

mqtt_async leaves the Wi-Fi and joins it again where a broker does not answer.
"""

STA_IF = 0
STAT_CONNECTING = 1


class WLAN:
    def __init__(self, interface):
        self._joined = True

    def active(self, up):
        """Switch the radio; it is on."""

    def isconnected(self):
        """Return whether the Wi-Fi is joined."""
        return self._joined

    def status(self):
        """Return 3, as the Pico W does when it has an address; joining takes no time here."""
        return 3

    def connect(self, ssid, password):
        """Join."""
        self._joined = True

    def disconnect(self):
        """Leave."""
        self._joined = False
