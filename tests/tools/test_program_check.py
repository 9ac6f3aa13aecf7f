"""A program that MicroPython cannot compile is refused, with file and line, and no other one."""

import subprocess

import pytest

from tools.board import pc_files, program_check
from tools.simulate import interpreters


def refused(source, arch=None):
    """Return why a source is refused, None if it is not."""
    source = source.encode() if isinstance(source, str) else source
    try:
        program_check.check("prog.py", source, arch)
    except pc_files.ContentError as e:
        return str(e)
    return None


# What CPython 3.12 knows and MicroPython does not, and what neither does: line, words.
WRONG = {
    "match": ("x = 1\nmatch x:\n    case 1:\n        pass\n", 2, "MicroPython does not have"),
    "except*": ("try:\n    pass\nexcept* ValueError:\n    pass\n", 3, "MicroPython"),
    "type parameters": ("def f[T](x):\n    return x\n", 1, "mpy-cross says: SyntaxError"),
    "positional only": ("def f(a, /, b):\n    pass\n", 1, "MicroPython does not have"),
    "with in brackets": ("with (open('a') as f, open('b') as g):\n    pass\n", 1, "MicroPython"),
    "async comprehension": ("async def f():\n    return [x async for x in y]\n", 2, "MicroPython"),
    "decorator": ("\n@a.b[0]\ndef f():\n    pass\n", 2, "MicroPython"),
    "print of Python 2": ('x = 1\n\nprint "x"\n', 3, "Missing parentheses"),
    "no end": ("a = 'x\n", 1, "unterminated"),
    "indent": ("def f():\n    return 1\n  x = 2\n", None, "does not match any outer"),
    "return": ("x = 1\nreturn x\n", 2, "outside function"),
}


@pytest.mark.parametrize("what", WRONG)
def test_syntax_that_micropython_lacks_is_told_with_its_line(what):
    source, line, words = WRONG[what]
    said = refused(source)
    assert said and words in said, said
    assert said.startswith(f"prog.py, line {line}: " if line else "prog.py, line "), said
    if line:
        assert source.splitlines()[line - 1].strip() in said


ENCODED = {
    "BOM": (b"\xef\xbb\xbfprint(1)\n", "line 1", "UTF-8 without BOM"),
    "UTF-16": ("\ufeffprint(1)\n".encode("utf-16-le"), "", "UTF-16"),
    "UTF-16, no BOM": ("print(1)\n".encode("utf-16-le"), "line 1", "UTF-16 perhaps"),
    "NUL": (b"x = 1\nprint(x)\0\n", "line 2", "NUL bytes"),
    "Latin-1": (b"# -*- coding: latin-1 -*-\n\nprint('B\xfcro')\n", "line 3", "0xfc is no UTF-8"),
    "Latin-1, long text": (b"'''a\nb\nB\xfcro'''\n", "line 3", "0xfc is no UTF-8"),
    "curly quotes": ("x = 1\nprint(“hi”)\n".encode(), "line 2", "type it anew"),
    "blank of a web page": ("x = 1\n\u00a0y = 2\n".encode(), "line 2", "U+00A0"),
    "BOM in the midst": ("x = 1\n\ufeffy = 2\n".encode(), "line 2", "U+FEFF"),
}


@pytest.mark.parametrize("what", ENCODED)
def test_what_is_no_plain_utf_8_is_told_with_the_remedy(what):
    source, place, words = ENCODED[what]
    said = refused(source)
    assert said and place in said and words in said, said
    assert said.isprintable() or "\n" in said


# All of it runs on MicroPython, the last ones unlike CPython.
RIGHT = {
    "empty": b"",
    "CRLF": b"x = 1\r\nif x:\r\n    print(x)\r\n",
    "CR": b"x = 1\rif x:\r    print(x)\r",
    "no line end": b"x = 1",
    "walrus": b"if (n := 3):\n    print(n)\n",
    "nested f-string": b"d = {'a': 1}\nprint(f'{d[\"a\"]:>4} {d!r}')\n",
    "quotes in an f-string": b'd = {"a": 1}\nprint(f"{d["a"]}")\n',
    "names": "größe = 1\nprint(größe, '“日本”', '\u00a0')\n".encode(),
    "types": b"x: int = 1\ndef f(a: 'int | None' = None, *, b) -> str: pass\n",
    "Latin-1 in a comment": b"# caf\xe9\nx = 1  # \xfc\n",
    "byte of a bytes": b"x = b'\xfc'\n",
    "NUL in a comment": b"# a\0b\nx = 1\n",
    "tabs and blanks": b"if 1:\n\tx = 1\n        y = 2\n",
    "escapes that Python warns of": b"x = '\\d'\nassert (1, 'x')\n",
    "a name that Python refuses": "\U0001f600 = 1\nprint(\U0001f600)\n".encode(),
}


@pytest.mark.parametrize("what", RIGHT)
def test_what_micropython_takes_is_not_refused(what, tmp_path, recwarn):
    assert refused(RIGHT[what]) is None
    assert not recwarn.list
    path = tmp_path / "prog.py"
    path.write_bytes(RIGHT[what])
    for name in ("mp64", "mp32"):
        try:
            command = interpreters.find(name)
        except interpreters.Missing as reason:
            pytest.skip(str(reason))
        done = subprocess.run([*command, path], capture_output=True, timeout=20)
        assert done.returncode == 0, (name, done.stdout + done.stderr)


NATIVE = "import micropython\n@micropython.native\ndef f():\n    return 1\n"
THUMB = "import micropython\n@micropython.asm_thumb\ndef f():\n    mov(r0, 1)\n"


def test_machine_code_is_compiled_for_the_boards_chip():
    for arch in ("armv6m", "armv7emsp", "xtensawin", "rv32imc"):
        assert refused(NATIVE, arch) is None
        assert bool(refused(THUMB, arch)) == (not arch.startswith("arm"))
    # Which board it is, is known only when it has been looked at.
    assert refused(NATIVE) is None and refused(THUMB) is None
    assert "line 3" in refused(THUMB, "xtensawin")  # the function that it stands in
