"""`logging` as far as mqtt_async asks for it, silent.

Its pages want a logging module installed. Without one it formats its reports itself, and one of
them, of a reconnect that failed, raises TypeError and ends its reconnecting for good.
"""


class _Silent:
    def debug(self, text, *arguments):
        """Take a report."""

    info = warning = debug


def getLogger(name):
    """Return the logger of every name."""
    return _Silent()
