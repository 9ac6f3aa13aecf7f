"""The compiled library: cheap names in place of those that nobody outside sees."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tools import board_files, compact, engines, interpreters

ROOT = Path(__file__).resolve().parents[2]
SOURCES = compact.sources()
FIRMWARES = [*compact.IN_FIRMWARE, "_a_new_name"]
NAMES = compact.replacements()


def test_no_two_names_become_one_and_none_is_in_use():
    used = set().union(*(set(compact.names_of(source)) for source in SOURCES.values()))
    assert len(set(NAMES.values())) == len(NAMES) > 200
    assert not used & set(NAMES.values())


def test_the_inner_names_are_those_that_are_there():
    used = set().union(*(set(compact.names_of(source)) for source in SOURCES.values()))
    assert [name for name in compact.INNER if name not in used] == []


def test_nothing_that_the_engines_have_is_replaced_or_taken():
    theirs = set()
    for engine in (engines.UMQTT_NEW, engines.UMQTT_OLD, engines.UREQUESTS_NEW):
        for path in engines.folder(engine).rglob("*.py"):
            theirs |= attributes(path.read_text("utf-8"))
    assert not theirs & (set(NAMES) | set(NAMES.values()))


def test_names_that_programs_use_stay():
    programs = list((ROOT / "boards").rglob("*.py"))
    text = re.search(r"(?s)```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"))[1]
    used = attributes(text).union(*(attributes(path.read_text("utf-8")) for path in programs))
    assert "CLIENT" in text and len(used) > 30
    assert not used & set(NAMES)


def test_members_of_subclassed_classes_are_called_as_no_program_calls_any():
    for member in ("_handlers", "_publish", "_started", "_schema", "_read", "_rest", "_timer"):
        assert re.match(r"[A-Z]\w{5}|_\d", NAMES[member])


@pytest.mark.parametrize("module", sorted(SOURCES))
def test_only_names_differ(module):
    before, after = (
        ast.parse(SOURCES[module]),
        ast.parse(compact.compacted(SOURCES[module], module)),
    )
    assert ast.dump(shape(before)) == ast.dump(shape(after))


def test_the_names_called_numbered_cost_one_or_two_bytes_in_a_file(tmp_path):
    costs = {name: bytes_with(tmp_path, f"x.{name}\n") for name in compact.NUMBERED}
    known, unknown = bytes_with(tmp_path, "x.append\n"), bytes_with(tmp_path, "x._zz\n")
    assert known + 1 < unknown
    assert {name for name, size in costs.items() if size > known + 1} == set()


@pytest.mark.parametrize("name", ["mp32", "mp64"])
def test_the_names_called_firmwares_take_no_ram(name):
    try:
        command = interpreters.find(name)
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    ask = "micropython.qstr_info()\n"
    lines = "".join(f"exec('try: x.{n}\\nexcept NameError: pass')\n{ask}" for n in FIRMWARES)
    done = subprocess.run(
        [
            *command,
            "-c",
            f"import micropython\nexec('try: x.pop\\nexcept NameError: pass')\n{ask}{lines}",
        ],
        capture_output=True,
        text=True,
        timeout=20,
    )
    counts = re.findall(r"n_qstr=(\d+)", done.stdout)
    assert len(counts) == len(FIRMWARES) + 1, done.stderr
    added = [n for n, before, now in zip(FIRMWARES, counts, counts[1:]) if before != now]
    assert added == ["_a_new_name"]


def test_the_compiled_library_is_a_tenth_smaller(tmp_path):
    board_files.put_library(tmp_path / "lib")
    small = sum(path.stat().st_size for path in (tmp_path / "lib").rglob("*.mpy"))
    plain = sum(bytes_with(tmp_path, source) for source in SOURCES.values())
    assert small < 0.92 * plain


def attributes(source):
    tree = ast.parse(source)
    return {
        getattr(node, "attr", None) or getattr(node, "arg", None) or getattr(node, "name", None)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Attribute, ast.FunctionDef, ast.ClassDef, ast.arg))
    }


def shape(tree):
    """Take the names out of a syntax tree."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname"):
            if isinstance(getattr(node, field, None), str):
                setattr(node, field, "n")
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            node.names = ["n" for _ in node.names]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value in {*NAMES, *NAMES.values()} or re.fullmatch(r"\w+\.\w+", node.value):
                node.value = "n"
    return tree


def bytes_with(folder, source):
    given = folder / "given.py"
    given.write_text(source, "utf-8")
    subprocess.run([compact.COMPILER, "-s", "given.py", given], check=True)
    return given.with_suffix(".mpy").stat().st_size
