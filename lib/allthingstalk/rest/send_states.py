"""Sends the values of the outbox over REST: for a Client with `mqtt=False`."""

from ..core.several import whole
from ..topics import asset_of
from . import http

_SENT = 1  # stands for a packet id: the record in flight


def send(client):
    """Send what the outbox holds, oldest first.

    Stops after the client's `timeout`, to go on at the next poll. Raises what the network does,
    and what refuses all values; one that is refused by itself is dropped and reported.
    """
    outbox, net = client.outbox, client.net
    until = net.ticks_add(net.ticks_ms(), int(client.timeout * 1000))
    looked = None
    while True:
        # What an interrupt assigns during the request goes into the outbox meanwhile.
        client.enter()
        waits = net.ticks_diff(until, client.tick()) >= 0 and outbox.next()
        if waits:
            topic = outbox.topic
            body = whole(outbox, client.ending())
            outbox.sent(_SENT)
        client.leave()
        if not waits:
            return
        device_id, asset_name = asset_of(client.heads[topic])
        try:
            url = http.path(device_id, asset_name) + "/state"
            http.send(client, "PUT", url, body)
        except Exception as e:
            client.enter()
            outbox.rewind()
            client.leave()
            from .status_codes import kind

            about = kind(getattr(e, "status", None))
            if about not in (b"absent", b"exists", b"value"):  # it is not about this one
                raise
            if about == b"absent" and looked != topic and _look_again(client, device_id):
                looked = topic
                continue
            client.enter()
            if outbox.find(topic):
                outbox.remove(outbox.at)
                client.dropped += 1
            client.leave()
            client.report("a value of '%s' is dropped: %s" % (asset_name or "several assets", e))
            continue
        client.enter()
        outbox.acknowledged(_SENT)
        client.leave()


def _look_again(client, device_id):
    """Create what is missing on the platform; False for a device known to be refused there."""
    for device in client.devices:
        if device.id == device_id and not client.devices[device]:
            from .assets import settle

            client.devices[device] = "again"
            settle(client, device)
            return True
    return False
