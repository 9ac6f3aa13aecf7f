"""Whether an asset makes the link drop: the platform may cut it at a publish it does not want."""

from micropython import const

from ..topics import asset_of

_BLAME_MS = const(2000)  # a drop so soon after a publish may be that publish's fault
_STRIKES = const(3)


def blame(client, since_ms):
    """After a drop `since_ms` after the last publish: look at the assets again, note a suspect.

    The third time in a row, with others acknowledged in between, the asset is set aside and its
    values are dropped. Links drop: one that others had no chance to be acknowledged besides is
    not condemned.
    """
    if not 0 <= since_ms <= _BLAME_MS:
        return
    for device in client.devices:
        if not client.devices[device]:
            client.devices[device] = "again"
    session, outbox, losses = client.session, client.outbox, client.losses
    if not outbox.find():
        return
    topic = outbox.topic
    if topic != session.suspect:
        session.suspect = topic
        losses["strikes"] = 1
    elif session.others:
        losses["strikes"] += 1
    session.others = False
    if losses["strikes"] < _STRIKES:
        return
    session.suspect = -1
    client.set_aside += (topic,)
    gone = 0
    while outbox.find(topic):
        outbox.remove(outbox.at)
        gone += 1
    client.dropped += gone
    device_id, asset_name = asset_of(client.heads[topic])
    client.report(
        "asset '%s' of device %s is set aside and %d of its values dropped: the link drops "
        "after each of its publishes; check that it exists, and what the token may do"
        % (asset_name or "(several)", device_id, gone)
    )
