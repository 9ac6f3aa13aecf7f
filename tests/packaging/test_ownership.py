"""Each piece of state has one owner, the class in whose file it is assigned; so has each figure.

Read off the syntax trees: nobody touches `other._private`, no constant is there twice, and nobody
but the table of states makes up a state.
"""

import ast

import pytest
from test_import_graph import MODULES, called, table

ALLOWED = {"_attach_device"}  # what a client may have to hear of a device: the SDK's protocol
TABLE = [line.split() for line in table("connect", "TABLE").split("\n")]
EVENTS = TABLE[0][1:]
STATES = [row[0] for row in TABLE[1:]]
STATUSES = {"offline", "connecting", "online", "refused", "closed"}  # of the API


def is_private(name):
    return name.startswith("_") and not name.startswith("__") and name not in ALLOWED


def foreign(tree):
    """Yield (line, text) of each access to a private attribute of another object."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = node.value
            own = isinstance(owner, ast.Name) and owner.id in ("self", "cls")
            if not own and not (isinstance(owner, ast.Call) and called(owner) == "super"):
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Call) and called(node) in ("getattr", "setattr", "hasattr"):
            name = node.args[1]
            if ast.unparse(node.args[0]) == "sys.implementation":
                continue  # MicroPython's, which calls all that is not Python's own so
            if isinstance(name, ast.Constant) and is_private(str(name.value)):
                yield node.lineno, ast.unparse(node)


def inherited(tree):
    """Yield (line, name) of each `self._x` that no class of the file has."""
    has = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    used = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            has.add(node.id)  # at the top of a class
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                if isinstance(node.ctx, ast.Store):
                    has.add(node.attr)
                used.append((node.lineno, node.attr))
    return [(line, name) for line, name in used if name not in has]


def constants(tree):
    """Return {name: value as text} of what a file and its classes fix once and for all."""
    found = {}
    for body in [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]:
        for node in body:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    name = getattr(target, "id", "")
                    if name.isupper():
                        found[name] = ast.unparse(node.value)
    return found


def texts(node):
    """Return the texts that stand in an expression, or in a tuple of them."""
    parts = node.elts if isinstance(node, (ast.Tuple, ast.List, ast.Set)) else [node]
    return [part.value for part in parts if isinstance(part, ast.Constant)]


def made_up(tree):
    """Yield (line, text) of what `.state` or `.status` is compared with, or set to, but is none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.Assign):
            sides = [*node.targets, node.value]
        else:
            continue
        kinds = {side.attr for side in sides if isinstance(side, ast.Attribute)}
        known = {*(STATES if "state" in kinds else ()), *(STATUSES if "status" in kinds else ())}
        if known:
            for text in sum(map(texts, sides), []):
                if isinstance(text, str) and text not in known:
                    yield node.lineno, text


def unknown_events(tree):
    """Yield (line, text) of each call of move() with an event that the table does not have."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) == "move":
            words = [text for argument in node.args[:2] for text in texts(argument)]
            if words and words[0] not in EVENTS:
                yield node.lineno, words[0]


@pytest.mark.parametrize("module", MODULES)
def test_nobody_reaches_for_what_is_anothers_own(module):
    assert list(foreign(MODULES[module])) == []


@pytest.mark.parametrize("module", MODULES)
def test_a_class_uses_no_private_name_of_a_class_in_another_file(module):
    assert inherited(MODULES[module]) == []


def test_no_constant_is_there_twice():
    """The same name for the same figure: two that have to be changed together."""
    where = {}
    for module, tree in MODULES.items():
        for name, value in constants(tree).items():
            where.setdefault((name, value), []).append(module)
    assert {key: modules for key, modules in where.items() if len(modules) > 1} == {}


@pytest.mark.parametrize("module", MODULES)
def test_nobody_makes_up_a_state(module):
    assert module == "connect" or list(made_up(MODULES[module])) == []


@pytest.mark.parametrize("module", MODULES)
def test_each_event_is_one_of_the_table(module):
    assert list(unknown_events(MODULES[module])) == []


def test_only_the_table_and_a_memory_that_is_full_change_the_state():
    found = {
        module
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if node.attr == "state" and not module.startswith(("board.", "doctor."))
    }
    assert found == {"connect", "clients"}


@pytest.mark.parametrize(
    ("source", "check"),
    [
        ("client._x", foreign),
        ("self.outbox._x = 1", foreign),
        ("getattr(client, '_x')", foreign),
        ("class A:\n    def f(self):\n        return self._x", inherited),
        ("if client.state == 'on line': pass", made_up),
        ("if client.status in ('closed', 'gone'): pass", made_up),
        ("if client.status == 'tcp': pass", made_up),
        ("client.state = client.status = 'away'", made_up),
        ("move(client, 'los')", unknown_events),
        ("client.move('los', reason)", unknown_events),
    ],
)
def test_it_is_noticed(source, check):
    assert list(check(ast.parse(source)))


@pytest.mark.parametrize(
    ("source", "check"),
    [
        ("self._x; cls._x; super()._x(); x.__name__; client._attach_device(d)", foreign),
        ("class A:\n    _y = 0\n    def f(self):\n        self._x = self._y", inherited),
        ("if client.state == 'tcp' or e.status == 404: pass", made_up),
        ("move(client, 'lost', 'because')", unknown_events),
    ],
)
def test_and_nothing_else(source, check):
    assert list(check(ast.parse(source))) == []
