"""What the doctor asks of the board itself: Wi-Fi, address, clock. Loaded while it is asked."""

import time

from .timestamps import clock_is_set, iso, now_ms


def join_wifi(wifi, timeout_s, said):
    """Bring the Wi-Fi up and return the network's name; ValueError says why it does not come up.

    `said` is the list that the Wi-Fi's log goes to.
    """
    if wifi.connect(timeout_s):
        return wifi.name or "connected before"
    if wifi._wlan.isconnected():  # the address is what is missing
        return wifi.name
    reasons = []
    for text in said:  # a network may have had two turns
        if text[6:] not in reasons:  # without "Wi-Fi "
            reasons.append(text[6:])
    raise ValueError("; ".join(reasons) or "%s: no answer" % wifi.name)


def address(wifi):
    """Return address, gateway and DNS server in words; ValueError if one is missing."""
    own, _, gateway, dns = wifi._wlan.ifconfig()
    if own == "0.0.0.0":
        raise ValueError("none; does the router give addresses (DHCP)? Restart it, or set address")
    if dns == "0.0.0.0":
        raise ValueError("%s, but no DNS server; look at the router, or set address" % own)
    return "%s, gateway %s, DNS %s" % (own, gateway, dns)


def clock(servers, needed):
    """Return the time, set by NTP if need be; ValueError if it is `needed` and cannot be had.

    `servers`: names of time servers, None for the usual ones.
    """
    if clock_is_set():
        return _now()
    shown = "%04d-%02d-%02d" % time.gmtime()[:3]
    if not needed:
        return shown + ": not set, which plain text can do without"
    from .clock import SERVERS, set_clock

    said = []
    try:
        if set_clock(servers or SERVERS, tries=1, log=said.append):
            return _now() + ", set just now by NTP"
    except NotImplementedError as e:
        said.append(str(e))
    raise ValueError(
        "%s: %s. No certificate can be checked: does the router let NTP (UDP 123) out? Set "
        "time_servers to one that answers" % (shown, said[0])
    )


def _now():
    return iso(now_ms() // 1000 * 1000)
