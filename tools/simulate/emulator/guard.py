"""Keeps the emulator's process to this machine: whatever its code tries, only named ports open.

The second of two walls. The first is `network`, which gives the board no way but those ports;
this one holds for everything in the process, the emulator's own downloads included.
"""

import sys

LOOPBACK = "127.0.0.1"
# What could leave by another way: names looked up, datagrams, listening, programs started.
_REFUSED = frozenset(
    (
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "socket.bind",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.sendmsg",
        "socket.sendto",
        "subprocess.Popen",
    )
)


def confine(ports):
    """From now on this process may connect to `ports` of 127.0.0.1, and to nothing else.

    It cannot be undone: Python's audit hooks stay. What is refused raises PermissionError.
    """
    allowed = frozenset((LOOPBACK, port) for port in ports)

    def watch(event, arguments):
        if event == "socket.connect":
            address = arguments[1]
            if not isinstance(address, tuple) or address[:2] not in allowed:
                raise PermissionError(f"the emulator may not connect to {address}")
        elif event == "socket.getaddrinfo":
            if arguments[0] not in (LOOPBACK, LOOPBACK.encode()):
                raise PermissionError(f"the emulator may not look up {arguments[0]}")
        elif event in _REFUSED:
            raise PermissionError(f"the emulator may not do {event}")

    sys.addaudithook(watch)
