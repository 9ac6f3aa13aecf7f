"""Connections, time-outs, time: with `dialing` the one place that knows what differs between ports.

The engines (`umqtt.simple`, `urequests`) verify no certificate, wait for ever, and write a
packet in four or five pieces. They are handed a Link in place of a socket: it is connected and
verified already, gathers what they write into one write, and gives up after its time-out.
"""

from random import getrandbits  # noqa: F401  - what is imported here is asked for elsewhere

try:
    from utime import sleep_ms, ticks_add, ticks_diff, ticks_ms  # noqa: F401
except ImportError:
    from time import sleep_ms, ticks_add, ticks_diff, ticks_ms  # noqa: F401

ETIMEDOUT = 110  # the errno of the unix, ESP32 and rp2 ports alike for what we raise ourselves


def progress():
    """Called when a step that may take long has ended; a watchdog puts itself in its place."""


class Link:
    """One connection. To an engine it is a socket; to the session, two queues that never wait.

    `write` only gathers; `push` sends. At first `read` pushes and waits for
    `timeout_s` at most; after `unblock()` `push` and `readinto` take what goes without waiting.
    """

    def __init__(self, socket, raw):
        self._sock = socket
        self._raw = raw  # below TLS: time-outs are set there, the TLS socket has none
        self._out = bytearray(256)
        # What of _out is still to be written, _out[_from:_to], and how many bytes of it the socket
        # was given and has not taken.
        self._from = self._to = self._left = 0

    def write(self, data, n=None, start=0):
        """Gather `data` (`n` bytes of it from `start` on), bytes or text, for the next push."""
        if isinstance(data, str):
            data = data.encode()
        if n is None:
            n = len(data)
        i, self._to = self._to, self._to + n
        out = self._out
        if self._to > len(out):
            out.extend(bytes(self._to - len(out)))
        if n < 16 or start and n < 65:  # a slice would be allocated, and a copy
            for k in range(n):
                out[i + k] = data[start + k]
        elif n < len(data):
            out[i : i + n] = data[start : start + n]
        else:
            out[i : i + n] = data

    def push(self):
        """Write what was gathered, in one piece if the network takes it; True when all is out."""
        while self._from < self._to:
            # mbedTLS holds on to what it could not send, and has to be given as much of it again:
            # of more it would say that it was sent.
            self._left = self._left or self._to - self._from
            n = self._sock.write(self._out, self._from, self._left)
            if not n:
                return False
            self._left = 0
            self._from += n
        self._from = self._to = 0
        if len(self._out) > 2048:
            self._out = bytearray(256)
        return True

    def readinto(self, buf):
        """Read what is there into `buf`; None if nothing is, 0 at the end of the stream."""
        return self._sock.readinto(buf)

    def read(self, n=-1):
        self.push()
        data = self._sock.read(n)
        progress()
        return data

    def unblock(self):
        """From now on nothing waits: push and readinto do what can be done at once."""
        self._raw.setblocking(False)

    def close(self):
        """Send what was gathered if the network takes it at once, and close."""
        sock, raw = self._sock, self._raw
        if raw is None:
            return
        try:
            raw.setblocking(False)
            self.push()
        except OSError:  # gone already: that is what was wanted
            pass
        self._sock = self._raw = None
        try:
            sock.close()
            raw.close()
        except OSError:
            pass

    # What an engine does to a socket of its own; this one is set up already.
    def connect(self, _):
        pass

    settimeout = setblocking = connect


def dial(endpoint, timeout_s, ca=None):
    """Connect to an endpoint such as 'mqtts://host:8883'; see dialing.dial."""
    from . import dialing

    return dialing.dial(endpoint, timeout_s, ca)
