"""Going off line: when the program says so, and when the interpreter ends."""

from . import move


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


def at_exit(client):
    """Give what waits a second: what is done when the interpreter ends."""
    if client.status not in ("closed", "refused") and client.pending:
        client.timeout = min(client.timeout, 0.5)  # of each step of a connect that is due
        flush(client, 1)
    _save(client)
