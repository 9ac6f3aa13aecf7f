"""The core: no socket, no file, no clock of its own. Bytes and `now` in, bytes and events out.

Once loaded it stays in memory; nothing here imports `connect`, `rest` or `clients`.
"""

from micropython import const

TOPIC_MAX = const(512)  # bytes


class ProtocolError(OSError):
    """The peer broke the protocol (MQTT 3.1.1): the link is dead."""
