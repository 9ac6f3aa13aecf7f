"""Figures and tables: least, median and most of several rounds, and columns of text."""

import dataclasses
import statistics
from collections.abc import Iterable, Sequence

NAME_WIDTH = 24
COLUMN_WIDTH = 21
LINE_WIDTH = 100


@dataclasses.dataclass(frozen=True)
class Spread:
    """Least, median and most of some figures."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> "Spread":
        """Return the spread of one figure or more."""
        figures = list(figures)
        return cls(min(figures), statistics.median(figures), max(figures))

    def text(self) -> str:
        """Return it as ``least < median < most``."""
        return f"{short(self.least)} < {short(self.median)} < {short(self.most)}"


def short(figure: float | None) -> str:
    """Return a figure with no more digits than it deserves; None, not known, is a dash."""
    if figure is None:
        return "–"
    if figure == int(figure) or abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.2f}"


def percentile(figures: Sequence[float], percent: float) -> float:
    """Return the figure that `percent` of them do not exceed; there has to be one."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table: a line of title, one of heads, and one for each row.

    A row of two cells where there are more columns is a remark: its second cell may be long.
    """
    rows = list(rows)
    whole = [row for row in [head, *rows] if len(row) == len(head)]
    names = max(NAME_WIDTH, *(len(row[0]) for row in rows)) if rows else NAME_WIDTH
    widths = [max(len(row[i]) for row in whole) for i in range(1, len(head))]
    lines = [title, _line(head, names, widths)]
    for row in rows:
        if len(row) == len(head):
            lines.append(_line(row, names, widths))
        else:
            lines.append(f"{row[0]:{names}}  {row[1]}"[:LINE_WIDTH])
    return "\n".join(lines) + "\n"


def _line(cells, names, widths):
    rest = (f"{cell:>{width}}" for cell, width in zip(cells[1:], widths))
    return "  ".join([f"{cells[0]:{names}}", *rest]).rstrip()
