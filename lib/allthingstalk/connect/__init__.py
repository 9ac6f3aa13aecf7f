"""What makes a session, mends it and ends it; in memory for that long only.

Here stands the state of the connection: one table, and the only place that changes it. An attempt leads from a state of rest over assets (REST), lookup (DNS), tcp, tls and connack to
online; in between the status is "connecting". docs/architecture.md shows the same table.
"""

# Which state an event leads to; "-": it changes nothing.
TABLE = """\
state    connect next    accepted lost    refused close
closed   assets  -       -        -       -       -
offline  assets  -       -        offline refused closed
refused  assets  -       -        offline refused closed
assets   -       lookup  online   offline refused closed
lookup   -       tcp     -        offline refused closed
tcp      -       tls     -        offline refused closed
tls      -       connack -        offline refused closed
connack  -       -       online   offline refused closed
online   -       -       -        offline refused closed"""


def move(client, event, reason=None):
    """Take an event of the table; `reason` goes to on_disconnect when a session ends."""
    rows = TABLE.split("\n")
    column = rows[0].split().index(event)
    for row in rows:
        cells = row.split()
        if cells[0] == client.state:
            break
    state = cells[column]
    if state == "-":
        return
    if state == "online":
        client.events.append("online")
    elif client.state == "online" and reason:
        client.events.append(reason)
    client.state = state
    rests = ("offline", "online", "refused", "closed")
    client.status = state if state in rests else "connecting"


# -- what a Client calls of it ----------------------------------------------------------------------


def connect_device(client, device):
    """Bring a device up, and wait for it; return whether it is on line.

    Raises what is refused. With the network away the client goes on trying. Called by an
    interrupt in the middle of the client's work it is done right after that.
    """
    if client.status != "closed":
        client.check_thread()
    if client.busy or client.entered():
        client.after.append(device.connect)
        return client.state == "online"
    from .bring_up import connect_device

    connect_device(client, device)
    if client.state == "online":
        # A command that is sent right after connect() has to be heard.
        client.until(client.timeout, lambda: not (client.link and client.session.asked))
    else:
        client.poll()
    return client.state == "online"


def load(client):
    """Make outbox and session, with the first value or at the end of the first connect.

    Not before they are needed: REST at the first connect has the memory to itself till then.
    """
    from ..core.session import Session
    from ..outbox import Outbox

    outbox, session = client.outbox_given or Outbox(), Session(client)
    if client.session:  # made by an interrupt meanwhile
        return
    client.begin(outbox)
    if outbox.path:
        from ..outbox_file import Store

        Store(client, client.net)
    client.session = session


def subscribe(client, now):
    """Subscribe to the streams that have handlers."""
    from .subscribe import subscribe

    subscribe(client.session, client.devices, now)


def tell(client, event):
    """Call on_connect for "online", on_disconnect for the reason of a loss."""
    try:
        if event == "online":
            if client.on_connect:
                client.on_connect(client)
        elif client.on_disconnect:
            client.on_disconnect(client, event)
    except Exception as e:
        client.report("on_connect or on_disconnect raised", e)


def failed(client, e):
    """Take down the session after an error, report it, and plan the next try."""
    from .recover import recover

    recover(client, e)


def lost(client, reason):
    """Take note that the session is lost; the next try is due."""
    move(client, "lost", reason)
    client.retry_at = client.net.ticks_ms()


def down(client, politely=False):
    """Close the link, after DISCONNECT if `politely`; what was on its way waits again."""
    client.way = None
    link, session, client.link = client.link, client.session, None
    if link:
        if politely:
            session.put(b"\xe0\0")
        try:
            link.send(session.out, session.start, session.stop)
        except OSError:  # gone already: that is what was wanted
            pass
        link.close()
    if session:
        session.restart()
        client.outbox.rewind()


def cut_off(client):
    """Mend what an exception from outside, such as Ctrl-C, left half done."""
    entered = client.entered()
    if entered:
        client.leave()
    if client.busy or entered:
        down(client)
        lost(client, "interrupted")
        if client.outbox and client.outbox.store:
            client.outbox.store.cut_off()
    client.busy = client.in_handler = False


def send_states(client):
    """Send what the outbox holds over REST, where MQTT is off."""
    from ..rest.send_states import send

    send(client)


def told(client, text, e):
    """Return what is said of an error, and the lines of its traceback."""
    from .error_texts import traceback_lines

    return traceback_lines(text, e)
