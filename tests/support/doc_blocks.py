"""The fenced blocks of README, docs and the READMEs beside code, and what the tests do with each.

The fence says it: ```python {from=examples/cbor/main.py}. mkdocs is not shown what is in braces.

| language | mark | what is done with it |
|---|---|---|
| python | | run on CPython, all of a page as one program; `# -> text` is what a line prints |
| python | file=PATH | compared with the whole file, an example, which test_examples runs |
| python | from=PATH | the file has these lines, in this order and one below the other |
| python | save=NAME | also put into the folder in which the page's commands run |
| console | | each line that begins with "$ " is run; what follows is what it prints |
| console | serve | the same, but it goes on until the page ends |
| console | on=WORD | no command: what the one that goes on, with that word in it, prints by now |
| console | fails | the same as without a mark, but the command ends with an error |
| json, csv | save=NAME | read; put into that folder too |
| text | | a picture made of letters; not run |
| any | skip=REASON | not run: it needs hardware or the internet |

In what a command prints "…", with what is written to it as in 6c4f…, stands for anything, and
numbers for numbers; lines may be left out. In a command such a word is the device's id, and in a
settings.json "…" what the platform gives: each reader has others.
"""

import re
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "boards/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
_BLOCK = re.compile(r"^( *)```(\w*)(?: \{([^}\n]*)\})?\n(.*?)^\1```$", re.M | re.S)

Block = namedtuple("Block", "page line language marks text")


def public_names():
    """Return the names that the docstring of the package lists."""
    source = (ROOT / "lib" / "allthingstalk" / "__init__.py").read_text(encoding="utf-8")
    return [name for row in re.findall(r"^- `(.*?)`", source, re.M | re.S) for name in row.split()]


def name(page):
    """Return what a page is called: "docs/tutorial.md"."""
    return page.relative_to(ROOT).as_posix()


def blocks(page):
    """Return the blocks of a page, in order; those in HTML comments are the tests' alone."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        indent, language, marks, block = match.groups()
        marks = dict(re.findall(r'(\w+)=?("[^"]*"|\S*)', marks or ""))
        lines = [line.removeprefix(indent) for line in block.splitlines()]
        line = text.count("\n", 0, match.start()) + 1
        marks = {key: value.strip('"') for key, value in marks.items()}
        found.append(Block(name(page), line, language, marks, "\n".join(lines) + "\n"))
    return found


def commands(block):
    """Return [(command, what is shown of its output)] of a console block."""
    found = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def pattern(shown):
    """Return a regular expression for a line that a page shows."""
    parts = re.split(r"(\w*…|\d+)", shown.strip())
    known = [
        ".*" if part.endswith("…") else r"\d+" if part.isdigit() else re.escape(part)
        for part in parts
    ]
    return "".join(known)


def missing(shown, output):
    """Return the first of the lines shown that is not printed, in their order; None: all are."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", output)]
    at = 0
    for line in filter(str.strip, shown):
        while at < len(lines) and not re.fullmatch(pattern(line), lines[at]):
            at += 1
        if at == len(lines):
            return line.strip()
        at += 1
    return None
