"""The pictures of the figures are well-formed SVG, in proportion, and show what was measured."""

import xml.etree.ElementTree as ET

import pytest

from tools.measure.svg_bars import BUDGET, COLOURS, GROUND, Scale, bars, lines

SVG = "{http://www.w3.org/2000/svg}"


def words(root):
    return [each.text for each in root.iter(SVG + "text")]


def lengths(root):
    """The lengths of the bars, from the top; the first rectangle is the ground."""
    ground, *found = root.iter(SVG + "rect")
    assert ground.get("fill") == GROUND
    return [float(each.get("width")) for each in found]


def test_bars_are_as_long_as_their_values_and_bear_label_and_number(tmp_path):
    path = tmp_path / "bars.svg"
    bars("RAM", [("import", 1000), ("connect", 2000), ("nothing", 0)], path, "bytes")
    root = ET.parse(path).getroot()
    short, long, none = lengths(root)
    assert long == pytest.approx(2 * short, rel=0.01)
    assert none == 0
    assert {"RAM (bytes)", "import", "1,000", "connect", "2,000", "0"} <= set(words(root))


def test_a_logarithmic_scale_gives_each_factor_the_same_length(tmp_path):
    path = tmp_path / "bars.svg"
    bars("loss", [("a", 10), ("b", 100), ("c", 1000)], path, "values", log=True)
    a, b, c = lengths(ET.parse(path).getroot())
    assert 0 < a
    assert b - a == pytest.approx(c - b, abs=0.3)


def test_a_budget_is_a_line_and_a_bar_over_it_has_another_colour(tmp_path):
    path = tmp_path / "bars.svg"
    bars("RAM", [("under", 90, 100), ("over", 110, 100), ("free", 50)], path, "bytes")
    root = ET.parse(path).getroot()
    _, *found = root.iter(SVG + "rect")
    assert [each.get("fill") for each in found] == [COLOURS[0], COLOURS[1], COLOURS[0]]
    marks = [each for each in root.iter(SVG + "line") if each.get("stroke") == BUDGET]
    assert len(marks) == 3  # two budgets and their explanation
    under, over = (float(each.get("width")) for each in found[:2])
    mark = float(marks[0].get("x1")) - float(found[0].get("x"))
    assert under < mark < over


def test_what_was_not_measured_is_said_and_has_no_bar(tmp_path):
    path = tmp_path / "bars.svg"
    bars("RAM", [("a", None), ("b", 3)], path, "bytes")
    root = ET.parse(path).getroot()
    assert "not measured" in words(root)
    assert len(lengths(root)) == 1


def test_marks_of_xml_in_titles_and_labels_are_only_text(tmp_path):
    path = tmp_path / "picture.svg"
    bars("a < b & c", [("<script>", 1)], path, "°C & more")
    root = ET.parse(path).getroot()
    assert {"a < b & c (°C & more)", "<script>"} <= set(words(root))
    lines("a < b", "<x>", "&y", {"<one>": [(1, 2)]}, path)
    assert {"a < b", "<x>", "&y", "<one>"} <= set(words(ET.parse(path).getroot()))


@pytest.mark.parametrize("log", (False, True))
def test_each_series_is_one_line_of_its_own_colour_that_rises_with_its_values(tmp_path, log):
    path = tmp_path / "lines.svg"
    series = {"ours": [(1, 10), (2, 100), (3, 1000)], "theirs": [(1, 5), (3, 0)]}
    lines("lost", "outage / s", "values", series, path, log)
    root = ET.parse(path).getroot()
    ours, theirs = root.iter(SVG + "polyline")
    assert ours.get("stroke") != theirs.get("stroke")
    points = [tuple(map(float, pair.split(","))) for pair in ours.get("points").split()]
    assert points == sorted(points)  # to the right,
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)  # and up
    height = float(root.get("height"))
    assert all(0 < x < 760 and 0 < y < height for x, y in points)
    assert {"outage / s", "ours", "theirs"} <= set(words(root))


def test_ticks_are_round_and_enclose_the_values():
    assert Scale([3, 37], 0, 100).ticks == [0, 5, 10, 15, 20, 25, 30, 35, 40]
    assert Scale([0], 0, 100).at(0) == 0
    assert Scale([5, 5], 0, 100, from_zero=False).at(5) >= 0
    assert Scale([3, 250], 0, 100, log=True).ticks == [2, 5, 10, 20, 50, 100, 200]


def test_a_picture_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="nothing was measured"):
        bars("RAM", [], tmp_path / "a.svg", "bytes")
    with pytest.raises(ValueError, match="nothing was measured"):
        lines("RAM", "x", "y", {"a": []}, tmp_path / "a.svg")
    assert list(tmp_path.iterdir()) == []
