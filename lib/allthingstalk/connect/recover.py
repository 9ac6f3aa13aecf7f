"""The way through a failure: whose fault it is, what it means, and when the next try comes."""

from .. import exceptions
from . import backoff, move
from .error_texts import in_words

# What engines raise for an answer that is no MQTT or HTTP, besides OSError: they check the protocol
# by index and with assert.
_OF_ENGINES = (AssertionError, IndexError, UnicodeError)


def classified(client, e):
    """Return an exception as one of this library's, None for a fault of this library.

    `passing` of it tells whether waiting may mend it.
    """
    if isinstance(e, exceptions.AllThingsTalkException):
        return e
    endpoint = client.mqtt or client.http
    if isinstance(e, OSError):
        number = e.args[0] if e.args and isinstance(e.args[0], int) else None
        text = "%s: %s" % (endpoint, in_words(e))
        return exceptions.PlatformUnavailableException(text, errno=number)
    if isinstance(e, MemoryError):
        return exceptions.PlatformUnavailableException(
            "%s: too little memory (%s): use the library's .mpy files, or free some" % (endpoint, e)
        )
    if e.__class__.__name__ == "MQTTException" or isinstance(e, _OF_ENGINES):
        return exceptions.PlatformUnavailableException(
            "%s: the answer is no MQTT (%s %s)" % (endpoint, e.__class__.__name__, e)
        )
    return None


def refusal(client, e):
    """Return what waiting does not mend as an exception of this library, else None."""
    if isinstance(e, NotImplementedError):  # says itself what to do
        return e
    e = classified(client, e)
    return None if e is None or e.passing else e


def refused(client, device, e, online):
    """Raise what waiting does not mend, and forget the device."""
    e = refusal(client, e)
    if e:
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
    fault, e = e, classified(client, e)
    if e:
        fault = None
    else:
        e = exceptions.PlatformUnavailableException("a fault of this library, please report it")
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
                from .suspect import blame

                blame(client, net.ticks_diff(now, session.published_at))
            # Until it was last seen alive: a program may poll each ten seconds.
            lasted_ms = net.ticks_diff(session.seen_at, session.opened_at)
        short = backoff.session_lost(losses, now_ms, lasted_ms, session.proven)
        if short:
            e = exceptions.AccessForbiddenException(
                "%d sessions in a row ended within seconds (%s): the token may be revoked, or "
                "another board uses the same client id" % (short, e)
            )
    move(client, "lost" if e.passing else "refused", str(e).replace(client.token, "***"))
    client.down()
    after_s = e.retry_after_s
    ms = 0
    if not (was_online and e.passing and not after_s and backoff.at_once(losses)):
        ms = backoff.pause_ms(losses, net.getrandbits, now_ms, e.passing, after_s)
    client.retry_at = net.ticks_add(now, ms)
    client.report("%s; next try in %d.%d s" % (e, ms // 1000, ms // 100 % 10), fault)
