"""Recovery from a failure: whose fault it is, what it means, and when the next try comes.

Passing failures back off from 0.5 s to a minute, refused ones from a minute to 15. Five sessions
in a row that ended within 5 seconds and acknowledged nothing count as refused.
"""

from micropython import const

from . import move
from .error_texts import in_words

_FIRST_MS = const(500)
_MOST_MS = const(60000)
_REFUSED_FIRST_MS = const(60000)
_REFUSED_MOST_MS = const(900000)
_SHORT_MS = const(5000)  # a session that ends sooner is a short one
_SHORT_IN_A_ROW = const(5)
_BLAME_MS = const(2000)  # a drop so soon after a publish may be that publish's fault
_STRIKES = const(3)


def meaning(client, e):
    """Return in words what an exception means, None for a fault of this library."""
    if hasattr(e, "passing"):  # of allthingstalk.exceptions, which is not loaded for this
        return str(e)
    endpoint = client.mqtt or client.http
    if isinstance(e, OSError):
        return "%s: %s" % (endpoint, in_words(e))
    if isinstance(e, MemoryError):
        return "%s: too little memory (%s): use the library's .mpy files, or free some" % (
            endpoint,
            e,
        )
    # What engines raise for an answer that is no MQTT or HTTP, besides OSError: they check the
    # protocol by index and with assert.
    of_engines = isinstance(e, (AssertionError, IndexError, UnicodeError))
    if of_engines or e.__class__.__name__ == "MQTTException":
        return "%s: the answer is no MQTT (%s %s)" % (endpoint, e.__class__.__name__, e)
    return None


def refuses(e):
    """Return whether waiting does not mend what an exception tells."""
    return isinstance(e, NotImplementedError) or not getattr(e, "passing", True)


def refused(client, device, e, online):
    """Raise what waiting does not mend, and forget the device."""
    if refuses(e):
        del client.devices[device]
        if not online:
            move(client, "refused")
        raise e


def recover(client, e):
    """Take down the session after the exception `e` and set when the next try is due."""
    if isinstance(e, MemoryError):
        for device in client.devices:
            if client.devices[device] == "again":  # its assets were as declared: do without a look
                client.devices[device] = None
    text, fault = meaning(client, e), None
    if text is None:
        text, fault = "a fault of this library, please report it", e
    passing, after_s = getattr(e, "passing", True), getattr(e, "retry_after_s", None)
    net, was_online, lasted_ms = client.net, client.state == "online", -1
    if not client.session:
        client.load()
    client.enter()
    now = client.tick()
    client.leave()
    now_ms = client.age_ms(0, 0)
    losses = client.losses = client.losses or fresh(now_ms)
    if was_online:
        session = client.session
        if client.link:
            if session.published_at is not None:
                blame(client, now)
            # Until it was last seen alive: a program may poll each ten seconds.
            lasted_ms = net.ticks_diff(session.seen_at, session.opened_at)
        short = session_lost(losses, now_ms, lasted_ms, session.proven)
        if short:
            passing = False
            text = (
                "%d sessions in a row ended within seconds (%s): the token may be revoked or not "
                "be for this device, or another board uses the same client id" % (short, text)
            )
    move(client, "lost" if passing else "refused", text.replace(client.token, "***"))
    client.down()
    ms = 0
    if not (was_online and passing and not after_s and at_once(losses)):
        ms = pause_ms(losses, net.getrandbits, now_ms, passing, after_s)
    client.retry_at = net.ticks_add(now, ms)
    client.report("%s; next try in %d.%d s" % (text, ms // 1000, ms // 100 % 10), fault)


# -- whether an asset makes the link drop: the platform may cut it at a publish it does not want ---


def blame(client, now):
    """After a drop soon after the last publish: look at the assets again, note a suspect.

    The third time in a row, with others acknowledged in between, the asset is set aside and its
    values are dropped. Links drop: one that others had no chance to be acknowledged besides is
    not condemned.
    """
    session, outbox, losses = client.session, client.outbox, client.losses
    if not 0 <= client.net.ticks_diff(now, session.published_at) <= _BLAME_MS:
        return
    for device in client.devices:
        if not client.devices[device]:
            client.devices[device] = "again"
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
    from ..topics import asset_of

    device_id, asset_name = asset_of(client.heads[topic])
    client.report(
        "asset '%s' of device %s is set aside and %d of its values dropped: the link drops "
        "after each of its publishes; check that it exists, and what the token may do"
        % (asset_name or "several assets", device_id, gone)
    )


# -- every pause between two tries: how long, with how much jitter, and when a try comes at once ---


def fresh(now_ms):
    """Return what a client remembers of its losses: `losses`, a dict."""
    return {
        "tries": 0,  # that failed since the last session
        "refusals": 0,  # of them
        "short": 0,  # sessions in a row that were short and acknowledged nothing
        "brief": 0,  # sessions in a row that were good, but up for less than half a second
        "lost_at_ms": now_ms,  # since the client was made
        "strikes": 0,  # drops in a row after a publish of the suspect, see blame()
    }


def pause_ms(losses, getrandbits, now_ms, passing, retry_after_s):
    """Return how long to wait after a failed try, and count it.

    `retry_after_s` is what the platform asked for, or None.
    """
    if not passing:
        ms = min(_REFUSED_FIRST_MS << min(losses["refusals"], 5), _REFUSED_MOST_MS)
        losses["refusals"] += 1
        return ms
    ms = min(_FIRST_MS << min(losses["tries"], 10), _MOST_MS)
    losses["tries"] += 1
    # Up to half either way, so that a fleet does not come back as one; but never so long that the
    # way back takes more than half the outage and half a second.
    high = min(ms + ms // 2, (now_ms - losses["lost_at_ms"]) // 2 + _FIRST_MS)
    low = min(ms // 2, high // 2)
    ms = low + (high - low) * getrandbits(10) // 1023
    # On top of Retry-After, or all boards told "60 s" return together.
    return min((retry_after_s or 0) * 1000, _REFUSED_MOST_MS) + ms


def session_lost(losses, now_ms, lasted_ms, proven):
    """Note the end of a session; return how many short ones in a row that makes, if too many.

    `lasted_ms` is negative for one so long that ticks wrapped around; `proven`: something was
    acknowledged.
    """
    losses["lost_at_ms"] = now_ms
    losses["brief"] = losses["brief"] + 1 if proven and 0 <= lasted_ms < _FIRST_MS else 0
    if proven or not 0 <= lasted_ms < _SHORT_MS:
        losses["tries"] = losses["refusals"] = losses["short"] = 0
        return 0
    losses["short"] += 1
    return losses["short"] if losses["short"] >= _SHORT_IN_A_ROW else 0


def at_once(losses):
    """Return whether the try after a lost session comes at once: for the first one only."""
    return losses["tries"] == 0 and losses["short"] <= 1 and losses["brief"] <= 1
