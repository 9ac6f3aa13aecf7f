"""The pictures of the bench, as SVG: rates as bars, and what grows as lines."""

from pathlib import Path

from tools.measure.svg_bars import bars, lines

from .figures import Spread
from .growth import DIMENSIONS


def draw(found: dict, folder: Path) -> list[Path]:
    """Draw what was measured; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for title, section in found.get("rate", {}).items():
        rows = _medians(section["per_s"])
        path = folder / f"rate-{_file_name(title)}.svg"
        bars(f"Rate, {title}", rows, path, "publishes/s", log=True)
        files.append(path)
    for title, section in found.get("link", {}).items():
        path = folder / f"link-{_file_name(title)}.svg"
        bars(f"Link, {title}, QoS 1", _medians(section["per_s"]), path, "publishes/s", log=True)
        files.append(path)
    for title, section in found.get("commands", {}).items():
        rows = [(name, late["p99_ms"]) for name, late in section.items()]
        path = folder / f"commands-{_file_name(title)}.svg"
        bars(f"Commands, {title}: 99 of 100 heard within", rows, path, "ms", log=True)
        files.append(path)
    for dimension in DIMENSIONS:
        files += _growth(dimension, found.get("growth", {}).get(dimension.key, []), folder)
    return files


def _medians(per_s):
    return [
        (name, Spread.of(rates["per_s"]).median if rates["per_s"] else None)
        for name, rates in per_s.items()
    ]


def _growth(dimension, points, folder):
    points = [point for point in points if not point["reason"]]
    if not points:
        return []

    def series(key):
        return [(point["amount"], point[key]) for point in points]

    time, memory = (folder / f"growth-{dimension.key}-{what}.svg" for what in ("time", "memory"))
    lines("Time", dimension.title, "us/publish", {"a publish": series("publish_us")}, time)
    kept = {"heap in use": series("heap_bytes"), "RAM at the most": series("ram_bytes")}
    lines("Memory", dimension.title, "bytes", kept, memory)
    return [time, memory]


def _file_name(title):
    return "".join(c if c.isalnum() else "-" for c in title.lower()).replace("--", "-").strip("-")
