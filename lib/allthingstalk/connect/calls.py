"""What a Client calls of this folder, in memory for one call; see Client.__getattr__."""

from . import move


def lost(client, reason):
    """Take note that the session is lost; the next try is due."""
    move(client, "lost", reason)
    client.retry_at = client.net.ticks_ms()


def down(client, politely=False):
    """Close the link, after DISCONNECT if `politely`; what was in flight waits again."""
    client.attempt = None
    link, session, client.link = client.link, client.session, None
    if link:
        if politely:
            session.put(b"\xe0\0")
        try:
            link.send(session.out, session.start, session.stop)
        except OSError:  # gone already: that is what was wanted
            pass
        finally:  # Ctrl-C
            link.close()
    if session:
        session.restart(0)
        try:
            client.enter()  # what an interrupt assigns meanwhile would be counted twice
            client.outbox.rewind()
        except Exception:
            client.leave()
            raise
        client.leave()


def mend(client):
    """Mend what was cut off in the middle: it may cost the link, nothing else."""
    client.abandon()
    if client.session:
        client.session.restart(0)  # what of it was sent nobody knows: nothing goes out twice
    down(client)
    lost(client, "interrupted")
    if client.outbox and client.outbox.store:
        client.outbox.store.cut_off()
    client.cut = False


def send_states(client):
    """Send what the outbox holds over REST, where MQTT is off."""
    from ..rest import send_states

    send_states.send(client)


def close(client):
    """Say DISCONNECT and stay off line."""
    try:
        client.busy = True
        move(client, "close")
        client.abandon()
        down(client, True)
        client.busy = False
    except BaseException:
        client.cut_off()
        raise
