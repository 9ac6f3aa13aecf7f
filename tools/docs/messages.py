"""Finds the messages that library and tools can print or raise, in their syntax trees.

What is filled in when the program runs is "…": `"%s takes %s"` is the message "… takes …".
"""

import ast
import re
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "lib" / "allthingstalk"
TOOLS = ROOT / "tools"
# Functions whose first text is a message; the tools' reports of what they did are none.
SAYS = {"report", "print", "log", "say", "_say", "told", "refusal"}
FOR_BOARDS = {"board", "image", "build", "bootstrap"}  # folders, and a file, of tools/
FAILS = {"exit", "fail", "error", "SystemExit"}
# Tables of names, by their first words: sentences in the source that nobody ever reads.
NOT_SAID = {
    "allthingstalk/__init__.py": "Asset AllThingsTalkException profiles",
    "allthingstalk/clients.py": "lost head",
    "allthingstalk/connect/__init__.py": "state closed offline refused assets lookup tcp tls "
    "connack online",
    "allthingstalk/connect/error_texts.py": "Name",
    "allthingstalk/declare/__init__.py": "minimum",
    "allthingstalk/doctor/__init__.py": "settings",
    "allthingstalk/health.py": "signal",
    "allthingstalk/readings/__init__.py": "signal memory uptime reset link errors versions "
    "PWRON_RESET HARD_RESET DEEPSLEEP_RESET SOFT_RESET",
    "allthingstalk/rest/get.py": "Authorization:",
    "tools/board/given_settings.py": "token the Token Host Country File Id Time",
    "tools/board/ports.py": "Silicon",
    "tools/build/mip_index.py": "an says run sets signed",
    "tools/build/release.py": "allthingstalk",
}
_CODE = re.compile(r"\bimport |\bdef |[\\|^]|\w\(|CREATE TABLE|from versions")
_MARKUP = re.compile(r"</?[a-z!]|^Content-|^auto\w+=")  # of a web page, and of HTTP's head
_NO_TEXT = {"decode", "encode", "replace"}
_FILLED_IN = re.compile(r"%(?:\(\w+\))?[-+0#]*\d*(?:\.\d+)?[srdxXf]|\{[^{}]*\}")
_WORDS = re.compile(r"[a-z]{2,}[,;:']? \S*[a-z]")

Message = namedtuple("Message", "module how text")


def of_library():
    """Return the messages of the library, each once a module, in the order of its files."""
    found = [message for path in sorted(LIBRARY.rglob("*.py")) for message in of_file(path, SAYS)]
    return [message for message in found if message.how or not _is_a_table(message)]


def of_tools():
    """Return what the tools say where they end without having done what was asked."""
    paths = [path for path in sorted(TOOLS.rglob("*.py")) if path.parent != Path(__file__).parent]
    found = [message for path in paths for message in of_file(path, FAILS)]
    found = [message for message in found if message.how or not _is_a_table(message)]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    said = re.findall(r'\|\| \{ echo "(.*?)"; exit', makefile)
    said = [text.replace("$$PYTHON", "…") for text in said]
    return [*(Message("Makefile", "exit", text) for text in said), *found]


def of_file(path, functions):
    """Return the messages of a file: of its raise statements, and of calls of these functions.

    Also the sentences that stand alone and are put into a message elsewhere: any of a file of the
    library; of the tools that have to do with boards those of tables and of returns.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = str(path.relative_to(LIBRARY.parent if LIBRARY in path.parents else ROOT))
    found, seen = {}, set()
    for node in ast.walk(tree):
        call, how = None, ""
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            call, how = node.exc, _name(node.exc.func)
        elif isinstance(node, ast.Call) and _name(node.func) in functions:
            call, how = node, ""
        for argument in call.args if call else ():
            for text in texts(argument):
                found.setdefault(text, (node.lineno, how))
            seen.update(id(part) for part in ast.walk(argument))
    for node in _alone(path, tree):
        if id(node) not in seen:
            for text in _sentences(_text(node)):
                found.setdefault(text, (node.lineno, ""))
    order = sorted(found, key=lambda text: found[text][0])
    return [Message(module, found[text][1], text) for text in order]


def _alone(path, tree):
    """Return the literals of a file that may be sentences."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    if LIBRARY in path.parents:
        return [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in docs]
    if not FOR_BOARDS & {path.stem, *path.parts}:
        return []
    places = [n for n in tree.body if isinstance(n, ast.Assign)]
    places += [n for n in ast.walk(tree) if isinstance(n, ast.Return) and n.value]
    return [literal for place in places for literal in _literals(place.value)]


def _literals(node):
    """Return the texts below a node, each whole: not the parts of an f-string."""
    if isinstance(_text(node), str):
        return [] if _CODE.search(_text(node)) else [node]
    return [found for inner in ast.iter_child_nodes(node) for found in _literals(inner)]


def texts(node):
    """Return the texts that an expression may be: none, one, or both of an `a if b else c`."""
    text = _text(node)
    if isinstance(text, str):
        text = re.sub("…+", "…", re.sub(r"\s*\n\s*", " ", text).strip())
        return [text] if _is_said(text) else []
    if isinstance(node, ast.IfExp):
        return texts(node.body) + texts(node.orelse)
    if isinstance(node, ast.Call) and _name(node.func) not in _NO_TEXT:  # makes one of another
        return [text for argument in node.args for text in texts(argument)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return texts(node.left)
    return []


def _text(node):
    """Return the text of an expression, with "…" for what is filled in; None: it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("%%", "%")
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        text = _text(node.left)
        return None if text is None else _FILLED_IN.sub("…", text)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        if left is not None or right is not None:
            return (left or "…") + (right or "…")
    return None


def _sentences(value):
    """Return what of a literal that stands alone is a message: its lines of several words."""
    if not isinstance(value, str):
        return []
    lines = [line.strip().lstrip("-0123456789 ") for line in value.split("\n")]
    lines = [_FILLED_IN.sub("…", line) for line in lines]
    lines = [line for line in lines if len(line.split()) > 2 and _WORDS.search(line)]
    return [line for line in lines if not _MARKUP.search(line)]


def _is_a_table(message):
    return message.text.split()[0] in NOT_SAID.get(message.module, "").split()


def _is_said(text):
    return bool(re.search(r"[a-z]{3}", text.replace("allthingstalk: ", "")))


def _name(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
