"""Going off line: when the program says so, and when the interpreter ends. Let go afterwards."""


def flush(client, timeout):
    """Poll until everything is acknowledged; return whether it is."""
    client._loop.until(client, timeout, lambda: not client.pending or client.status == "closed")
    _save(client)
    return not client.pending


def _save(client):
    """Bring the outbox's file up to date, where it has one."""
    store = client._outbox and client._outbox.store
    if store and not client._in_io:
        client._in_io = True
        try:
            store.push()
        finally:
            client._in_io = False


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
    _save(client)
    client.status = "closed"


def end(client):
    """What is done at exit."""
    if client.status not in ("closed", "refused") and client.pending:
        client._timeout_s = 0.5  # of each step of a connect that is due
        client.flush(1)
    _save(client)
