"""The way of a value into the outbox. Part of a Client, in memory once it is needed.

A number, a bool or a short text gets there without an allocation. What an interrupt assigns in
the middle of the client's own work waits for the end of that.
"""

from io import BytesIO

from micropython import const

from .loading import function

try:
    from ujson import dump
except ImportError:
    from json import dump

_LATE_MAX = const(64)  # values that wait for the end of our own I/O
_SHORT = const(64)  # bytes of a value for which nothing is allocated, see client_setup.begin
_SERVE_S = const(5)  # a program that has not polled for so long is served by its assignments
_MOST = float("inf")
_LEAST = -_MOST  # once: a float takes memory
# Flags of a record, see outbox and outbox_file.
_OWN_TIME = const(8)
_ABSOLUTE = const(0x20)
_OTHER_TIMES = const(0x48)


def publish(client, device_id, asset_name, state):
    """Put a value or an AssetState into the outbox, and send what can be sent."""
    at = None
    if hasattr(state, "at"):  # an AssetState; its class is not loaded for those who use none
        state, at = state.value, state.at
    cls = type(state)
    if not (cls is int or cls is bool or cls is str or cls is float and _LEAST < state < _MOST):
        function("values.check_json")(state, asset_name)
    topic = number(client, device_id, asset_name)
    flags = 0 if at is None else _OWN_TIME
    if client._in_io:
        stream = BytesIO()
        _write(stream, state, at)
        put_later(client, topic, stream.getvalue(), flags)
        return
    client._in_io = True  # no timer's poll while the outbox is written
    try:
        stream, text = client._stream, client._text
        stream.seek(0)
        _write(stream, state, at)
        n = stream.tell()
        if n > _SHORT:
            text = bytearray(n)
            client._stream = scratch(client._text)  # the old one has grown
        stream.seek(0)
        stream.readinto(text)
        put_now(client, topic, text, flags, n)
    finally:
        client._in_io = False
    serve(client)


def scratch(text):
    """Return a stream that has room for `text`, so that the heap stays as it is afterwards."""
    stream = BytesIO()
    stream.write(text)
    return stream


def _write(stream, state, at):
    dump(state, stream)
    if at is not None:
        stream.write(b',"at":"%s"' % at.encode())


def number(client, device_id, asset_name):
    """Return the number under which the outbox knows an asset; `()` for several in a message."""
    numbers = client._numbers.get(device_id)
    if numbers is None:
        numbers = client._numbers[device_id] = {}
    found = numbers.get(asset_name)
    if found is None:
        topic = function("names.state_topic")(device_id, asset_name)
        client._topics.append(topic)  # first: an interrupt may add one as well
        found = numbers[asset_name] = client._topics.index(topic)
    return found


def tick(client):
    """Bring the client's clock up to date: seconds since power-on, as ticks alone wrap."""
    now = client._net.ticks_ms()
    client._ms += client._net.ticks_diff(now, client._ticked)
    client._ticked = now
    if client._ms >= 1000:
        client._second += client._ms // 1000
        client._ms %= 1000


def put_later(client, topic, text, flags):
    """Keep a value until the outbox is free."""
    if len(client._late) >= _LATE_MAX:
        client._late.pop(0)
        client.dropped += 1
    client._late.append((topic, text, flags, client._net.ticks_ms()))


def put_late(client):
    """Put what interrupts assigned in the middle of our own I/O."""
    while client._late:
        topic, text, flags, ticks = client._late.pop(0)
        ms = client._ms - client._net.ticks_diff(client._ticked, ticks)
        try:
            _put(client, topic, text, flags, client._second + ms // 1000, ms % 1000)
        except MemoryError:
            client.dropped += 1
            raise


def put_now(client, topic, text, flags, n=None):
    """Put a value, of the topic number `topic`, after those that came before it."""
    tick(client)
    put_late(client)
    _put(client, topic, text, flags, client._second, client._ms, n)


def _put(client, topic, text, flags, second, ms, n=None):
    outbox = client._outbox
    if topic in client._set_aside:
        client.dropped += 1
        return
    if topic in client._keep:
        while (i := outbox.waiting(topic, True)) >= 0:
            outbox.remove(i)
    dropped = outbox.put(topic, text, second, ms, flags, n)
    if outbox.store:
        outbox.store.put()
    if not dropped:
        client._overflowing = client._overflowing and client.pending > 1
        return
    client.dropped += 1 if dropped < 0 else dropped
    if dropped < 0:
        name = str(client._topics[topic], "utf-8")
        client._report("a value is larger than the outbox: " + name)
    elif not client._overflowing:
        client._report("the outbox is full, the oldest values go; see client.dropped")
    client._overflowing = True


def serve(client):
    """Send what was put, unless a handler put it: its poll will."""
    if not client._in_handler:
        client._loop.serve(client, client._second - client._polled_at > _SERVE_S)


def ending(client, flags, second, ms):
    """Return what ends the message of a value assigned at `second` and `ms`.

    A value that goes out as it is assigned carries no time: the platform stamps it. One that
    had to wait carries the time of its assignment, if the clock is set by now.
    """
    age_ms = (client._second - second) * 1000 + client._ms - ms
    if flags & _ABSOLUTE or age_ms >= 1000 and not flags & _OTHER_TIMES:
        at = function("timestamps.now_ms")()
        if flags & _ABSOLUTE:
            at = second * 1000 + ms
        elif at:
            at -= age_ms
        if at:
            return (',"at":"%s"}' % function("timestamps.iso")(at)).encode()
    return b"}"
