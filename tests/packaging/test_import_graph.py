"""The arrows between the library's modules point one way, and only boards' modules are used."""

import ast

import pytest

from tools import library

# Modules of folders are called "core.session", "core" is that folder's __init__.py.
FILES = library.modules()
MODULES = {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}

# The engines, and what MicroPython has built in on every board. `u` names are those of old ones.
ENGINES = {"umqtt", "urequests", "requests"}
BUILT_IN = (
    "asyncio binascii gc hashlib io json machine micropython network os random socket struct sys "
    "time tls ujson usocket utime"
).split()
# What is not everywhere, such as CPython's own, behind a guard.
GUARDED = {
    "banner": {"_allthingstalk_build"},  # made by `make firmware`
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
    "banner": set(),
    "board": {"exceptions", "reports", "safe_mode", "settings", "status_led"},
    "certificate": {"exceptions", "secure", "timestamps"},
    "client_setup": {"loading"},
    "clients": {"loading", "transport"},
    "clock": {"timestamps", "transport"},
    "connecting": {"loading"},
    "declaring": {"assets", "loading", "names"},
    "definition": {"loading"},
    "devices": {"assets", "loading"},
    "dialing": {"loading", "transport"},
    "digest": set(),
    "doctor": {"dialing", "exceptions", "loading", "settings"},
    "doctor_board": {"timestamps"},
    "doctor_platform": set(),
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
    "safe_mode": set(),
    "secure": {"exceptions", "timestamps"},
    "session": {"loading", "outbox", "reader"},
    "settings": set(),
    "several": {"outbox", "publishing", "values"},
    "status_led": set(),
    "timestamps": set(),
    "transport": set(),
    "values": set(),
    "watchdog": {"transport"},
    "wifi": {"transport"},
}


def folder_of(module):
    """Return the folder that a module's `from .` means: "core", "" for the package itself."""
    inside = FILES[module].name == "__init__.py" and module != "__init__"
    return module if inside else module.rpartition(".")[0]


def meant(node, folder):
    """Return the modules that a relative import in a folder names."""
    parts = folder.split(".") if folder else []
    base = ".".join([*parts[: len(parts) + 1 - node.level], *filter(None, [node.module])])
    full = [f"{base}.{n.name}" if base else n.name for n in node.names]
    found = [name if name in MODULES or not base else base for name in full]
    return [name for name in found if not name.startswith("__")]  # `from . import __version__`


def imports(tree, folder=""):
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
            for name in meant(node, folder):
                yield name, True, top
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            name, dot, call = node.value.rpartition(".")  # what loading.function() is given
            if dot and name in MODULES and call.isidentifier():
                yield name, True, False


def own(tree, only_at_top=False, folder=""):
    return {name for name, ours, top in imports(tree, folder) if ours and (top or not only_at_top)}


def arrows(module, only_at_top=False):
    """Return the modules of the library that a module imports."""
    return own(MODULES[module], only_at_top, folder_of(module))


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
    assert module in ARROWS, f"{module} is new: say in ARROWS what it may import"
    assert arrows(module, only_at_top=True) <= ARROWS[module]


def test_no_arrow_is_left_of_a_module_that_is_gone():
    assert set(ARROWS) == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_nobody_imports_clients_but_what_makes_one_for_the_program(module):
    assert module == "settings" or "clients" not in arrows(module)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_package_that_is_imported_exists(module):
    assert arrows(module) <= set(MODULES)


def test_the_imports_at_the_top_have_no_circle():
    assert circle({module: arrows(module, only_at_top=True) for module in MODULES}) is None


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
        assert not arrows(module) & {"devices", "connecting", "definition"}


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


@pytest.mark.parametrize(
    ("source", "folder", "module"),
    [
        ("from . import session", "core", "core.session"),
        ("from .session import Session", "core", "core.session"),
        ("from . import a_function", "core", "core"),
        ("from ..net.link import Link", "core", "net.link"),
        ("from ..net import link", "core", "net.link"),
        ("from .. import devices", "core", "devices"),
        ("from .net import link", "", "net.link"),
        ("from .net.link import Link", "", "net.link"),
        ("call('core.session.recover')", "", "core.session"),
    ],
)
def test_an_import_between_folders_is_understood(monkeypatch, source, folder, module):
    for name in ("core", "core.session", "net", "net.link", "devices"):
        monkeypatch.setitem(MODULES, name, None)
    assert own(ast.parse(source), folder=folder) == {module}


def test_the_folder_of_a_module_is_where_its_file_lies(monkeypatch, tmp_path):
    for path in ("__init__", "core/__init__", "core/session", "clients"):
        monkeypatch.setitem(
            FILES, path.replace("/", ".").removesuffix(".__init__"), tmp_path / f"{path}.py"
        )
    assert [folder_of(name) for name in ("__init__", "core", "core.session", "clients")] == [
        *("", "core", "core", ""),
    ]
