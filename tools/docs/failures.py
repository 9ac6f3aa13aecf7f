"""Writes what is made from the code into docs/when-something-fails.md: tables and messages.

    python -m tools.docs.failures    `make docs` does so too

What each message means stands in explanations.py.
"""

import ast
import re
import sys
from itertools import groupby

from tools.build import library
from tools.docs import messages
from tools.docs.explanations import CONNACK, EXPLAINED, OURS

PAGE = messages.ROOT / "docs" / "when-something-fails.md"
_PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- /made -->)", re.S)


def page(text):
    """Return the text of the page with all that is made from the code put in anew."""
    parts = {
        "connack": connack,
        "ours": ours,
        "network": lambda: numbers("_NETWORK"),
        "esp32": lambda: numbers("_ESP32"),
        "tls": lambda: numbers("_TLS", "-"),
        "wifi": wifi,
        "library": of_library,
        "tools": of_tools,
    }
    return _PART.sub(lambda found: f"{found[1]}\n{parts[found[2]]()}\n\n{found[3]}", text)


def connack():
    """Return the table of the broker's answers to CONNECT."""
    library.use()
    from allthingstalk.connect.connack_codes import _TEXTS

    rows = [f"| CONNACK {code} | {text} | {CONNACK[code]} |" for code, text in _TEXTS.items()]
    return "\n".join(["| number | the library says | what to do |", "|---|---|---|", *rows])


def ours():
    """Return the table of what `core` takes a link for dead for."""
    library.use()
    from allthingstalk.connect.error_texts import _OURS

    said = dict(line.split(" ", 1) for line in _OURS.strip().split("\n"))
    rows = [f"| {text} | {OURS[int(number)]} |" for number, text in said.items()]
    return "\n".join(["| the library says | what it means; what to do |", "|---|---|", *rows])


def numbers(name, sign=""):
    """Return a table of error_texts: the numbers, what they mean and what to do."""
    library.use()
    from allthingstalk.connect import error_texts

    return _table(getattr(error_texts, name), sign)


def wifi():
    """Return the table of the numbers of a Wi-Fi's status."""
    library.use()
    from allthingstalk.connect import wifi_texts

    return _table(wifi_texts._WIFI)


def _table(lines, sign=""):
    rows = ["| number | what it means; what to do |", "|---|---|"]
    for line in lines.strip().split("\n"):
        of, text = re.fullmatch(r"((?:-?\d+ )+)(.*)", line).groups()
        rows.append(f"| {', '.join(sign + number for number in of.split())} | {text} |")
    return "\n".join(rows)


def of_library():
    """Return the messages of the library under their modules, with what they mean."""
    modules = [(module, list(found)) for module, found in _by_module(messages.of_library())]
    missing = [module for module, _ in modules if module not in EXPLAINED]
    if missing:
        sys.exit(f"docs: tools/docs/explanations.py says nothing of {', '.join(missing)}")
    return "\n\n".join(
        _section(module, EXPLAINED[module][0], found, EXPLAINED[module][1])
        for module, found in modules
    )


def of_tools():
    """Return the messages of the tools; they say what to do, and their modules what they are."""
    return "\n\n".join(
        _section(module, summary(module), found, {})
        for module, found in _by_module(messages.of_tools())
    )


def summary(module):
    """Return the first sentences of a module's docstring."""
    if module == "Makefile":
        return "What `make` itself says."
    tree = ast.parse((messages.ROOT / module).read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")


def _by_module(found):
    return groupby(found, key=lambda message: message.module)


def _section(module, about, found, explained):
    lines = [f"#### `{module}`", ""]
    if about:
        lines += [about, ""]
    for message in found:
        meaning = explained.get(message.text)
        lines.append(f"- {_code(message.text)}" + (f": {meaning}" if meaning else ""))
    return "\n".join(lines)


def _code(text):
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def write():
    """Write the page anew if it is out of date."""
    was = PAGE.read_text(encoding="utf-8")
    now = page(was)
    if now != was:
        PAGE.write_text(now, encoding="utf-8")


if __name__ == "__main__":
    write()
