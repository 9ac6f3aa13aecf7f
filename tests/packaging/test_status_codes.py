"""docs/status-codes.md says of each HTTP status what the library's table says, and nobody else."""

import ast
import re
from pathlib import Path

from tools.build import library

library.use()

from allthingstalk.rest import status_codes  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
REST = ROOT / "lib" / "allthingstalk" / "rest"
ABOUT = {
    "passes": b"passes",
    "the token": b"token",
    "unknown there": b"absent",
    "the value, or a name that exists": b"exists",
    "the value": b"value",
    "the way there": b"way",
}
# What is no meaning: the end of statuses, one without a body, one the engine cannot bear; and the
# 404 of a state that was never set. In get.py: a port.
OTHERS = {"http.py": {599, 304, 300}, "read.py": {404}, "get.py": {443}}


def documented():
    """Return {status: meaning} of the page, 300 to 599."""
    found, others = {}, {}
    for line in (ROOT / "docs" / "status-codes.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 5 or cells[2] not in ABOUT:
            continue
        for name in re.findall(r"`(\w+)`", cells[1]):
            where, names = (found, [name]) if name.isdigit() else (others, range(100))
            for n in names:
                status = int(name) if name.isdigit() else int(name[0]) * 100 + n
                assert status not in where, f"{status} is in two rows"
                where[status] = ABOUT[cells[2]]
    return {**others, **found}


def test_the_page_says_of_each_status_what_the_library_does():
    page = documented()
    assert sorted(page) == list(range(300, 600))
    assert page == {status: status_codes.kind(status) for status in page}


def test_what_is_no_status_is_about_the_way():
    assert status_codes.kind(None) == status_codes.kind(0) == b"way"


def test_no_other_file_knows_what_a_status_means():
    for path in sorted(REST.glob("*.py")):
        if path.name == "status_codes.py":
            continue
        numbers = {
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and type(node.value) is int
        }
        own = {n for n in numbers if 300 <= n <= 599 and n != 512}
        assert own <= OTHERS.get(path.name, set()), f"{path.name}: {own}"
