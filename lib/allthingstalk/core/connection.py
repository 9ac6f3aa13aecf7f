"""The state of the connection: one table, and the only file that changes it.

An attempt leads from a state of rest over assets (REST), lookup (DNS), tcp, tls and connack to
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


class Connection:
    """State, status, when the next try is due, and what the program is to be told.

    `status` is 'offline' 'connecting' 'online' 'refused' 'closed'.
    """

    state = status = "offline"
    # What went wrong since the last good session; `connect.backoff` reckons with it.
    tries = refusals = short_sessions = 0
    lost_at_ms = 0  # since the client was made

    def __init__(self, now):
        self.retry_at = now  # ticks
        self.events = []  # "online", or the reason of a loss: on_connect, on_disconnect

    def move(self, event, reason=None):
        """Take an event of the table; `reason` goes to on_disconnect when a session ends."""
        rows = TABLE.split("\n")
        column = rows[0].split().index(event)
        for row in rows:
            cells = row.split()
            if cells[0] == self.state and cells[column] != "-":
                break
        else:
            return
        was, self.state = self.state, cells[column]
        if self.state in ("offline", "online", "refused", "closed"):
            self.status = self.state
        else:
            self.status = "connecting"
        if self.state == "online":
            self.events.append("online")
        elif was == "online" and reason:
            self.events.append(reason)

    def put_off(self, until):
        """Set when the next try is due, in ticks."""
        self.retry_at = until

    def count(self, tries=None, refusals=None, short_sessions=None, lost_at_ms=None):
        """Note how often in a row something failed, and when the last session was lost."""
        if tries is not None:
            self.tries = tries
        if refusals is not None:
            self.refusals = refusals
        if short_sessions is not None:
            self.short_sessions = short_sessions
        if lost_at_ms is not None:
            self.lost_at_ms = lost_at_ms
