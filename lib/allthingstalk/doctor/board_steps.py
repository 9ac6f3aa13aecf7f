"""The doctor's steps on the board itself: Wi-Fi, clock, crashes. In memory during each only."""

import time

from ..net import ticks_diff, ticks_ms
from ..timestamps import clock_is_set, iso, now_ms


def join_wifi(wifi, timeout_s, said):
    """Bring up the Wi-Fi and return the network's name.

    - `timeout_s`: seconds for all networks together.
    - `said`: list of what is wrong with each network, which grows meanwhile.

    Raises ValueError with the reasons why no network came up.
    """
    if wifi.connect(timeout_s):
        return wifi.name
    if wifi.associated():  # what is missing is an address: the next step's matter
        return wifi.name
    raise ValueError("; ".join(said) or "%s: no answer" % wifi.name)


def address(wifi):
    """Return address, gateway and DNS server as text. Raises ValueError if one is missing."""
    own, _, gateway, dns = wifi.addresses()
    if own == "0.0.0.0":
        raise ValueError("none; does the router give addresses (DHCP)? Restart it, or set address")
    if dns == "0.0.0.0":
        raise ValueError("%s, but no DNS server; look at the router, or set address" % own)
    return "%s, gateway %s, DNS %s" % (own, gateway, dns)


def clock(servers, needed):
    """Return the board's time as text, after putting it right by NTP.

    - `servers`: names of time servers, None for the default ones.
    - `needed`: whether TLS is used, which cannot do without. If not, only named servers are asked.

    Raises ValueError if the clock is needed and cannot be set.
    """
    before_ms, started = now_ms(), ticks_ms()
    shown = "%04d-%02d-%02d" % time.gmtime()[:3]
    said = []
    if needed or servers:
        from ..board.clock import set_clock

        try:
            set_clock(servers, tries=1, log=said.append)
        except NotImplementedError as e:
            said.append(str(e))
    if clock_is_set():
        if before_ms is None:
            return _now() + ", set just now by NTP"
        off_s = (before_ms + ticks_diff(ticks_ms(), started) - now_ms()) // 1000
        if abs(off_s) < 2:
            return ": ".join([_now()] + said)
        way = "fast" if off_s > 0 else "slow"
        return _now() + ", put right just now by NTP: it was %d s %s" % (abs(off_s), way)
    if not needed:
        return shown + ": not set, which plain text does not need"
    raise ValueError(
        "%s: %s. No certificate can be checked: does the router let NTP (UDP 123) out? Set "
        "time_servers to one that answers" % (shown, said[0])
    )


def program():
    """Return how often the program crashed, as text. Raises ValueError in safe mode."""
    from ..board.safe_mode import MOST, crashes

    number = crashes()
    text = "%d crashes in a row" % number if number else "no crash in run() is counted"
    if number < MOST:
        return text
    raise ValueError(text + ": safe mode, it is not run until make deploy brings a mended one")


def _now():
    return iso(now_ms() // 1000 * 1000)
