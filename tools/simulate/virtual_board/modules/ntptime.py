"""The right time is the PC's: settime() undoes what was set, if the network is up."""

import socket

import _virtual_board as _board

host = "pool.ntp.org"
timeout = 1


def settime():
    """Set the RTC, or raise OSError while the Wi-Fi is down."""
    socket.getaddrinfo("127.0.0.1", 123)
    _board.clock_offset_s = 0
    _board.report("clock", 0)
