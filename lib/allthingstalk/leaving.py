"""Going off line: when the program says so, and when the interpreter ends. Let go afterwards."""

import sys


def close(client):
    """Flush for a second at most, say DISCONNECT, and stay off line."""
    if client._timer and not client.watchdog:  # which cannot be disarmed, and is fed on
        client._timer.deinit()
        client._timer = None
    if client.connected:
        client.flush(1)
    client._in_io = True
    try:
        if client._session:
            client._session.shut(politely=True)
    finally:
        client._in_io = False
    client._save()
    client.status = "closed"


def leave(client):
    """Where the interpreter has an exit hook, give pending values one second at exit."""

    def end():
        if client.status not in ("closed", "refused") and client.pending:
            client._timeout_s = 0.5  # of each step of a connect that is due
            client.flush(1)
        client._save()
        if before:
            before()

    before = None
    if hasattr(sys, "atexit"):  # the unix port; it keeps one function
        before = sys.atexit(end)
    elif sys.implementation.name == "cpython":
        import atexit

        atexit.register(end)
