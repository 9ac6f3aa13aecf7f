"""Sends the values of the outbox over REST: for a Client with `mqtt=False`."""

from ..core import payload
from .http import path, request

_SENT = 1  # stands for a packet id: the record that is on its way


def send(client):
    """Send what the outbox holds, oldest first.

    Stops after the client's `timeout`, to go on at the next poll. Raises what the network does,
    and what refuses all values; one that is refused by itself is dropped and reported.
    """
    publisher, guard, net = client.load().publisher, client.guard, client.net
    outbox = publisher.outbox
    until = net.ticks_add(net.ticks_ms(), int(client.timeout * 1000))
    looked = None
    while net.ticks_diff(until, net.ticks_ms()) >= 0:
        # What an interrupt assigns during the request goes into the outbox meanwhile.
        guard.enter()
        publisher.tick()
        waits = outbox.next()
        if waits:
            topic = outbox.topic
            body = payload.whole(outbox, publisher.ending())
            outbox.sent(_SENT)
        guard.leave()
        if not waits:
            return
        device_id, asset_name = publisher.topics.asset(topic)
        try:
            # The answer's body is never parsed.
            request(client, "PUT", path(device_id, asset_name) + "/state", body, stream=True).close()
        except Exception as e:
            guard.enter()
            outbox.rewind()
            guard.leave()
            status = getattr(e, "status", None) or 0
            # The token, or the way there, concern all values; the others this one.
            if status in (401, 403, 407) or getattr(e, "passing", True):
                raise
            if status == 404 and looked != topic and _look_again(client, device_id):
                looked = topic
                continue
            guard.enter()
            if outbox.find(topic):
                publisher.drop()
            guard.leave()
            client.report("a value of '%s' is dropped: %s" % (asset_name or "several assets", e))
            continue
        guard.enter()
        outbox.acknowledged(_SENT)
        guard.leave()


def _look_again(client, device_id):
    """Create what is missing on the platform; False for a device known to be refused there."""
    for attached in client.attached:
        if attached.device.id == device_id and not attached.look:
            from .sync_assets import settle

            attached.looked("again")
            settle(client, attached.device, attached)
            return True
    return False
