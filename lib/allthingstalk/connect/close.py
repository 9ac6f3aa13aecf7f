"""Going off line: when the program says so, and when the interpreter ends."""

import sys


def hook_exit(call):
    """Have a function called at exit where the interpreter can; return who was to be called."""
    if hasattr(sys, "atexit"):  # the unix port; it keeps one function
        return sys.atexit(call)
    try:
        import atexit
    except ImportError:  # a board does not end
        return None
    atexit.register(call)
    return None


def close(client):
    """Flush for a second at most, say DISCONNECT, and stay off line."""
    if client.timer and not client.watchdog:  # which cannot be disarmed, and is fed on
        client.timer.deinit()
    if client.connected:
        client.flush(1)
    client.connection.move("close")
    if client.loop:
        client.loop.down(politely=True)
        client.loop.save()
    client.guard.own(anybody=True)


def end(client):
    """Give what waits a second: what is done at exit."""
    if client.status not in ("closed", "refused") and client.pending:
        client.hurry(0.5)  # the timeout of each step of a connect that is due
        client.flush(1)
    if client.loop:
        client.loop.save()
