"""What makes a session, mends it and ends it; in memory for that long only.

Here stands the state of the connection: one table, and the only place that changes it. An attempt
leads from a state of rest over assets (REST), lookup (DNS), tcp, tls and connack to online; in
between the status is "connecting". docs/architecture.md shows the same table.
"""

# Which state an event leads to; "-": it changes nothing. Not in columns: blanks take memory.
TABLE = """\
state connect next accepted lost refused close
closed assets - - - - -
offline assets - - offline refused closed
refused assets - - offline refused closed
assets - lookup online offline refused closed
lookup - tcp - offline refused closed
tcp - tls - offline refused closed
tls - connack - offline refused closed
connack - - online offline refused closed
online - - - offline refused closed"""


def move(client, event, reason=None):
    """Take an event of the table; `reason` goes to on_disconnect when a session ends."""
    column = TABLE.split("\n", 1)[0].split().index(event)
    _, _, rows = TABLE.partition("\n%s " % client.state)
    state = rows.split(None, column)[column - 1]
    if state == "-":
        return
    if state == "online":
        client.events.append("online")
    elif client.state == "online" and reason:
        client.events.append(reason)
    client.state = state
    rests = ("offline", "online", "refused", "closed")
    client.status = state if state in rests else "connecting"
