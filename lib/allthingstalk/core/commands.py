"""Messages in: taken, handed to a handler. In memory once there is a handler."""

from micropython import const

from . import payload

_MESSAGE = const(-1009)  # an error of our own, whose words are in connect.error_texts


def take(session, head):
    """Take the current PUBLISH into the session's inbox, and acknowledge it."""
    b, i, end = session.buffer, session.body, session.end
    start = i + 2 + (b[i] << 8 | b[i + 1] if end - i > 1 else end)
    body = start + 2 if head & 6 else start
    if head & 4 or body > end:
        raise OSError(_MESSAGE, hex(head))
    n, packet_id = start - i - 2, body > start and b[start] << 8 | b[start + 1]
    data, topic = None, "a topic of %d" % n
    if n <= session.topic_max:
        topic = str(b[i + 2 : start], "utf-8")
        if end - body <= session.max_message:
            try:
                data = bytes(memoryview(b)[body:end])
            except MemoryError:
                pass
    if data is None:
        too_large(session, packet_id, end - body, topic)
        return
    acknowledge(session, packet_id)
    session.inbox.append((head & 9, topic, data))  # DUP and RETAIN
    session.inbox_bytes += n + len(data) + 64


def acknowledge(session, packet_id):
    """Say PUBACK, if it was sent at QoS 1."""
    if packet_id:
        session.put(bytes((0x40, 2, packet_id >> 8, packet_id & 255)))


def too_large(session, packet_id, size, topic):
    """Report a message; acknowledged all the same, or it would come again and again."""
    acknowledge(session, packet_id)
    session.owner.report("a message of %d bytes on %s is too large: skipped" % (size, topic))


def dispatch(client):
    """Hand the messages that wait to the devices they are for."""
    session = client.session
    while session.inbox:
        again, topic, message = session.inbox.pop(0)
        session.inbox_bytes -= len(topic) + len(message) + 64
        parts = topic.split("/")
        for device in client.devices:
            if len(parts) == 5 and parts[1] == device.id:
                device.__again__ = again
                hear = device.on_message
                call(client.report, "on_message", None, hear, parts[4], parts[3], message)
    session.inbox_bytes = 0


def deliver(device, stream, asset_name, message):
    """Hand a message to its handler; see Device.on_message.

    One that was sent before, or is retained, and has the time of the last one is passed over.
    """
    for member in device.assets:
        asset = device.assets[member]
        if asset.name == asset_name:
            break
    else:
        return
    handler = device.__handler__(stream, member)
    if not handler:
        return
    client = device.client
    report = getattr(client, "report", print)
    place = "%s of '%s'" % (stream, asset_name)
    try:
        value, at = getattr(client, "format", payload).read(message)
        if not asset.fits(value):
            from .values import convert

            value = convert(asset, value)
    except MemoryError:
        report("a %s is too large for the memory" % place)
        return
    except Exception as e:  # nested deeper than the stack, for one
        report("a %s cannot be used: %s" % (place, e))
        return
    key = "%s %s" % (stream, asset_name)
    if device.__again__ or getattr(client, "beside", None):
        from .seen import seen

        if seen(client, device, key, at):
            return
    device.__last_at__[key] = at
    after = None
    if asset.echo and stream == "command":
        from .tasks import echo

        after = echo(device, member, value)
    call(report, "the handler for the " + place, after, handler, device, value, at)


def call(report, text, after, function, *args):
    """Call a function of the program, report what it raises; one that is `async def` is begun.

    `text` names it; `after()` is called when it has returned without an error; None for nothing.
    """
    try:
        result = function(*args)
        if hasattr(result, "throw"):
            from .tasks import begin

            begin(report, text, after, result)
        elif after:
            after()
    except Exception as e:
        report(text + " raised", e)
