"""What goes onto boards: every file of the library compiled, with its path, names and lines."""

import ast
import os
import re
import subprocess

import pytest

from tools.board import wanted_files
from tools.build import board_folder, compiling, engines, library
from tools.image import file_system
from tools.simulate import interpreters

FRAME = re.compile(r'  File "([^"]*)", line (\d+), in (\S+)')
# A token that is no text is refused.
RAISES = """
import sys
import allthingstalk
try:
    allthingstalk.Client(5)
except Exception as e:
    sys.print_exception(e)
"""
# A package with folders, in which a function of the innermost file fails.
NESTED = {
    "__init__.py": "",
    "clients.py": "from .core.session import begin\n\n\ndef connect():\n    begin()\n",
    "core/__init__.py": "",
    "core/session.py": "# a comment\n\n\ndef begin():\n    x = 1\n    return x / 0\n",
}
FAILS = "import sys\nimport allthingstalk.clients as c\ntry:\n    c.connect()\n"
FAILS += "except ZeroDivisionError as e:\n    sys.print_exception(e)\n"


@pytest.fixture(params=["mp32", "mp64"])
def micropython(request):
    """Runs a program with a folder on its path; returns what it prints."""
    try:
        command = interpreters.find(request.param)
    except interpreters.Missing as reason:
        pytest.skip(str(reason))

    def run(program, lib):
        done = subprocess.run(
            [*command, "-c", program],
            env={**os.environ, "MICROPYPATH": f"{lib}{os.pathsep}.frozen"},
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def nested(tmp_path, monkeypatch):
    """A library with folders in place of the real one."""
    for name, source in NESTED.items():
        path = tmp_path / "sources" / "allthingstalk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    monkeypatch.setattr(library, "LIB", tmp_path / "sources")


def functions(path):
    """Return [(name, first line, last line)] of the functions in a file."""
    return [
        (node.name, node.lineno, node.end_lineno)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]


def test_a_traceback_of_the_compiled_library_says_module_line_and_function(micropython, tmp_path):
    board_folder.build(tmp_path)
    said = micropython(RAISES, tmp_path / "lib")
    ours = FRAME.findall(said)[1:]  # after the program's own
    assert ours, said
    sources = {library.module(name): path for name, path in library.sources().items()}
    for module, line, function in ours:
        there = functions(sources[module])
        assert [n for n, first, last in there if n == function and first <= int(line) <= last], said


def test_a_traceback_speaks_of_modules_in_folders(micropython, nested, tmp_path):
    board_folder.put_library(tmp_path / "lib")
    said = micropython(FAILS, tmp_path / "lib")
    assert FRAME.findall(said)[1:] == [
        ("allthingstalk.clients", "5", "connect"),
        ("allthingstalk.core.session", "6", "begin"),
    ]


def test_every_file_is_there_as_mpy_under_its_path(tmp_path):
    board_folder.build(tmp_path)
    expected = library.sources()
    for engine in (engines.UMQTT_NEW, engines.UREQUESTS_NEW):
        expected |= engines.sources(engine)
    lib = tmp_path / "lib"
    made = {path.relative_to(lib).as_posix(): path for path in lib.rglob("*") if path.is_file()}
    assert set(made) == {name.removesuffix(".py") + ".mpy" for name in expected}
    for name in expected:
        assert library.module(name).encode() in made[name.removesuffix(".py") + ".mpy"].read_bytes()


def test_files_in_folders_are_in_the_sources_in_the_content_and_in_an_image(nested, tmp_path):
    board_folder.put_library(tmp_path / "lib", source=True)
    for name, source in NESTED.items():
        assert (tmp_path / "lib" / "allthingstalk" / name).read_text() == source
    files = wanted_files.library.__wrapped__()
    assert set(files) == {f"/lib/allthingstalk/{n.removesuffix('.py')}.mpy" for n in NESTED}
    assert file_system.build(files, 256 * 1024)


def test_a_module_that_does_not_compile_is_told_with_file_and_line(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("x = 1\ndef f(:\n")
    with pytest.raises(compiling.CompileError, match=r'bad.py", line 2\n') as caught:
        compiling.compile_file(bad, tmp_path / "a" / "bad.mpy", "a.bad")
    assert "SyntaxError" in str(caught.value)
