"""Going off line: when the program says so, and when the interpreter ends."""

import sys

from .states import move


def flush(client, timeout):
    """Poll until everything is acknowledged; return whether it is."""
    client.until(timeout, lambda: not client.pending or client.status == "closed")
    _save(client)
    return not client.pending


def _save(client):
    """Bring the outbox's file up to date, where it has one."""
    if client.outbox and client.outbox.store and not client.entered():
        try:
            client.enter()
            client.outbox.store.push()
            client.leave()
        except BaseException:
            client.cut_off()
            raise


def close(client):
    """Flush for a second at most, say DISCONNECT, and stay off line."""
    if client.timer and not client.watchdog:  # which cannot be disarmed, and is fed on
        client.timer.deinit()
        client.timer = None
    if client.state == "online":
        flush(client, 1)
    try:
        client.busy = True
        client.down(politely=True)
        move(client, "close")
        client.busy = False
    except BaseException:
        client.cut_off()
        raise
    _save(client)
    client.thread = None


def hook_exit(client):
    """Where the interpreter has an exit hook, let what waits have one second at exit."""

    def at_exit():
        try:
            if client.status not in ("closed", "refused") and client.pending:
                client.timeout = min(client.timeout, 0.5)  # of each step of a connect that is due
                client.flush(1)
            _save(client)
        except Exception as e:  # files or memory are gone; the unix port would crash
            client.report("at exit", e)
        finally:
            if before:
                before()

    before = None
    client.hooked = True
    if hasattr(sys, "atexit"):  # the unix port; it keeps one function
        before = sys.atexit(at_exit)
        return
    try:
        import atexit
    except ImportError:  # a board does not end
        return
    atexit.register(at_exit)
