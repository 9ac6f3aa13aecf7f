"""What a firmware build needs, looked for before it starts: what is missing, and what to do.

Nothing is fetched here, nor by the build: upstream's tools would download quietly what they lack
(components of the IDF, picotool), so that is asked for beforehand as well.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

# Submodules of MicroPython that the build of a board with Wi-Fi reads, by port.
SUBMODULES = {
    "esp32": ("lib/berkeley-db-1.xx", "lib/micropython-lib", "lib/tinyusb"),
    "rp2": (
        "lib/btstack",
        "lib/cyw43-driver",
        "lib/lwip",
        "lib/mbedtls",
        "lib/micropython-lib",
        "lib/pico-sdk",
        "lib/tinyusb",
    ),
}
# Programs, by port: name, what to do where it is not there.
PROGRAMS = {
    "esp32": (
        ("make", "apt install make"),
        ("cmake", "apt install cmake"),
        ("idf.py", "install ESP-IDF and run `. IDF/export.sh` in this shell"),
    ),
    "rp2": (
        ("make", "apt install make"),
        ("cmake", "apt install cmake"),
        ("arm-none-eabi-gcc", "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi"),
        ("c++", "apt install g++; the Pico SDK builds a tool of its own with it"),
        ("picotool", "install the picotool of the Pico SDK's version; it writes the .uf2"),
    ),
}


@dataclass(frozen=True)
class Missing:
    """Something that a build lacks: what it is, and what to do about it."""

    what: str
    remedy: str

    def __str__(self):
        return f"{self.what}\n    {self.remedy}"


def tree_version(tree):
    """Return the version of a MicroPython source tree, "1.29.0", None if it is none."""
    try:
        text = (tree / "py" / "mpconfig.h").read_text(encoding="utf-8")
    except OSError:
        return None
    found = dict(re.findall(r"#define MICROPY_VERSION_(\w+)\s+\(?(\d+)\)?", text))
    if not {"MAJOR", "MINOR", "MICRO"} <= found.keys():
        return None
    suffix = "-preview" if found.get("PRERELEASE", "0") != "0" else ""
    return "{MAJOR}.{MINOR}.{MICRO}".format(**found) + suffix


def idf_version(idf):
    """Return the version of an ESP-IDF as (major, minor), None if it does not say one."""
    try:
        text = (idf / "tools" / "cmake" / "version.cmake").read_text(encoding="utf-8")
    except OSError:
        return None
    found = dict(re.findall(r"set\(IDF_VERSION_(MAJOR|MINOR)\s+(\d+)\)", text))
    return (int(found["MAJOR"]), int(found["MINOR"])) if len(found) == 2 else None


def supported_idf(tree):
    """Return the ESP-IDF versions that a tree says it supports, {(major, minor)}; maybe none."""
    try:
        text = (tree / "ports" / "esp32" / "README.md").read_text(encoding="utf-8")
    except OSError:
        return set()
    sentence = re.search(r"MicroPython supports\s+(v\d[^\n]*(?:\n[^\n]+)?)", text)
    numbers = re.findall(r"v(\d+)\.(\d+)", sentence[1]) if sentence else []
    return {(int(major), int(minor)) for major, minor in numbers}


def filled(folder):
    return folder.is_dir() and any(folder.iterdir())


def built_compiler(tree):
    """Return whether the mpy-cross of a tree is built."""
    return (tree / "mpy-cross" / "build" / "mpy-cross").is_file()


def find_tree(board, tree):
    """Yield what is wrong with the source tree itself: without it nothing else can be judged."""
    if tree_version(tree) is None:
        yield Missing(
            f"{tree} is not MicroPython's source tree: it has no version in py/mpconfig.h",
            "give the folder that holds py/, ports/ and lib/: MICROPYTHON=path/to/micropython",
        )
    elif not (tree / "ports" / board.port / "boards" / board.stock).is_dir():
        yield Missing(
            f"{tree} has no ports/{board.port}/boards/{board.stock}, which {board.name} builds on",
            "take a release archive or a clone: some packages leave ports out",
        )


def find_blanks(*paths):
    """Yield the paths that upstream's Makefiles would take for two words."""
    for path in paths:
        if re.search(r"\s", str(path)):
            yield Missing(
                f"{path} has a blank in it, which MicroPython's own build does not take",
                "move it to a folder without one",
            )


def find_version(tree, wanted):
    """Yield that the tree is another release than those the boards are made for."""
    version = tree_version(tree)
    if version not in wanted:
        yield Missing(
            f"this is MicroPython {version}, and the boards are made for {' or '.join(wanted)}",
            f"git checkout v{wanted[0]} there, or go on all the same with --any-version "
            '(make: FIRMWARE_OPTIONS="--any-version")',
        )


def find_submodules(board, tree):
    """Yield the submodules that are not there, with the command that fetches them."""
    lacking = [name for name in SUBMODULES[board.port] if not filled(tree / name)]
    for name in lacking:
        yield Missing(f"{name} is empty", f"git -C {tree} submodule update --init {name}")
    if board.port == "rp2" and "lib/pico-sdk" not in lacking:
        # The README is what the port's Makefile asks for.
        for name in ("README.md", "src"):
            if not (tree / "lib" / "pico-sdk" / name).exists():
                yield Missing(f"lib/pico-sdk is not whole: it has no {name}", "fetch it anew")


def find_tools(board, tree, environ):
    """Yield the programs that are not there, and what belongs to them."""
    for name, remedy in PROGRAMS[board.port]:
        if not shutil.which(name, path=environ.get("PATH", os.defpath)):
            yield Missing(f"there is no {name} on the path", remedy)
    compiler = "MICROPY_MPYCROSS" in environ or built_compiler(tree)
    if not compiler and not shutil.which("gcc", path=environ.get("PATH", os.defpath)):
        yield Missing(
            "mpy-cross is neither built nor can it be: there is no gcc",
            f"apt install gcc, or make -C {tree}/mpy-cross on another machine of this kind",
        )
    if board.port == "esp32":
        yield from find_idf(tree, environ)


def find_idf(tree, environ):
    """Yield what is wrong with the ESP-IDF, and the components that it would download."""
    idf = environ.get("IDF_PATH")
    version = idf_version(Path(idf)) if idf else None
    supported = supported_idf(tree)
    if not idf:
        yield Missing("IDF_PATH is not set", "run `. IDF/export.sh` in this shell")
    elif version is None:
        yield Missing(
            f"IDF_PATH={idf} is no ESP-IDF: it has no tools/cmake/version.cmake",
            "set it by running `. IDF/export.sh` in this shell",
        )
    elif supported and version not in supported:
        known = ", ".join(f"v{major}.{minor}" for major, minor in sorted(supported))
        yield Missing(
            f"ESP-IDF v{version[0]}.{version[1]} is none that this MicroPython supports: {known}",
            "git checkout one of those, ./install.sh and . ./export.sh",
        )
    port = tree / "ports" / "esp32"
    if list(port.glob("main*/idf_component.yml")) and not filled(port / "managed_components"):
        yield Missing(
            "ports/esp32/managed_components is empty: idf.py would download what is to be in it",
            f"with a network, and knowing that: idf.py -C {port} reconfigure",
        )


def find(board, tree, wanted, any_version=False, environ=os.environ):
    """Return all that is missing for a board's firmware, a list of Missing; empty if nothing is.

    - `tree`: MicroPython's source tree; `wanted`: the releases that it may be, the best one first.
    - `any_version`: take another release as well.
    - `environ`: the environment of the build: PATH, IDF_PATH, MICROPY_MPYCROSS.
    """
    problems = list(find_tree(board, tree))
    if not problems:
        if not any_version:
            problems += find_version(tree, wanted)
        problems += find_submodules(board, tree)
    return problems + list(find_blanks(tree, board.folder)) + list(find_tools(board, tree, environ))
