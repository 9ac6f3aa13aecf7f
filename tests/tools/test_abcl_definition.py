"""`make abcl` prints the definition of a program's layout, without running the program."""

import json
import subprocess
import sys

import pytest

from tools.board import abcl_definition
from tools.simulate.local_platform import abcl_states

IMPORT = "from allthingstalk import abcl"


def printed(path):
    command = [sys.executable, "-m", "tools.board.abcl_definition", str(path)]
    return subprocess.run(command, capture_output=True, text=True)


def definition(source):
    (layout,) = abcl_definition.layouts(source, "main.py")
    return abcl_definition.definition(layout)["sense"]


def test_each_type_has_its_selectors():
    source = """
from allthingstalk import abcl
LAYOUT = abcl.Format(
    ("a", "int8"), ("b", "uint16", 0.1), ("c", "float"), ("d", "double"), ("e", "bit", 7),
    ("f", "bit", 0), ("g", "int32", 0.5, -40), ("h", "uint8", 10, 3), order="little",
)
raise SystemExit("this is not run")
"""
    assert definition(source) == [
        {"asset": asset, "value": value}
        for asset, value in (
            ("a", {"byte": 0, "bytelength": 1, "byteorder": "little", "type": "integer"} | SIGNED),
            (
                "b",
                {"byte": 1, "bytelength": 2, "byteorder": "little", "type": "integer"}
                | {"calculation": "val / 10"},
            ),
            ("c", {"byte": 3, "bytelength": 4, "byteorder": "little", "type": "number"}),
            ("d", {"byte": 7, "bytelength": 8, "byteorder": "little", "type": "number"}),
            ("e", {"byte": 15, "bit": 7, "type": "boolean"}),
            ("f", {"byte": 15, "bit": 0, "type": "boolean"}),
            (
                "g",
                {"byte": 16, "bytelength": 4, "byteorder": "little", "type": "integer"}
                | SIGNED
                | {"calculation": "val / 2 - 40"},
            ),
            (
                "h",
                {"byte": 20, "bytelength": 1, "byteorder": "little", "type": "integer"}
                | {"calculation": "val * 10 + 3"},
            ),
        )
    ]


SIGNED = {"signed": True}


@pytest.mark.parametrize("order", ["big", "little"])
def test_the_platform_reads_what_the_layout_packs(order):
    source = (
        f'{IMPORT}; abcl.Format(("a", "int16", 0.1), ("b", "uint8", 0.5, -40), ("c", "float"),'
        f' ("d", "bit", 3), ("e", "bit", 4), ("f", "int64"), order="{order}")'
    )
    (layout,) = abcl_definition.layouts(source, "main.py")
    told = abcl_definition.definition(layout)
    abcl_states.check(told)
    values = {"a": -12.3, "b": 20.5, "c": 1.25, "d": True, "e": False, "f": -(1 << 50)}
    assert abcl_states.read_states(layout.pack(values), told) == pytest.approx(values)


def test_it_is_json_to_be_pasted(tmp_path):
    program = tmp_path / "main.py"
    program.write_text('from allthingstalk.abcl import Format\nF = Format(("größe", "int8"))\n')
    found = printed(program)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["sense"][0]["asset"] == "größe"


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("from allthingstalk import abcl", "abcl.Format"),
        ("from allthingstalk import Client, abcl as a", "a.Format"),
        ("from allthingstalk.abcl import Format", "Format"),
        ("from allthingstalk.abcl import Format as Layout", "Layout"),
        ("from allthingstalk.abcl import *", "Format"),
        ("import allthingstalk.abcl", "allthingstalk.abcl.Format"),
        ("import allthingstalk.abcl as binary", "binary.Format"),
        ("import allthingstalk as att", "att.abcl.Format"),
    ],
)
def test_whatever_the_program_calls_it(imports, name):
    (field,) = definition(f'import time\n{imports}\nLAYOUT = {name}(("a", "uint8"))\n')
    assert field["asset"] == "a"


def test_a_folder_or_nothing_is_told_what_to_name(tmp_path):
    for program in (tmp_path, ""):
        found = printed(program)
        assert found.returncode == 1 and "make abcl MAIN=main.py" in found.stderr


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("print(1)", "has no Format"),
        ("from . import *", "has no Format"),
        ('class Format: pass\nFormat(("a", "int8"))', "has no Format"),
        (f"{IMPORT}; abcl.Format(FIELDS)", "line 1: this layout cannot be read"),
        (f'{IMPORT}; abcl.Format(("a", "word"))', "there is no type"),
        ("abcl.Format(", "line 1: "),
        (None, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, source, words):
    program = tmp_path / "main.py"
    if source is not None:
        program.write_text(source)
    found = printed(program)
    assert found.returncode == 1 and words in found.stderr and "Traceback" not in found.stderr
