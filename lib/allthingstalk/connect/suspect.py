"""Whether an asset makes the link drop: the platform may cut it at a publish it does not want."""

from micropython import const

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
    for attached in client.attached:
        if not attached.look:
            attached.looked("again")
    session, publisher = client.loop.session, client.loop.publisher
    outbox = publisher.outbox
    if not outbox.find():
        return
    if not session.strike(outbox.topic, _STRIKES):
        return
    device_id, asset_name = publisher.topics.asset(outbox.topic)
    gone = publisher.set_aside(outbox.topic)
    client.report(
        "asset '%s' of device %s is set aside and %d of its values dropped: the link drops "
        "after each of its publishes; check that it exists"
        % (asset_name or "(several)", device_id, gone)
    )
