"""The rules of the house: arrows point one way, and only what boards have is imported.

Every import counts: also those inside functions, those made for Client.__getattr__ by the table
_SELDOM in clients.py, and those of `_call("connect.recover", ...)`.
"""

import ast

import pytest
from test_held import HELD

from tests.support.doc_blocks import public_names
from tools.build import library

# Modules of folders are called "core.session", "core" is that folder's __init__.py.
FILES = library.modules()
MODULES = {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}

# The engines, and what MicroPython has built in on every board. `u` names are those of old ones.
ENGINES = {"umqtt", "urequests", "requests"}
BUILT_IN = (
    "asyncio binascii builtins gc hashlib io json machine micropython network os random select "
    "socket struct sys time tls ujson usocket utime"
).split()
# What is not everywhere, such as CPython's own, behind a guard.
GUARDED = {
    "board.banner": {"_allthingstalk_build"},  # made by `make firmware`
    "connect.bring_up": {"atexit"},
    "readings": {"_allthingstalk_build"},
    "calls": {"_thread"},
    "core.assignments": {"_thread"},
}
NEVER = "copy dataclasses datetime enum logging typing".split()

# Files at the top that a program does not import by a public name, and why they are no folder.
NOT_PUBLIC = {
    "__init__": "the package itself",
    "overlay": "lets folders go, and stays",
    "history": "device.history() and client.get_asset_states()",
    "outbox_convert": "JSON in the outbox's file to CBOR and back, after a change of payload",
    "outbox_read": "what the outbox's file held at the start; it comes and goes",
    "outbox_record": "the records of the outbox's file",
    "outbox_file": "the outbox on flash: Client(outbox=path) loads it, and then it stays",
    "utf8": "strict JSON: REST, settings and text beyond ASCII load it",
    "fronts": "client.start() and client.run(): what they leave behind stays",
}
# What the heart may use besides itself.
CORE_USES = {"outbox", "exceptions", "timestamps", "utf8", "cbor"}


def table(module, name):
    """Return the literal that a module assigns to a name at its top."""
    for node in MODULES[module].body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{module} has no {name}")


SELDOM = table("clients", "_SELDOM")
ENDINGS = table("__init__", "_ENDINGS")
PUBLIC_MODULES = table("__init__", "_MODULES").split()


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
    # `from . import __version__`: the package is there before any module of it.
    return [name for name in found if not name.startswith("__")]


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
        elif isinstance(node, ast.Call) and called(node) == "_call":
            if isinstance(node.args[0], ast.Constant):  # else a name out of _SELDOM
                yield node.args[0].value, True, False
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "_SELDOM":
            for name in ast.literal_eval(node.value):
                yield name, True, False


def called(node):
    """Return the name of the function or method that a Call calls."""
    return getattr(node.func, "attr", getattr(node.func, "id", None))


def own(tree, only_at_top=False, folder=""):
    return {name for name, ours, top in imports(tree, folder) if ours and (top or not only_at_top)}


def arrows(module, only_at_top=False):
    """Return the modules of the library that a module imports."""
    return own(MODULES[module], only_at_top, folder_of(module))


def circle(graph):
    """Return a path of modules that import each other in a circle, None if there is none."""
    done = set()

    def follow(path):
        for name in sorted(graph[path[-1]]):
            if name in path:
                return [*path[path.index(name) :], name]
            if name not in done:
                found = follow([*path, name])
                if found:
                    return found
        done.add(path[-1])

    return next(filter(None, (follow([name]) for name in graph)), None)


def test_no_modules_import_each_other_in_a_circle():
    assert circle({module: arrows(module) & set(MODULES) for module in MODULES}) is None


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_package_that_is_imported_exists(module):
    assert arrows(module) <= set(MODULES)


@pytest.mark.parametrize("module", [m for m in MODULES if m.split(".")[0] == "core"])
def test_the_core_knows_what_it_needs_and_nothing_else(module):
    assert {name for name in arrows(module) if name.split(".")[0] != "core"} <= CORE_USES


@pytest.mark.parametrize("module", [m for m in MODULES if m.split(".")[0] == "net"])
def test_net_knows_nothing_of_ours(module):
    assert not arrows(module)


@pytest.mark.parametrize("module", MODULES)
def test_nobody_imports_clients_but_what_makes_one_for_the_program(module):
    assert module in ("board.settings", "aio") or "clients" not in arrows(module)


@pytest.mark.parametrize("module", MODULES)
def test_boards_and_the_doctor_are_for_those_who_ask(module):
    asked = {name for name in arrows(module) if name.split(".")[0] in ("board", "doctor")}
    folder = module.split(".")[0]
    if folder == "fronts":  # client.start(watchdog=8)
        asked -= {"board.watchdog"}
    elif folder in ("board", "doctor"):
        asked = {name for name in asked if (folder, name.split(".")[0]) == ("board", "doctor")}
    elif folder == "portal":  # what board.setup_portal loads: it asks the doctor
        asked = set()
    assert not asked


@pytest.mark.parametrize("module", sorted(HELD))
def test_what_stays_loads_at_its_top_only_what_stays(module):
    module = module.partition(".")[2] or "__init__"
    names = arrows(module, only_at_top=True) - {"core.no_threads"}  # where there is no `_thread`
    assert {f"allthingstalk.{name}" for name in names} <= HELD


def test_a_file_at_the_top_is_a_public_name_or_says_why_not():
    at_top = {name for name in MODULES if FILES[name].parent == FILES["__init__"].parent}
    assert at_top - {*ENDINGS.values(), *PUBLIC_MODULES} == set(NOT_PUBLIC)


def test_the_public_names_are_the_classes_with_their_endings():
    found = set()
    for ending, module in ENDINGS.items():
        found |= {
            node.name
            for node in MODULES[module].body
            if isinstance(node, ast.ClassDef) and node.name.endswith(ending)
        }
    assert found == set(public_names())


@pytest.mark.parametrize("module", SELDOM)
def test_what_a_client_seldom_calls_is_a_function_that_takes_a_client(module):
    takes = {
        node.name: node.args.args[0].arg
        for node in MODULES[module].body
        if isinstance(node, ast.FunctionDef) and node.args.args
    }
    for name in SELDOM[module].split():
        assert takes.get(name) == "client", name


CODE_BY_TEXT = ("__import__", "import_module", "exec", "execfile")


def test_only_the_package_and_the_client_import_by_a_text():
    found = {
        module
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in CODE_BY_TEXT
    }
    assert found == {"__init__", "clients", "update"}  # update executes a program's main.py


def overlays(module):
    """Yield (folder, modules) of each `with Overlay(folder):` block."""
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.With) and isinstance(node.items[0].context_expr, ast.Call):
            call = node.items[0].context_expr
            if called(call) == "Overlay" and isinstance(call.args[0], ast.Constant):
                block = ast.Module(body=node.body, type_ignores=[])
                yield call.args[0].value, own(block, folder=folder_of(module))


def test_a_block_of_an_overlay_imports_of_its_folder():
    blocks = [(m, folder, names) for m in MODULES for folder, names in overlays(m)]
    assert len(blocks) > 4
    for module, folder, names in blocks:
        others = {name for name in names if not f"{name}.".startswith(f"{folder}.")}
        assert not others, f"{module}: Overlay({folder!r}) imports {others}"


@pytest.mark.parametrize("module", MODULES)
def test_only_engines_and_modules_of_boards_are_imported(module):
    others = {name for name, ours, _ in imports(MODULES[module]) if not ours}
    assert others <= {*ENGINES, *BUILT_IN, *GUARDED.get(module, ())}


@pytest.mark.parametrize("module", GUARDED)
def test_what_is_not_everywhere_is_imported_inside_a_function_or_a_try(module):
    bare = [node for node in MODULES[module].body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {name for name, _, _ in imports(ast.Module(body=bare, type_ignores=[]))}
    assert not names & GUARDED[module]


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
        ("self._call('core.session', 'f', e)", "", "core.session"),
        ("_SELDOM = {'core.session': 'a b'}", "", "core.session"),
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
