"""The arrows between the library's modules point one way, and only boards' modules are used."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "lib" / "allthingstalk"


def parsed(path):
    """Return (name, syntax tree) of a module, such as "board.wifi"; the tree has its folder."""
    parts = path.relative_to(LIBRARY).with_suffix("").parts
    tree = ast.parse(path.read_text())
    tree.folder = parts[:-1]
    if tree.folder and parts[-1] == "__init__":
        parts = tree.folder
    return ".".join(parts), tree


MODULES = dict(parsed(path) for path in sorted(LIBRARY.rglob("*.py")))

# The engines, and what MicroPython has built in on every board. `u` names are those of old ones.
ENGINES = {"umqtt", "urequests", "requests"}
BUILT_IN = (
    "asyncio binascii gc hashlib io json machine micropython network os random socket struct sys "
    "time tls ujson usocket utime"
).split()
# What is not everywhere, such as CPython's own, behind a guard.
GUARDED = {
    "board.banner": {"_allthingstalk_build"},  # made by `make firmware`
    "connecting": {"atexit"},
    "reports": {"traceback"},
}
NEVER = "copy dataclasses datetime enum logging typing".split()

# Who may import whom while it is being loaded: nobody needs more than stands here to be imported
# alone. The parts that are loaded while they are needed are imported inside functions.
ARROWS = {
    "__init__": set(),
    "aio": set(),
    "asset_kinds": {"assets"},
    "asset_list": {"asset_object"},
    "asset_object": {"assets", "loading"},
    "asset_state": set(),
    "assets": {"loading"},
    "background": set(),
    "board": set(),
    "board.banner": set(),
    "board.clock": {"timestamps", "transport"},
    "board.ports": set(),
    "board.runner": {
        "board.safe_mode",
        "board.settings",
        "board.status_led",
        "exceptions",
        "reports",
    },
    "board.safe_mode": {"board.ports"},
    "board.settings": set(),
    "board.status_led": set(),
    "board.watchdog": {"board.ports", "transport"},
    "board.wifi": {"board.ports", "transport"},
    "client_setup": {"loading"},
    "clients": {"loading", "transport"},
    "connecting": {"loading"},
    "declaring": {"assets", "loading", "names"},
    "definition": {"loading"},
    "devices": {"assets", "loading"},
    "dialing": {"loading", "transport"},
    "digest": set(),
    "doctor": set(),
    "doctor.board_steps": {"timestamps"},
    "doctor.certificate": {"exceptions", "secure", "timestamps"},
    "doctor.platform_steps": set(),
    "doctor.visit": {"board.settings", "exceptions", "loading"},
    "exceptions": set(),
    "exchange": {"transport"},
    "explain": set(),
    "failures": {"exceptions"},
    "leaving": set(),
    "loading": set(),
    "loop": {"loading", "publishing"},
    "messages": {"assets", "devices", "loading"},
    "names": set(),
    "opening": {"dialing", "loading"},
    "outbox": set(),
    "outbox_file": {"outbox", "publishing", "timestamps"},
    "oversize": {"reader"},
    "profiles": set(),
    "publishing": {"loading"},
    "reader": {"loading"},
    "reading": set(),
    "recovery": {"failures", "loading"},
    "refusals": {"exceptions"},
    "reports": set(),
    "request": {"dialing", "exchange", "loading"},
    "rest_assets": {"loading", "request"},
    "rest_states": {"outbox", "publishing", "request"},
    "secure": {"exceptions", "timestamps"},
    "session": {"loading", "outbox", "reader"},
    "several": {"outbox", "publishing", "values"},
    "timestamps": set(),
    "transport": set(),
    "values": set(),
}


def imports(tree):
    """Yield (module, is of this package, at the top of the file) of each import."""
    at_top = set()
    for node in tree.body:
        inner = [node]
        if isinstance(node, (ast.Try, ast.If)):
            inner = ast.walk(node)
        at_top.update(id(n) for n in inner if isinstance(n, (ast.Import, ast.ImportFrom)))
    for node in ast.walk(tree):
        top = id(node) in at_top
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name.split(".")[0], False, top
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0], False, top
        elif isinstance(node, ast.ImportFrom):
            folder = getattr(tree, "folder", ())
            base = ".".join([*folder[: len(folder) + 1 - node.level], *(node.module or "").split()])
            found = [base]
            if not node.module:  # `from .. import name`: a module, or a name of the package
                found = [f"{base}.{n.name}".lstrip(".") for n in node.names]
                found = [name if name in MODULES else base or name for name in found]
            for name in found:
                if not name.startswith("__"):  # `from .. import __version__`
                    yield name, True, top
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            name, dot, call = node.value.rpartition(".")  # what loading.function() is given
            if dot and name in MODULES and call.isidentifier():
                yield name, True, False


def own(tree, only_at_top=False):
    return {name for name, ours, top in imports(tree) if ours and (top or not only_at_top)}


def circle(graph):
    """Return a path of modules that import each other in a circle, None if there is none."""

    def follow(path):
        for name in sorted(graph[path[-1]]):
            if name in path:
                return [*path[path.index(name) :], name]
            found = follow([*path, name])
            if found:
                return found

    return next(filter(None, (follow([name]) for name in graph)), None)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_at_its_top_only_what_the_design_allows(module):
    assert module in ARROWS, f"{module}.py is new: say in ARROWS what it may import"
    assert own(MODULES[module], only_at_top=True) <= ARROWS[module]


def test_no_arrow_is_left_of_a_module_that_is_gone():
    assert set(ARROWS) == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_nobody_imports_clients_but_what_makes_one_for_the_program(module):
    assert module == "board.settings" or "clients" not in own(MODULES[module])


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_package_that_is_imported_exists(module):
    assert own(MODULES[module]) <= set(MODULES)


def test_the_imports_at_the_top_have_no_circle():
    assert circle({name: own(tree, only_at_top=True) for name, tree in MODULES.items()}) is None


def test_the_lower_half_does_not_know_devices():
    for module in (
        "session",
        "reader",
        "outbox",
        "outbox_file",
        "request",
        "transport",
        "dialing",
        "exchange",
    ):
        assert not own(MODULES[module]) & {"devices", "connecting", "definition"}


@pytest.mark.parametrize("module", MODULES)
def test_only_engines_and_modules_of_boards_are_imported(module):
    others = {name for name, ours, _ in imports(MODULES[module]) if not ours}
    assert others <= {*ENGINES, *BUILT_IN, *GUARDED.get(module, ())}


@pytest.mark.parametrize("module", GUARDED)
def test_what_is_not_everywhere_is_imported_inside_a_function(module):
    assert not [
        name for name, _, top in imports(MODULES[module]) if top and name in GUARDED[module]
    ]


def problems(tree):
    """Return what a tree uses that the board does not have at run time."""
    found = [name for name, ours, _ in imports(tree) if name in NEVER and not ours]
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.keywords:
            found.append(f"class {node.name} with keywords such as metaclass=")
        if isinstance(node, ast.FunctionDef) and node.name == "__init_subclass__":
            found.append("__init_subclass__")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_no_module_uses_what_boards_lack_at_run_time(module):
    assert problems(MODULES[module]) == []


@pytest.mark.parametrize(
    "source",
    [
        "import typing",
        "def f():\n    from dataclasses import field",
        "class A(metaclass=M): pass",
        "class A:\n    def __init_subclass__(cls): pass",
    ],
)
def test_such_a_use_is_noticed(source):
    assert problems(ast.parse(source))


def test_a_circle_is_noticed():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_an_import_in_a_try_at_the_top_counts_as_one_at_the_top():
    tree = ast.parse("try:\n    from . import a\nexcept ImportError:\n    pass\n")
    assert own(tree, only_at_top=True) == {"a"}
    assert own(ast.parse("def f():\n    from .a import b"), only_at_top=True) == set()
