"""The Client's way through a failure: report it, find out whose fault it is, plan the next try.

Loaded when something fails, so that it costs nothing in good times.
"""

import gc

from .failures import Failures, classified
from .loading import unload

_BLAME_MS = 2000


def recover(client, e):
    """Take down the session after the exception `e` and set when the next try is due."""
    if isinstance(e, MemoryError):
        for device in client._devices:
            if device._unsettled == 1:  # its assets were as declared: go on without another look
                device._unsettled = 0
    e = classified(e, client.mqtt or client.http)
    net = client._net
    now = net.ticks_ms()
    now_ms = client._second * 1000 + client._ms
    failures = Failures(net, now_ms, client._failures)
    client._failures = failures.kept
    session = client._session
    was_online = client.connected
    if session:
        session._failures = failures.kept
    if was_online:
        lasted_ms = -1
        if session:
            _blame(client, failures, session, now)
            # Until it was last seen alive: a program may poll each ten seconds.
            lasted_ms = net.ticks_diff(session.at, session.opened_at)
        e = failures.lost(lasted_ms, e, now_ms)
        client._events.append(str(e).replace(client.token, "***"))
    if session:
        session.shut()
        for device in client._devices:
            if device._unsettled and not session.inbox:
                _forget(client)  # REST comes first, and needs the memory
                break
    client.status = "offline" if e.passing else "refused"
    pause_ms = 0
    if not (was_online and e.passing and not e.retry_after_s and failures.try_at_once()):
        pause_ms = failures.pause_ms(e, now_ms)
    client._retry_at = net.ticks_add(now, pause_ms)
    client._report("%s; next try in %d.%d s" % (e, pause_ms // 1000, pause_ms // 100 % 10))


def _blame(client, failures, session, now):
    """A drop right after a publish may be the fault of its asset: look at the assets again."""
    if session.published_at is None:
        return
    since_ms = client._net.ticks_diff(now, session.published_at)
    if not 0 <= since_ms <= _BLAME_MS:
        return
    for device in client._devices:
        if not device._unsettled:
            device._unsettled = 1
            device._look_again = True
    outbox = client._outbox
    i = outbox.find()
    if i < 0:
        return
    number = outbox.head(i)[3]
    if failures.blame(number, since_ms):
        client._set_aside += (number,)
        gone = outbox.pending
        while (i := outbox.find(topic=number)) >= 0:
            outbox.remove(i)
        gone -= outbox.pending
        client.dropped += gone
        topic = str(client._topics[number], "utf-8").split("/")
        client._report(
            "asset '%s' of device %s is set aside and %d of its values dropped: the link drops "
            "after each of its publishes; check that it exists"
            % (topic[3] if len(topic) > 3 else "(several)", topic[1], gone)
        )


def _forget(client):
    """Let the session go; it is made anew over the next link."""
    client._session = None
    unload(" .session .reader ")
    gc.collect()


def shut(client):
    """Let go of MQTT: it and REST do not fit both, two TLS sessions least of all.

    The session comes back with the next poll.
    """
    client._in_io = True
    try:
        session = client._session
        if session:  # else a timer's poll has lost it meanwhile
            session.shut(politely=True)
            client.status = "offline"
            client._events.append("MQTT made room for REST")
            client._retry_at = client._net.ticks_ms()
            _forget(client)
    finally:
        client._in_io = False
