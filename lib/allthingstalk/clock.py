"""Sets the board's clock by NTP, without which no certificate can be checked.

    from allthingstalk.clock import keep, set_clock

    set_clock()     # in boot.py, once the network is up
    keep(client)    # or: from now on the client sets it before it connects

A clock that is set already, as after deep sleep, is left alone.
"""

from . import timestamps, transport

SERVERS = ("pool.ntp.org", "time.google.com", "time.cloudflare.com")
_1900_S = 2208988800  # seconds from 1900, where NTP counts from, to 1970
_ERA_S = 4294967296  # NTP's seconds begin again at 0 in 2036 (RFC 5905, section 6)
_FIRST_MS = 2000  # pause after the first failure of keep(), doubled at each further one
_MOST_MS = 60000


def set_clock(servers=SERVERS, *, timeout_s=2, tries=2, log=print, force=False):
    """Ask the servers in turn until one answers, and set the clock; return whether it is set.

    - `servers`: names, or 'name:port'.
    - `timeout_s`: seconds that each answer may take; `tries`: rounds through all servers.
    - `log(text)`: gets a line for what failed, None for silence.
    - `force`: ask even if the clock is set.

    Raises NotImplementedError where the clock is not the program's to set.
    """
    if timestamps.clock_is_set() and not force:
        return True
    from .exceptions import in_words

    why = ""
    for _ in range(tries):
        for server in servers:
            try:
                ms = ask(server, timeout_s)
            except (OSError, ValueError) as e:
                why = "%s: %s" % (server, in_words(e))
                continue
            _set(ms)
            return True
    if log:
        log("the clock is not set: no time server answered (%s)" % why)
    return False


def keep(client, servers=SERVERS, *, timeout_s=2):
    """Let the client set the clock before it connects; until it is set, values wait.

    After `wifi.keep(client)`, so that no name is asked for without a network.
    """
    below = client.link_up
    net = client._net
    pause_ms = _FIRST_MS
    due = net.ticks_ms()

    def link_up():
        nonlocal pause_ms, due
        if below and not below():
            due = net.ticks_ms()  # ticks wrap
            return False
        if not timestamps.clock_is_set():
            if net.ticks_diff(net.ticks_ms(), due) < 0:
                return False
            if not set_clock(servers, timeout_s=timeout_s, tries=1, log=client._report):
                due = net.ticks_add(net.ticks_ms(), pause_ms)
                pause_ms = min(2 * pause_ms, _MOST_MS)
                return False
        client.link_up = below
        return True

    client.link_up = link_up


def ask(server, timeout_s=2):
    """Return a server's time in milliseconds since 1970.

    Raises OSError without an answer in time, ValueError for one that is no time.
    """
    import socket

    host, _, port = server.partition(":")
    address = socket.getaddrinfo(host, int(port or 123), 0, socket.SOCK_DGRAM)[0]
    s = socket.socket(address[0], socket.SOCK_DGRAM)
    try:
        s.settimeout(timeout_s)
        # Connected, so that only this server is heard; what we send as our time comes back, which
        # tells the answer to this question from any other (RFC 5905, section 8).
        s.connect(address[-1])
        mark = bytes([transport.getrandbits(8) for _ in range(8)])
        s.send(b"\x23" + bytes(39) + mark)
        return _time(s.recv(48), mark)
    finally:
        s.close()


def _time(answer, mark):
    # Leap indicator 3 or stratum 0: the server itself has no time, or wants to be left alone.
    if len(answer) < 48 or answer[0] & 7 != 4 or answer[24:32] != mark:
        raise ValueError("the answer is no NTP")
    if answer[0] >> 6 == 3 or not 0 < answer[1] < 16 or answer[40:48] == bytes(8):
        raise ValueError("the server has no time")
    seconds = answer[40] << 24 | answer[41] << 16 | answer[42] << 8 | answer[43]
    if seconds < _1900_S:
        seconds += _ERA_S
    ms = (seconds - _1900_S) * 1000 + answer[44] * 1000 // 256
    if not timestamps.is_set(ms):  # a router whose own clock is not set
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
