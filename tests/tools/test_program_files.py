"""Which files make up a program, and which of them no board may get."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.board import pc_files, program_files, program_list, wanted_files

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path):
    """Return a function that makes files, {path: text or bytes}, and returns their folder."""
    folder = tmp_path / "my program"  # a blank, as in many a home folder

    def make(files):
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return folder

    return make


def found(main):
    return sorted(program_files.find(main)[0])


def refusal(main):
    with pytest.raises(pc_files.ContentError) as e:
        wanted_files.programs(main=main)
    return str(e.value)


# A file and what it imports


def test_what_main_imports_beside_it_comes_along_and_nothing_else(tree):
    folder = tree(
        {
            "my_main.py": "import time, bme280\nfrom sensors import light\nimport machine\n"
            "def later():\n    import late.part as p\ntry:\n    from fast import go\n"
            "except ImportError:\n    go = None\n__import__('by_name')\nfrom lonely import *\n",
            "bme280.py": "import registers.map\nimport os\n",
            "registers/__init__.py": "",
            "registers/map.py": "from . import bits\nfrom .deep.er import x\nfrom .. import y\n",
            "registers/bits.py": "import my_main\n",
            "registers/unused.py": "",
            "registers/deep/er.py": "from ...bme280 import y\n",
            "sensors/light.py": "from sensors import shared\n",  # without __init__.py
            "sensors/shared.py": "",
            "late/__init__.py": "",
            "late/part.py": "",
            "fast.mpy": b"M\x06\0\x1f",
            "by_name.py": "",
            "lonely.py": "",
            "lib/driver.py": "",
            "unused.py": "import json\n",
            "notes.txt": "import unused\n",
            "machine.py": "a stand-in for the PC",
        }
    )
    expected = ["bme280.py", "by_name.py", "fast.mpy", "late/__init__.py", "late/part.py"]
    expected += ["lonely.py", "main.py", "my_main.py", "registers/__init__.py"]
    expected += ["registers/bits.py", "registers/deep/er.py", "registers/map.py"]
    expected += ["sensors/light.py", "sensors/shared.py"]
    assert found(folder / "my_main.py") == ["/" + name for name in expected]
    files = wanted_files.programs(main=folder / "my_main.py")
    assert files["/main.py"] == files["/my_main.py"] == (folder / "my_main.py").read_bytes()


def test_a_module_in_lib_beside_main_goes_to_lib_but_not_the_library(tree):
    folder = tree(
        {
            "main.py": "import driver, allthingstalk.net\nfrom umqtt import robust, simple\n",
            "lib/driver.py": "import other\n",
            "lib/other.py": "",
            "lib/allthingstalk/__init__.py": "import own\n",
            "lib/allthingstalk/net.py": "",
            "lib/umqtt/simple.py": "",
            "lib/umqtt/robust.py": "",
            "own.py": "",
        }
    )
    expected = ["/lib/driver.py", "/lib/other.py", "/lib/umqtt/robust.py", "/main.py"]
    assert found(folder / "main.py") == expected


def test_examples_are_files_of_their_own():
    for main in sorted((ROOT / "examples").glob("*/main.py")):
        assert program_files.find(main) == ({"/main.py": main}, [])
        assert found(main.parent) == ["/main.py"]


def test_a_package_comes_before_a_module_and_a_source_before_a_compiled_one(tree):
    folder = tree(
        {
            "main.py": "import a, b\n",
            **dict.fromkeys(("a.py", "a/__init__.py", "b.py", "b.mpy", "b/data.txt"), ""),
        }
    )
    assert found(folder / "main.py") == ["/a/__init__.py", "/b.py", "/main.py"]


def test_what_this_python_cannot_read_is_told(tree):
    folder = tree({"main.py": b"\xf0\x9f\x98\x80 = 1\nimport part\n", "part.py": ""})
    files, lines = program_files.find(folder / "main.py")
    assert list(files) == ["/main.py"] and "MAIN=folder/" in lines[0]


def test_a_module_that_does_not_compile_is_named_with_its_line(tree):
    folder = tree({"main.py": "import part\n", "part.py": "x = 1\nmatch x:\n    case 1: pass\n"})
    for main in (folder / "main.py", folder):
        assert f"{folder / 'part.py'}, line 2: MicroPython cannot compile it" in refusal(main)


def test_a_compiled_module_that_no_board_loads_is_refused(tree):
    for head in (b"M\x05\0\x1f", b"C\x06", b"", b"print(1)\n"):
        folder = tree({"main.py": "import fast\n", "fast.mpy": head})
        assert "fast.mpy is no .mpy of version 6" in refusal(folder / "main.py")


def test_another_main_beside_it_cannot_be_main_too(tree):
    folder = tree({"main.py": "", "prog.py": "import main\n"})
    assert "it is main.py itself" in refusal(folder / "prog.py")


# A folder


def test_a_folder_comes_along_with_its_folders_and_data(tree):
    folder = tree(
        {
            **dict.fromkeys(("main.py", "a.py", "pkg/__init__.py", "pkg/deep/b.py"), ""),
            **dict.fromkeys(("www/index.html", "data.json", "lib/driver.py", "größe.txt"), ""),
            **dict.fromkeys(("pkg/settings.json", "lib/umqtt/robust.py", "lib/ssl.py"), ""),
            **dict.fromkeys(("library/allthingstalk/x", "pkg/json.py", "pkg/boot.py"), ""),
            "c.mpy": b"M\x06\0\x1f",
            # What stays.
            **dict.fromkeys(("settings.json", "ca.der", "README.md", "tests/test_a.py"), ""),
            **dict.fromkeys(
                (".git/config", ".env", "__pycache__/a.pyc", "pkg/__pycache__/b.pyc"), ""
            ),
            **dict.fromkeys(("machine.py", "network.py", "pkg/.DS_Store"), ""),
        }
    )
    files, (line,) = program_files.find(folder)
    expected = ["a.py", "c.mpy", "data.json", "größe.txt", "lib/driver.py", "lib/ssl.py"]
    expected += ["lib/umqtt/robust.py", "library/allthingstalk/x", "main.py", "pkg/__init__.py"]
    expected += ["pkg/boot.py", "pkg/deep/b.py", "pkg/json.py", "pkg/settings.json"]
    expected += ["www/index.html"]
    assert sorted(files) == sorted("/" + name for name in expected)
    for name in ("settings.json", "ca.der", ".env", "tests/", "machine.py", "pkg/__pycache__/"):
        assert name in line


def test_a_relative_folder_a_slash_and_a_link_are_read(tree, monkeypatch):
    folder = tree({"main.py": "", "a/b.py": ""})
    (folder / "linked").symlink_to(folder / "a")
    (folder / "a" / "circle").symlink_to(folder)
    assert found(folder) == ["/a/b.py", "/linked/b.py", "/main.py"]
    monkeypatch.chdir(folder)
    assert "/main.py" in found(".") and "/a/b.py" in found("./")
    monkeypatch.chdir(folder.parent)
    assert "/main.py" in found(folder.name + "/")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("boot.py", "the board's own boot.py"),
        ("pins.py", "the board's own pins.py"),
        ("Boot.PY", "the board's own boot.py"),
        ("crashes", "is not the program's"),
        ("deployed.json", "is not the program's"),
        ("allthingstalk/__init__.py", "before the library in /lib/allthingstalk"),
        ("allthingstalk.py", "before the library"),
        ("lib/allthingstalk/net.py", "before the library in /lib/allthingstalk"),
        ("lib/allthingstalk.mpy", "before the library"),
        ("umqtt/simple.py", "the library's engine umqtt"),
        ("umqtt/robust.py", "the library's engine umqtt"),
        ("lib/umqtt/simple.mpy", "the library's engine umqtt"),
        ("lib/umqtt/__init__.py", "the library's engine umqtt"),
        ("lib/umqtt.py", "the library's engine umqtt"),
        ("urequests.py", "the library's engine urequests"),
        ("lib/urequests/__init__.py", "the library's engine urequests"),
        ("requests/__init__.py", "the library's engine requests"),
        ("json.py", "MicroPython's module json"),
        ("time.py", "MicroPython's module time"),
        ("socket/__init__.py", "MicroPython's module socket"),
        ("x" * 252, "251 bytes at most"),
        ("a.new", "for files that are being sent"),
        ("a\nb.txt", "no control characters"),
        ("Main.py", "differ in capitals only"),
        ("www/Index.html", "differ in capitals only"),
        ("WWW/other.html", "differ in capitals only"),
        ("www.py", "MicroPython takes the folder www/"),
    ],
)
def test_a_name_that_a_board_cannot_have_is_refused(tree, name, words):
    files = {"main.py": "", "www/index.html": "x", name: ""}
    if sys.platform == "darwin" and "capitals" in words:
        pytest.skip("this file system does not tell capitals apart")
    said = refusal(tree(files))
    assert words in said and name.split("/")[-1].strip("\n")[:1] in said


def test_what_main_imports_is_refused_by_the_same_rules(tree):
    folder = tree({"main.py": "import pins\n", "pins.py": "LED = 7\n"})
    said = refusal(folder / "main.py")
    assert "the board's own pins.py" in said and "another name" in said
    folder = tree({"main.py": "import urequests\n", "urequests.py": ""})
    assert "the library's engine urequests" in refusal(folder / "main.py")


def test_a_folder_without_main_or_of_enormous_size_is_refused(tree):
    folder = tree({"start.py": ""})
    assert "has no main.py" in refusal(folder)
    folder = tree({"Main.py": ""})
    if not (folder / "main.py").exists():
        assert "rename Main.py" in refusal(folder)
    folder = tree({"main.py": ""})
    with open(folder / "film", "wb") as file:
        file.truncate(17 << 20)
    (folder / "Main.py").unlink()
    assert "no board has room for" in refusal(folder)


def test_names_that_are_no_utf_8_are_refused_where_they_would_be_sent(tree):
    folder = tree({"main.py": ""})
    try:
        Path(os.fsdecode(bytes(folder) + b"/.\xff")).touch()
    except OSError:
        pytest.skip("this file system has no such names")
    (line,) = program_files.find(folder)[1]
    assert line.encode() == b"stays here: .\\udcff"
    Path(os.fsdecode(bytes(folder) + b"/\xff.txt")).touch()
    assert "is no UTF-8" in refusal(folder)


def test_what_is_no_file_is_refused(tree):
    folder = tree({"main.py": ""})
    os.mkfifo(folder / "pipe")
    assert "pipe" in refusal(folder)
    (folder / "pipe").unlink()
    (folder / "gone").symlink_to(folder / "nowhere")
    assert "gone cannot be read" in refusal(folder)


def test_the_tools_name_the_file_and_touch_no_board(tree):
    folder = tree({"main.py": b"\xef\xbb\xbfprint(1)\n"})
    command = [sys.executable, "-m", "tools.board.deploy", "--port", "socket://127.0.0.1:1"]
    for main in (folder, folder / "main.py"):
        done = subprocess.run(
            [*command, "--main", main], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        said = done.stdout + done.stderr
        assert done.returncode == 1 and "Traceback" not in said
        assert f"deploy: {folder / 'main.py'}, line 1" in said and "without BOM" in said


def test_the_list_of_an_image_names_the_programs_files(tree):
    folder = tree({"main.py": "", "größe.txt": "\U0001f600", "a/b.py": ""})
    files = wanted_files.programs(main=folder)
    listed = json.loads(program_list.file(files)["/deployed.json"])
    assert sorted(listed) == ["/a/b.py", "/größe.txt"]
    assert program_list.file(wanted_files.programs()) == {}
