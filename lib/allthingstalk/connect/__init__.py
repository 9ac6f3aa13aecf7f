"""What makes a session, mends it and ends it; in memory for that long only.

Here stands the state of the connection: one table, and the only place that changes it. An attempt
leads from a state of rest over assets (REST), lookup (DNS), tcp, tls and connack to online; in
between the status is "connecting". docs/architecture.md shows the same table.
"""

from micropython import const

_PAUSE_MS = const(2)
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


def wait_for(net, steps):
    """Take the steps of a generator that yields where the network is to be waited for; wait there.

    Returns what the generator returns; raises what it raises.
    """
    while True:
        try:
            next(steps)
        except StopIteration as e:
            return e.value
        net.sleep_ms(_PAUSE_MS)


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
