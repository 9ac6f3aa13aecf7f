"""Sets the board's clock by NTP: with an unset clock no certificate can be verified.

    from allthingstalk.board.clock import keep, set_clock

    set_clock()     # in boot.py, once the network is up
    keep(client)    # or: from now on the client sets it before it connects

A clock that is set already, as after deep sleep, is left alone.
"""

from .. import timestamps
from ..net import getrandbits
from ..overlay import Overlay

SERVERS = ("pool.ntp.org", "time.google.com", "time.cloudflare.com")
_1900_S = 2208988800  # from 1900, the epoch of NTP, to 1970
_ERA_S = 4294967296  # NTP's seconds wrap around in 2036 (RFC 5905, section 6)
_FIRST_MS = 2000  # back-off after the first failure of keep(), doubled at each further one
_MOST_MS = 60000


def set_clock(servers=SERVERS, *, timeout_s=2, tries=2, log=print, force=False):
    """Set the clock from the first server that answers. Returns whether the clock is set.

    - `servers`: names, or 'name:port'.
    - `timeout_s`: seconds to wait for each answer; `tries`: rounds through all servers.
    - `log(text)`: gets a line if all fail, None for silence.
    - `force`: ask even if the clock is set.

    Raises NotImplementedError where there is no machine.RTC.
    """
    if timestamps.clock_is_set() and not force:
        return True
    why = ""
    for _ in range(tries):
        for server in servers:
            try:
                ms = ask(server, timeout_s)
            except (OSError, ValueError) as e:
                with Overlay("connect"):
                    from ..connect.error_texts import in_words

                    why = "%s: %s" % (server, in_words(e))
                continue
            _set(ms)
            return True
    if log:
        log("the clock is not set: no time server answered (%s)" % why)
    return False


def keep(client, servers=SERVERS, *, timeout_s=2):
    """Make the client set the clock before it connects; until it is set, values wait.

    - `client`: a Client. Call `wifi.keep(client)` first: no name is looked up without a network.
    - `servers`, `timeout_s`: as for `set_clock()`. Failures back off from 2 s to 60 s.
    """
    below = client.link_up
    net = client.net
    pause_ms = _FIRST_MS
    due = net.ticks_ms()

    def link_up():
        nonlocal pause_ms, due
        if below and not below():
            due = net.ticks_ms()  # stays current, for ticks wrap around
            return False
        if not timestamps.clock_is_set():
            if net.ticks_diff(net.ticks_ms(), due) < 0:
                return False
            if not set_clock(servers, timeout_s=timeout_s, tries=1, log=client.report):
                due = net.ticks_add(net.ticks_ms(), pause_ms)
                pause_ms = min(2 * pause_ms, _MOST_MS)
                return False
        client.link_up = below
        return True

    client.link_up = link_up


def ask(server, timeout_s=2):
    """Return the time of an NTP server in milliseconds since 1970.

    - `server`: name, or 'name:port'; `timeout_s`: seconds to wait for the answer.

    Raises OSError without an answer in time, ValueError for an invalid one.
    """
    import socket

    host, _, port = server.partition(":")
    address = socket.getaddrinfo(host, int(port or 123), 0, socket.SOCK_DGRAM)[0]
    s = socket.socket(address[0], socket.SOCK_DGRAM)
    try:
        s.settimeout(timeout_s)
        # Connected: datagrams from other hosts are dropped. The transmit timestamp is random: the
        # server echoes it, so a forged or late answer is noticed (RFC 5905, section 8).
        s.connect(address[-1])
        mark = bytes([getrandbits(8) for _ in range(8)])
        s.send(b"\x23" + bytes(39) + mark)
        return _time(s.recv(48), mark)
    finally:
        s.close()


def _time(answer, mark):
    # Leap indicator 3: the server is not synchronized; stratum 0: it asks not to be used.
    if len(answer) < 48 or answer[0] & 7 != 4 or answer[24:32] != mark:
        raise ValueError("the answer is not NTP")
    if answer[0] >> 6 == 3 or not 0 < answer[1] < 16 or answer[40:48] == bytes(8):
        raise ValueError("the server has no time")
    seconds = answer[40] << 24 | answer[41] << 16 | answer[42] << 8 | answer[43]
    if seconds < _1900_S:
        seconds += _ERA_S
    ms = (seconds - _1900_S) * 1000 + answer[44] * 1000 // 256
    if not timestamps.is_set(ms):  # a router with an unset clock
        raise ValueError("the server says it is before 2024")
    return ms


def _set(ms):
    try:
        from machine import RTC
    except ImportError:
        raise NotImplementedError("no machine.RTC here: the clock is the operating system's")
    text = timestamps.iso(ms)
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    weekday = (ms // 86400000 + 3) % 7  # 1970 began on a Thursday; Monday is 0
    hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
    RTC().datetime((year, month, day, weekday, hour, minute, second, 0))
