"""What is seldom called of a Client: methods, as functions, that are in memory for one call.

`client.close()` is `close(client)` here; see Client.__getattr__. What they need in turn (folders
`connect` and `rest`) comes and goes with them.
"""

def _rest(client, name, *args):
    """Call a function of the folder `rest`."""
    for _ in range(2):
        try:
            from ..rest import calls

            return getattr(calls, name)(client, *args)
        except MemoryError:
            if not client.link or client.busy:
                raise
        # REST and MQTT do not fit both, two TLS sessions least of all: MQTT makes room.
        client.busy = True
        client.down(True)
        client.lost("MQTT made room for REST")
        client.busy = False


def get_assets(client, device_id):
    """Return the assets that a device has on the platform, as a list of Asset."""
    return _rest(client, "get_assets", device_id)


def create_asset(client, device_id, asset):
    """Create an asset and return it as the platform keeps it."""
    return _rest(client, "create_asset", device_id, asset)


def update_asset(client, device_id, asset):
    """Overwrite title, description, kind and profile of an asset; return it."""
    return _rest(client, "update_asset", device_id, asset)


def delete_asset(client, device_id, asset_name):
    """Delete an asset and its history."""
    _rest(client, "delete_asset", device_id, asset_name)


def get_asset_state(client, device_id, asset_name):
    """Return the platform's AssetState of an asset, None if it was never set."""
    return _rest(client, "get_asset_state", device_id, asset_name)


def create_device(client, title=None, *, ground=None):
    """Create a device in a ground and return its id. A ground token is needed.

    Raises NotImplementedError without a ground: a device token can create no device.
    """
    return _rest(client, "create_device", ground or client.ground, title)


def flush(client, timeout=10):
    """Poll until everything is acknowledged; return whether it is. `timeout` in seconds."""
    client.until(timeout, lambda: not client.pending or client.status == "closed")
    save(client)
    return not client.pending


def save(client):
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
    """Flush for a second at most, say DISCONNECT, and stay off line until a connect().

    Called by an interrupt in the middle of the client's work it is done right after that.
    """
    client.check_thread()
    if client.busy or client.entered():
        client.after.append(client.close)
        return
    if client.timer and not client.watchdog:  # which cannot be disarmed, and is fed on
        client.timer.deinit()
        client.timer = None
    if client.state == "online":
        flush(client, 1)
    try:
        client.busy = True
        client.move("close")
        client.leave_way()
        client.down(True)
        client.busy = False
    except BaseException:
        client.cut_off()
        raise
    save(client)
    client.thread = None


def at_exit(client):
    """Give what waits a second; called where the interpreter has an exit hook."""
    try:
        if client.status not in ("closed", "refused") and client.pending:
            client.timeout = min(client.timeout, 0.5)  # of each step of a connect that is due
            flush(client, 1)
        save(client)
    except Exception as e:  # files or memory are gone; the unix port would crash
        client.report("at exit", e)
    finally:
        if client.before_exit:
            client.before_exit()


def start(client, period_ms=100, watchdog=None):
    """Poll from a machine.Timer from now on, so that a program which sleeps hears commands.

    Handlers then run between two statements of the program. `watchdog`: seconds, or True for
    8, without progress after which the board is reset; see board.watchdog. Raises
    NotImplementedError where there is no machine.Timer (call wait() there instead of
    sleeping) or machine.WDT, ValueError for a time that the board's watchdog cannot do.
    """
    from ..fronts import start

    start(client, period_ms, watchdog)


def run(client):
    """Return a coroutine that polls until close(): `await client.run()`."""
    from ..fronts import run

    return run(client)
