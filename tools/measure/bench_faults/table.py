"""The table: one line for each client and scenario, narrow enough for a terminal."""

from .clients import Client
from .counting import Outcome

COLUMNS = (
    ("published", 9),
    ("delivered", 9),
    ("twice", 5),
    ("lost", 4),
    ("call ms", 9),
    ("loop ms", 9),
    ("back s", 6),
    ("heard", 5),
)
NAME_WIDTH = 24
NOTES = """\
published: calls that returned without an error; delivered: different values that arrived;
twice: those that arrived more than once; lost: never arrived, also for want of time ({limit} s);
call ms: longest that giving one value held up the program; loop ms: longest that one turn of its
loop took beyond its pause (> : it had not come back when time was up); back s: from the fault's
end to the first new value; heard: whether a command sent at the end was heard within {hear} s.
umqtt.simple: reconnects by hand with the next value, what fails is not tried again; mqtt_async:
with a silent `logging`, as without one a reconnect that fails is its last; one run each."""


def header() -> str:
    """Return the line that names the columns."""
    return _line("client", (title for title, _ in COLUMNS))


def row(client: Client, outcome: Outcome) -> str:
    """Return the line of one run; a second one where its program ended by itself."""
    call, loop = (milliseconds(figure) for figure in (outcome.call_ms, outcome.loop_ms))
    line = _line(
        f"{client.name} {client.version}",
        (
            str(outcome.published),
            str(outcome.delivered),
            str(outcome.twice),
            str(outcome.lost),
            ">" * (outcome.stuck == "call") + call,
            ">" * bool(outcome.stuck) + loop,
            "–" if outcome.back_s is None else f"{outcome.back_s:.2f}",
            "yes" if outcome.heard else "no",
        ),
    )
    if outcome.ended is not None:
        line += f"\n  {client.name}: its program ended: {outcome.ended}"[:100]
    return line


def not_run(name: str, reason: str) -> str:
    """Return the line of a client that could not be run."""
    return f"{name:{NAME_WIDTH}}  not run: {reason}"[:100]


def milliseconds(value: float) -> str:
    """Return milliseconds as text: one decimal where it matters."""
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def _line(name, cells):
    widths = (width for _, width in COLUMNS)
    cells = [f"{cell:>{width}}" for cell, width in zip(cells, widths)]
    return "  ".join([f"{name:{NAME_WIDTH}}", *cells])
