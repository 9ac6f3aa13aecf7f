"""Recovery from a failure: whose fault it is, what it means, and when the next try comes."""

from . import backoff, move
from .error_texts import in_words

# What engines raise for an answer that is no MQTT or HTTP, besides OSError: they check the protocol
# by index and with assert.
_OF_ENGINES = (AssertionError, IndexError, UnicodeError)


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
    if e.__class__.__name__ == "MQTTException" or isinstance(e, _OF_ENGINES):
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
    losses = client.losses = client.losses or backoff.fresh(now_ms)
    if was_online:
        session = client.session
        if client.link:
            if session.published_at is not None:
                from .set_aside import blame

                blame(client, net.ticks_diff(now, session.published_at))
            # Until it was last seen alive: a program may poll each ten seconds.
            lasted_ms = net.ticks_diff(session.seen_at, session.opened_at)
        short = backoff.session_lost(losses, now_ms, lasted_ms, session.proven)
        if short:
            passing = False
            text = (
                "%d sessions in a row ended within seconds (%s): the token may be revoked or not "
                "be for this device, or another board uses the same client id" % (short, text)
            )
    move(client, "lost" if passing else "refused", text.replace(client.token, "***"))
    client.down()
    ms = 0
    if not (was_online and passing and not after_s and backoff.at_once(losses)):
        ms = backoff.pause_ms(losses, net.getrandbits, now_ms, passing, after_s)
    client.retry_at = net.ticks_add(now, ms)
    client.report("%s; next try in %d.%d s" % (text, ms // 1000, ms // 100 % 10), fault)
