"""Errors in words: what the numbers of the network and of TLS mean, and what to do.

Numbers of the network differ between ports: the ESP32 has those of newlib, the Pico W and the unix
port those of Linux. Those of Wi-Fi: wifi_texts.
"""

import io
import sys

IS_ESP32 = sys.platform == "esp32"
# One line each: numbers, what it means; what to do.
_NETWORK = """
-2 -6 the name does not resolve; check the endpoint, and that the board has an address and a DNS
-202 -201 -203 DNS failed; is the Wi-Fi up, and does its router answer?
12 out of memory; connect early, use the .mpy files, one TLS connection at a time
16 busy; a connection attempt is still under way
23 24 no socket is left; a failed connection was not closed
101 the network cannot be reached; is the Wi-Fi up?
103 the connection was given up; is the Wi-Fi up?
104 the other side cut the connection; same client id on another board, or a token refused?
105 no buffer left; send less at once
107 not connected any more; the next try makes a new connection
110 no answer in time; check host and port, or a firewall drops the packets
111 refused; nothing listens on this port, check the endpoint
113 no way to the host; is the board in the right network?
115 the connection was not made in time
"""
# Ours: why `core` takes a link for dead.
_OURS = """
1001 a packet of impossible length
1002 a packet that may not come
1003 dead: a ping was not answered
1004 dead: a packet was not acknowledged
1005 dead: a packet stalled half-way
1006 dead: the network takes nothing
1007 the network is down
1008 the platform closed the connection
1009 a message that may not come
"""
_ESP32 = """
113 the connection was given up; is the Wi-Fi up?
116 no answer in time; check host and port, or a firewall drops the packets
118 no way to the host; is the Wi-Fi up?
119 the connection was not made in time
128 not connected any more; the next try makes a new connection
"""
_TLS = """
9984 the certificate cannot be verified; check the clock, and that ca= holds the right root
16 17 out of memory in TLS; connect before anything else takes the heap
29184 this port speaks no TLS; use mqtt:// or http:// if plain text is what you want
29312 the other side closed during TLS; is this a TLS port?
30592 the other side refused TLS; it wants another version or another name
32512 out of memory in TLS; connect before anything else takes the heap
26624 TLS took too long; raise timeout=
"""


def find(table, number):
    """Return what a table of these says of a number, or None."""
    for line in table.strip().split("\n"):
        words = line.split(" ")
        n = 0
        while words[n].lstrip("-").isdigit():
            if int(words[n]) == number:
                while words[n].lstrip("-").isdigit():
                    n += 1
                return " ".join(words[n:])
            n += 1
    return None


def explain(e):
    """Return what an error means and what to do, or None if nobody here knows.

    `e` is an exception, an error number of the network, or of mbedTLS (negative, beyond 0x1000;
    sources: lwIP's and newlib's errno.h, mbedtls/ssl.h, mbedtls/x509.h).
    """
    if "WRONG_VERSION_NUMBER" in str(e):  # CPython's words for what mbedTLS has a number for
        return find(_TLS, 29184)
    number = e if isinstance(e, int) else getattr(e, "errno", None)
    if not isinstance(number, int) and not isinstance(e, int):
        number = e.args[0] if e.args and isinstance(e.args[0], int) else None
        if number is None:
            # The unix port packs the number of getaddrinfo into text: [addrinfo error -2].
            number = -2 if "addrinfo error" in str(e) or "Name or service" in str(e) else None
    if number is None:
        return None
    if number < -4096:
        return find(_TLS, -number)
    found = find(_ESP32, number) if IS_ESP32 else None
    found = found or find(_NETWORK, number)
    if found or number >= 0:
        return found
    return explain(-number)  # MicroPython 1.25 has the numbers below TLS negative, such as -104


def in_words(e):
    """Return what an error says, with what it means and what to do where that is known."""
    number = e.args[0] if e.args else None
    if isinstance(number, int) and number <= -1001:
        why = find(_OURS, -number)
        if why:
            return "%s: %s" % (why, e.args[1]) if len(e.args) > 1 else why
    why = explain(e)
    return "%s (%s)" % (e, why) if why else str(e)


def told(_, text, e):
    """Return `text` with what the exception says, and its traceback as lines."""
    text = "%s: %s: %s" % (text, e.__class__.__name__, e)
    trace = io.StringIO()
    if hasattr(sys, "print_exception"):  # CPython: by the shims
        sys.print_exception(e, trace)
    return text, trace.getvalue().strip().split("\n")
