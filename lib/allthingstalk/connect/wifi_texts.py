"""What the numbers of a Wi-Fi's status mean, and what to do."""

from .error_texts import find

_WIFI = """
0 1000 idle; connect() was not called
1 2 1001 still connecting; wait
3 1010 connected
-1 203 the access point turned the board down; too many clients, or the wrong security
-2 201 210 211 212 no such network in reach; check the name, and that it is 2.4 GHz
-3 202 wrong password; if it is right, wait: it is also said when the router restarts
200 204 the access point does not answer; move nearer, or restart it
"""


def explain_wifi(status):
    """Return what a `network.WLAN().status()` of an ESP32 or a Pico W means, or None."""
    return find(_WIFI, status)
