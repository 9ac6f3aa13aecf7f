"""The reference: each public name is in it, and says its arguments, what it returns and raises."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.doc_blocks import ROOT, public_names

griffe = pytest.importorskip("griffe", reason="griffe is not here: make test installs it")

LIBRARY = ROOT / "lib" / "allthingstalk"
PAGES = sorted((ROOT / "docs" / "api").glob("*.md"))
# Files at the top that no program imports: what needs them loads them (docs/architecture.md).
INNER = {"overlay", "fronts", "history", "utf8", "outbox_file", "outbox_record"}
INNER |= {"outbox_read", "outbox_convert", "board.runner", "board.rp2_limits"}
# What a Device or a Client calls of itself, and the board's own parts of each other.
NOT_CALLED = {"aio.Client.connect_device", "board.watchdog.Watchdog.poll"}
NOT_CALLED |= {"board.watchdog.Watchdog.progress", "board.status_led.StatusLed.tick"}


@pytest.fixture(scope="module")
def package():
    return griffe.load("allthingstalk", search_paths=[str(ROOT / "lib")], allow_inspection=False)


def identifiers():
    """Return {what a page shows: its members, None for all}: "clients.Client": [...]."""
    found = {}
    for page in PAGES:
        parts = re.split(
            r"^::: allthingstalk\.(\S+)$", page.read_text(encoding="utf-8"), flags=re.M
        )
        for name, options in zip(parts[1::2], parts[2::2]):
            members = re.match(r"\s+options:\n(?:\s+\w+:.*\n)*?\s+members: (.*)$", options, re.M)
            members = members and members[1]
            found[name] = re.findall(r"\w+", members) if members and members != "false" else members
    return found


def shown(package):
    """Yield (name, object) of all that the reference has: functions, classes and methods."""
    for name, members in identifiers().items():
        yield from _under(name, package[name], members)


def _under(name, item, members):
    if item.is_function or item.is_class or item.is_attribute:
        yield name, item
    if members == "false":
        return
    for member, inner in item.members.items():
        if inner.is_alias or members and member not in members or member.startswith("_"):
            continue
        if inner.is_function or inner.is_class or "property" in inner.labels:
            yield from _under(f"{name}.{member}", inner, None)


def test_every_public_name_is_in_it(package):
    names = {name for name, _ in shown(package)}
    last = {name.rpartition(".")[2] for name in names}
    assert set(public_names()) - last == set()


def test_every_module_that_a_program_may_import_is_in_it():
    files = [*LIBRARY.glob("*.py"), *(LIBRARY / "board").glob("*.py")]
    modules = {str(path.relative_to(LIBRARY).with_suffix("")).replace("/", ".") for path in files}
    modules = {module.removesuffix(".__init__") for module in modules} - {"__init__"} - INNER
    has = {part for name in identifiers() for part in (name, name.rpartition(".")[0])}
    assert modules - has == set()


def test_every_key_of_settings_json_is_in_it():
    tree = ast.parse((LIBRARY / "connect" / "settings_checks.py").read_text(encoding="utf-8"))
    tables = [
        n.value for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Dict)
    ]
    keys = {key.value for table in tables for key in table.keys}
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs/api/board.md").read_text("utf-8"), re.M)
    assert len(keys) > 10 and set(re.findall(r"`(\w+)`", " ".join(rows))) == keys


def test_what_a_client_has_in_folders_is_in_it():
    source = (LIBRARY / "clients.py").read_text(encoding="utf-8")
    seldom = re.search(r'"calls": "(.*?)"', source)[1].split()
    seldom += re.search(r'"history": "(.*?)"', source)[1].split()
    assert {name.rpartition(".")[2] for name in identifiers()} >= set(seldom)


def test_arguments_results_and_errors_are_said(package):
    count = 0
    for name, item in shown(package):
        if name in NOT_CALLED:
            continue
        count += 1
        assert item.docstring, name
        said = item.docstring.value
        if item.is_class:
            init = item.members.get("__init__")
            if init is None or name.startswith("exceptions."):
                continue
            arguments = init.parameters
        elif item.is_function:
            arguments = item.parameters
            # The seldom called get the client itself in place of self.
            assert re.search(r"\b[Rr]eturn|\bYield", said) or not returns(item), name
        else:
            continue
        for argument in arguments:
            if (
                argument.name in ("self", "client", "d")
                or argument.kind.value == "variadic keyword"
            ):
                continue
            assert re.search(rf"\b{argument.name}\b", said), (name, argument.name)
        for error in raised(item):
            assert error in said, (name, error)
    assert count > 70


def source_tree(item):
    return ast.parse(Path(item.filepath).read_text(encoding="utf-8"))


def node_of(item):
    return next(
        node
        for node in ast.walk(source_tree(item))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and node.name == item.name
        and item.lineno <= node.lineno <= item.endlineno
    )


def returns(item):
    """Return whether a function has a `return` with a value."""
    return any(isinstance(n, ast.Return) and n.value for n in ast.walk(node_of(item)))


def raised(item):
    """Return the errors that a function, or a class's constructor, raises by itself."""
    node = node_of(item)
    if isinstance(node, ast.ClassDef):
        node = next((n for n in node.body if getattr(n, "name", "") == "__init__"), node.body[0])
    return {
        n.exc.func.id
        for n in ast.walk(node)
        if isinstance(n, ast.Raise) and isinstance(n.exc, ast.Call) and hasattr(n.exc.func, "id")
        if n.exc.func.id[0].isupper()  # else a function that makes one
    }
