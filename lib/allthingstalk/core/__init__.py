"""The heart: no socket, no file, no clock of its own. Bytes and `now` in, bytes and events out.

Once loaded it stays in memory; nothing here imports `connect`, `rest` or `clients`.
"""

from micropython import const

TOPIC_MAX = const(512)  # bytes


class ProtocolError(OSError):
    """The peer broke the protocol (MQTT 3.1.1): the link is dead."""


def install(cls):
    """Give a class, that of Clients, the methods of its heart.

    When they are needed, and not before: REST at the first connect has the memory to itself.
    """
    from . import poll, publisher, reentry

    parts = (reentry.Reentry, publisher.Publisher, poll.Loop)
    # The classes have done their work: their functions are enough.
    del reentry.Reentry, publisher.Publisher, poll.Loop
    for part in parts:
        for name in part.__dict__:
            if name[:2] != "__":
                setattr(cls, name, part.__dict__[name])
