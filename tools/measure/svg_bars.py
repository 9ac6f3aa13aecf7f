"""Draws a bar picture or a line picture as an SVG file: figures measured by a tool, for a README.

    bars("RAM", [("import", 9872), ("connect", 14000, 15000)], path, "bytes")
    lines("Lost values", "outage / s", "values", {"ours": [(1, 0), (3, 0)]}, path)

Plain SVG text without scripts or fonts of its own. The picture has its own light ground, so that
it reads the same on a white page and on a dark one.
"""

import math
from xml.sax.saxutils import escape

WIDTH = 760
MARGIN = 16
ROW_HEIGHT = 26
TITLE_HEIGHT = 44
CHARACTER_WIDTH = 7.2  # of the font below, about; labels are measured with it
LINES_HEIGHT = 420
GROUND, INK, FAINT, BUDGET = "#fbfbf8", "#1f2328", "#c9ccd1", "#b3261e"
# Told apart by those who do not see red and green as two, too.
COLOURS = ("#0b6e99", "#d9730d", "#6f4ea0", "#3f7d3a", "#a13d63", "#7a6a1e", "#4a4f57", "#1aa6a6")
LOG_STEPS = (1, 2, 5)


def bars(title, rows, path, unit, log=False):
    """Draw one horizontal bar a row and write the picture to `path`.

    - `rows`: (label, value) or (label, value, budget); a value of None is shown as not measured,
      a budget, where there is one, as a red line across the row
    - `unit`: of the values, shown behind the title
    - `log`: a logarithmic scale; values of 0 and less get no bar then

    Raises ValueError without rows.
    """
    if not rows:
        raise ValueError(f"a picture of no rows ({title}): nothing was measured")
    rows = [(str(row[0]), row[1], row[2] if len(row) > 2 else None) for row in rows]
    numbers = [n for _, value, budget in rows for n in (value, budget) if n is not None]
    labels_end = MARGIN + max(len(label) for label, *_ in rows) * CHARACTER_WIDTH + 10
    room = max(len(shown(n)) for n in [*numbers, 0]) * CHARACTER_WIDTH + 12
    labels_end = min(labels_end, WIDTH * 0.55)
    scale = Scale(numbers, labels_end, max(WIDTH - MARGIN - room, labels_end + 80), log)
    has_budgets = any(budget is not None for *_, budget in rows)
    height = TITLE_HEIGHT + ROW_HEIGHT * (len(rows) + has_budgets) + MARGIN
    parts = [text(MARGIN, 28, f"{title} ({unit}{', logarithmic' if log else ''})", size=16)]
    for i, (label, value, budget) in enumerate(rows):
        top = TITLE_HEIGHT + i * ROW_HEIGHT
        base = top + 16
        parts.append(text(labels_end - 10, base, label, anchor="end"))
        if value is None:
            parts.append(text(labels_end + 4, base, "not measured"))
            continue
        end = scale.at(value)
        over = budget is not None and value > budget
        parts.append(
            f'<rect x="{labels_end:.1f}" y="{top + 3}" width="{end - labels_end:.1f}" '
            f'height="{ROW_HEIGHT - 8}" fill="{COLOURS[1] if over else COLOURS[0]}"/>'
        )
        behind = end
        if budget is not None:
            x = scale.at(budget)
            parts.append(stroke(x, top, x, top + ROW_HEIGHT - 3, BUDGET, 2))
            if end <= x < end + room:  # the number would lie on the line
                behind = x
        parts.append(text(behind + 5, base, shown(value)))
    if has_budgets:
        base = TITLE_HEIGHT + len(rows) * ROW_HEIGHT + 16
        parts.append(stroke(labels_end, base - 12, labels_end, base + 2, BUDGET, 2))
        parts.append(text(labels_end + 8, base, "budget; a bar over it is orange"))
    _write(path, title, height, parts)


def lines(title, x_label, y_label, series, path, log=False):
    """Draw one line a series, with a key of their names, and write the picture to `path`.

    - `series`: {name: [(x, y), ...]}
    - `log`: a logarithmic scale for y; points of 0 and less lie on the lowest line then

    Raises ValueError without a point.
    """
    points = [point for each in series.values() for point in each]
    if not points:
        raise ValueError(f"a picture of no points ({title}): nothing was measured")
    key_height = 20 * len(series)
    top, bottom = TITLE_HEIGHT + 22 + key_height, LINES_HEIGHT + key_height - 52
    y_scale = Scale([y for _, y in points], bottom, top, log)
    left = MARGIN + max(len(shown(tick)) for tick in y_scale.ticks) * CHARACTER_WIDTH + 8
    x_scale = Scale([x for x, _ in points], left, WIDTH - MARGIN - 20, from_zero=False)
    parts = [text(MARGIN, 28, title, size=16)]
    for i, name in enumerate(series):
        y = TITLE_HEIGHT + 8 + 20 * i
        parts.append(stroke(MARGIN, y - 4, MARGIN + 24, y - 4, COLOURS[i % len(COLOURS)], 3))
        parts.append(text(MARGIN + 32, y, name))
    parts.append(text(MARGIN, top - 12, f"{y_label}{', logarithmic' if log else ''}"))
    for tick in y_scale.ticks:
        y = y_scale.at(tick)
        parts.append(stroke(left, y, WIDTH - MARGIN - 20, y, FAINT, 1))
        parts.append(text(left - 6, y + 4, shown(tick), anchor="end"))
    for tick in x_scale.ticks:
        x = x_scale.at(tick)
        parts.append(stroke(x, bottom, x, bottom + 5, INK, 1))
        parts.append(text(x, bottom + 20, shown(tick), anchor="middle"))
    parts.append(text(WIDTH - MARGIN - 20, bottom + 40, x_label, anchor="end"))
    for i, each in enumerate(series.values()):
        colour = COLOURS[i % len(COLOURS)]
        places = [(x_scale.at(x), y_scale.at(y)) for x, y in each]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    _write(path, title, LINES_HEIGHT + key_height, parts)


class Scale:
    """Maps values to places between `start` and `end` in the picture; `ticks` are round values.

    With `from_zero` a linear scale begins at 0, as the length of a bar has to.
    """

    def __init__(self, values, start, end, log=False, from_zero=True):
        self.log = log
        self._start, self._end = start, end
        if log:
            positive = [v for v in values if v > 0] or [1]
            low, high = _down(min(positive)), max(positive)
            # The least value gets a bar, too.
            self._low = _down(low * 0.99) if low == min(positive) else low
            self._high = high if high > self._low else self._low * 10
            self.ticks = self._log_ticks()
        else:
            low, high = min(values, default=0), max(values, default=1)
            if from_zero:
                low, high = min(low, 0), max(high, 0)
            step = _step((high - low) or abs(high) or 1)
            self._low = math.floor(low / step) * step
            self._high = max(math.ceil(high / step) * step, self._low + step)
            count = round((self._high - self._low) / step)
            self.ticks = [self._low + i * step for i in range(count + 1)]

    def _log_ticks(self):
        tick, found = self._low, []
        while tick <= self._high:
            found.append(tick)
            tick = tick * 10 if self._high / self._low > 1000 else _up(tick)
        return found

    def at(self, value):
        """Return the place of a value, never outside the scale."""
        low, high = self._low, self._high
        if self.log:
            value = max(value, low)
            part = math.log(value / low) / math.log(high / low)
        else:
            part = (value - low) / (high - low)
        return self._start + min(max(part, 0), 1) * (self._end - self._start)


def shown(number):
    """Return a number as a reader wants it: thousands apart, three digits where it is small."""
    return f"{number:,.0f}" if number == int(number) or abs(number) >= 100 else f"{number:.3g}"


def text(x, y, words, size=12, anchor="start"):
    """Return an SVG text; `words` may hold any characters."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{INK}">{escape(words)}</text>'
    )


def stroke(x1, y1, x2, y2, colour, width):
    """Return an SVG line."""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="{width}"/>'
    )


def _down(value):
    """Return the round number of 1, 2, 5, 10, 20, ... at or below a value over 0."""
    power = 10 ** math.floor(math.log10(value))
    return max(step * power for step in LOG_STEPS if step * power <= value)


def _up(tick):
    power = 10 ** math.floor(math.log10(tick) + 1e-9)
    return min(step * power for step in (*LOG_STEPS, 10) if step * power > tick * 1.01)


def _step(span):
    """Return a round step that divides a span into four to ten parts."""
    power = 10 ** math.floor(math.log10(span / 4))
    return max(step * power for step in LOG_STEPS if step * power <= span / 4)


def _write(path, title, height, parts):
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" font-family="sans-serif">\n<title>{escape(title)}</title>\n'
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="{GROUND}"/>\n'
    )
    with open(path, "w", encoding="utf-8") as f:
        f.write(head + "\n".join(parts) + "\n</svg>\n")
