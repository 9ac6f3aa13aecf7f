"""The loop of a Client: what `poll()` does, and waiting. In memory once it is needed."""

from micropython import const

from .publishing import ending, publish, put_late, tick  # noqa: F401  - publish: for clients

_IDLE_MS = const(10)  # pause between two polls of a wait


def poll(client):
    serve(client, True)
    tick(client)  # a connect may have taken its time
    client._polled_at = client._second
    if client.watchdog:
        client.watchdog.poll()
    return client.connected


def until(client, seconds, done=None):
    """Poll until `done()` or the time is over; return whether the session is up."""
    left_ms = int(seconds * 1000)
    net = client._net
    last = net.ticks_ms()
    while True:
        client.poll()
        now = net.ticks_ms()
        left_ms -= net.ticks_diff(now, last)
        last = now
        if left_ms <= 0 or done and done():
            return client.connected
        net.sleep_ms(min(_IDLE_MS, left_ms))


def serve(client, may_connect):
    """One step of the loop. Inside a handler it moves packets, but calls no handler."""
    if client._in_io:  # a timer's poll in the middle of our own
        return
    for _ in range(16):
        client._in_io = True
        try:
            _step(client, may_connect)
        finally:
            client._in_io = False
        session = client._session  # once: a timer's poll may lose it
        inbox = session and session.inbox
        if client._in_handler or not (client._events or inbox):
            return
        client._in_handler = True
        try:
            _dispatch(client)
        finally:
            client._in_handler = False


def _step(client, may_connect):
    tick(client)
    diff = client._net.ticks_diff
    try:
        put_late(client)
        if client._outbox.store:
            client._outbox.store.check()
        if client.link_up and not client.link_up():
            if client.status == "online":
                raise OSError("the network is down")
            if diff(client._ticked, client._retry_at) > 0:
                client._retry_at = client._ticked  # due when it is back, and ticks wrap
        elif client.status == "online":
            _move(client)
        elif client.status == "closed" or not (client._devices or client.pending):
            client._retry_at = client._ticked  # nothing is due, and ticks wrap
        elif may_connect and diff(client._ticked, client._retry_at) >= 0:
            client._passing("connecting.bring_up")
    except Exception as e:
        failed(client, e)


def failed(client, e):
    """Take down the session after an error and plan the next try."""
    try:
        client._passing("recovery.recover", e)
    except MemoryError:  # not even that fits
        client._short_of_memory()


def _move(client):
    session = client._session
    if not session:
        if client.pending:
            client._rest("rest_states.send")
        return
    session.receive()
    if client._devices and client._registered != client._devices[0]._registered:
        client._passing("connecting.subscribe")
    session.send(client._topics, ending, client, client._qos)
    session.check()


def _dispatch(client):
    """Tell the program's functions and the devices' handlers what came."""
    while client._events:
        event = client._events.pop(0)
        try:
            if event == "online":
                if client.on_connect:
                    client.on_connect(client)
            elif client.on_disconnect:
                client.on_disconnect(client, event)
        except Exception as e:
            client._report("on_connect or on_disconnect raised", e)
    session = client._session
    while session and (message := session.take_message()):
        again, topic, payload = message
        parts = topic.split("/")
        for device in client._devices:
            if len(parts) == 5 and parts[1] == device.id:
                device._redelivered = again
                try:
                    device.on_message(parts[4], parts[3], payload)
                except Exception as e:  # on_message of the program's own
                    client._report("on_message raised", e)
